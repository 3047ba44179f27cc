// Angle of a point: d/dy = x / (x^2 + y^2), d/dx = -y / (x^2 + y^2). Squares of large or small
// coordinates leave the range of floats, so both are divided by the larger one first.
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
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t)
    {
        // The quotient is the same for every scale, so no derivative flows through the scale.
        Tensor scale = Tensor.Maximum(x[0].Abs(), x[1].Abs()).StopGradient();
        scale = Tensor.Where((scale > 0) & (scale < double.PositiveInfinity), scale, 1);
        Tensor a = x[0] / scale, b = x[1] / scale;
        return t * ((i == 0 ? b : -a) / (a.Square() + b.Square()) / scale);
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Angle of the points (x, y) in radians, in (-pi, pi], element by element, with broadcasting.
    /// </summary>
    public static Tensor Atan2(Tensor y, Tensor x) => Apply(new Atan2(), y, x);
}
