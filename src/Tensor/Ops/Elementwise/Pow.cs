// Power. The derivative by the exponent is zero where the base is zero (the limit for positive
// exponents), and the derivative by the base is zero where the exponent is zero: no 0 * infinity.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>x to the power of y, with the special cases of IEEE 754.</summary>
public readonly struct PowOp : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> => LaneMath.Pow(x, y);
}

internal sealed record Pow : Binary<PowOp>
{
    internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t)
    {
        if (i == 0)
            return t * Tensor.Where(
                x[1].EqualTo(0), 0, x[1] * x[0].Pow(Tensor.Where(x[1].EqualTo(0), 1, x[1] - 1)));
        Tensor zero = x[0].EqualTo(0);
        return t * Tensor.Where(zero, 0, y * Tensor.Where(zero, 1, x[0]).Log());
    }
}

public sealed partial class Tensor
{
    /// <summary>This to a power, element by element, with broadcasting.</summary>
    public Tensor Pow(Tensor exponent)
    {
        Errors.Float("Pow", this);
        return Arithmetic(new Pow(), this, exponent);
    }

    /// <summary>This to a power; 2 is <see cref="Square"/>, exact and cheaper.</summary>
    public Tensor Pow(double exponent) =>
        exponent == 2 ? Square() : Pow(Like("Pow", exponent));
}
