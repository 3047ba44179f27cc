// Larger and smaller of two. Where both are equal the derivative is shared half and half, as in
// PyTorch and JAX, so that the gradient does not depend on the order of the operands.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>max(x, y); NaN if either is NaN.</summary>
public readonly struct MaximumOp : INumberBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.Max(x, y);
}

/// <summary>min(x, y); NaN if either is NaN.</summary>
public readonly struct MinimumOp : INumberBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.Min(x, y);
}

internal sealed record Maximum : NumberBinary<MaximumOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0] == x[1] ? Rewrite.ToInOrder(x[0]) : default;

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        Tensor.Where(x[i] > x[1 - i], t, Tensor.Where(x[i].EqualTo(x[1 - i]), 0.5 * t, 0));
}

internal sealed record Minimum : NumberBinary<MinimumOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0] == x[1] ? Rewrite.ToInOrder(x[0]) : default;

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        Tensor.Where(x[i] < x[1 - i], t, Tensor.Where(x[i].EqualTo(x[1 - i]), 0.5 * t, 0));
}

public sealed partial class Tensor
{
    /// <summary>
    /// The larger of two, element by element, with broadcasting; NaN if either is NaN.
    /// </summary>
    public static Tensor Maximum(Tensor a, Tensor b) => Apply(new Maximum(), a, b);

    /// <summary>The larger of each element and a number.</summary>
    public static Tensor Maximum(Tensor a, double b) => Maximum(a, a.Like("Maximum", b));

    /// <inheritdoc cref="Maximum(Tensor, double)"/>
    public static Tensor Maximum(Tensor a, long b) => Maximum(a, a.Like("Maximum", b));

    /// <summary>
    /// The smaller of two, element by element, with broadcasting; NaN if either is NaN.
    /// </summary>
    public static Tensor Minimum(Tensor a, Tensor b) => Apply(new Minimum(), a, b);

    /// <summary>The smaller of each element and a number.</summary>
    public static Tensor Minimum(Tensor a, double b) => Minimum(a, a.Like("Minimum", b));

    /// <inheritdoc cref="Minimum(Tensor, double)"/>
    public static Tensor Minimum(Tensor a, long b) => Minimum(a, a.Like("Minimum", b));
}
