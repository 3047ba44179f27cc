// Angle of a point: d/dy = x / (x^2 + y^2), d/dx = -y / (x^2 + y^2).
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>Angle of the point whose ordinate is x and whose abscissa is y.</summary>
public readonly struct Atan2Op : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> => LaneMath.Atan2(x, y);
}

internal sealed record Atan2 : Binary<Atan2Op>
{
    internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t)
    {
        Tensor other = i == 0 ? x[1] : -x[0];
        return t * other / (x[0].Square() + x[1].Square());
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Angle of the points (x, y) in radians, in (-pi, pi], element by element, with broadcasting.
    /// </summary>
    public static Tensor Atan2(Tensor y, Tensor x)
    {
        Errors.Float("Atan2", y);
        return Arithmetic(new Atan2(), y, x);
    }
}
