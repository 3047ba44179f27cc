// Power. The derivative by the exponent is zero where the base is zero (the limit for positive
// exponents), and the derivative by the base is zero at 0^0: no 0 * infinity.
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
    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t)
    {
        if (i == 0)
        {
            // y x^(y-1) is NaN at 0^0 alone. Masking it elsewhere would cut higher derivatives.
            Tensor corner = x[0].EqualTo(0) & x[1].EqualTo(0);
            return t * x[1] * Tensor.Where(corner, 1, x[0]).Pow(x[1] - 1);
        }
        Tensor zero = x[0].EqualTo(0);
        return t * Tensor.Where(zero, 0, y * Tensor.Where(zero, 1, x[0]).Log());
    }
}

public sealed partial class Tensor
{
    /// <summary>This to a power, element by element, with broadcasting.</summary>
    public Tensor Pow(Tensor exponent) => Apply(new Pow(), this, exponent);

    /// <summary>This to a power; 2 is <see cref="Square"/>, exact and cheaper.</summary>
    public Tensor Pow(double exponent) =>
        exponent == 2 ? Square() : Pow(Like("Pow", exponent));
}
