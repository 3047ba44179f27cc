// Comparisons and masks. Results are bool tensors, through which no derivative flows.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>x == y.</summary>
public readonly struct EqualOp : ICompareOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.Equal(x, y);
}

/// <summary>x &lt; y.</summary>
public readonly struct LessOp : ICompareOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Less;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.Less(x, y);
}

/// <summary>x &lt;= y.</summary>
public readonly struct LessOrEqualOp : ICompareOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.LessOrEqual(x, y);
}

/// <summary>x and y, on masks.</summary>
public readonly struct AndOp : IMaskOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x & y;
}

/// <summary>x or y, on masks.</summary>
public readonly struct OrOp : IMaskOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x | y;
}

/// <summary>not x, on masks.</summary>
public readonly struct NotOp : IMaskOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => ~x;
}

/// <summary>An element-wise operation that gives a mask.</summary>
public abstract record Predicate : Elementwise
{
    /// <inheritdoc/>
    protected internal sealed override bool IsCheap => true;

    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, DType.Bool);

    /// <inheritdoc/>
    protected internal sealed override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => null;
}

/// <summary>A comparison; the body is <typeparamref name="TOp"/>.</summary>
public abstract record Comparison<TOp> : Predicate where TOp : struct, ICompareOp
{
    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Compare<TOp>(input);
}

/// <summary>A mask from masks; the body is <typeparamref name="TOp"/>.</summary>
public abstract record MaskLogic<TOp> : Predicate where TOp : struct, IMaskOp
{
    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Mask<TOp>(RegisterType.Mask32);
}

internal sealed record Equal : Comparison<EqualOp>;

internal sealed record Less : Comparison<LessOp>;

internal sealed record LessOrEqual : Comparison<LessOrEqualOp>;

internal sealed record And : MaskLogic<AndOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0] == x[1] ? Rewrite.ToInOrder(x[0]) : default;
}

internal sealed record Or : MaskLogic<OrOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0] == x[1] ? Rewrite.ToInOrder(x[0]) : default;
}

internal sealed record Not : MaskLogic<NotOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].Primitive is Not ? Rewrite.ToInOrder(x[0].Inputs[0]) : default;
}

public sealed partial class Tensor
{
    /// <summary>Mask of equal elements, with broadcasting (== compares references).</summary>
    public Tensor EqualTo(Tensor other) =>
        DType == DType.Bool && other.DType == DType.Bool
            ? !Exclusive(this, other)
            : Arithmetic(new Equal(), this, other);

    /// <summary>Mask of elements equal to a number.</summary>
    public Tensor EqualTo(double other) => EqualTo(Like("Equal", other));

    /// <inheritdoc cref="EqualTo(double)"/>
    public Tensor EqualTo(long other) => EqualTo(Like("Equal", other));

    /// <summary>Mask of different elements, with broadcasting.</summary>
    public Tensor NotEqualTo(Tensor other) => !EqualTo(other);

    /// <summary>Mask of elements different from a number.</summary>
    public Tensor NotEqualTo(double other) => !EqualTo(other);

    /// <inheritdoc cref="NotEqualTo(double)"/>
    public Tensor NotEqualTo(long other) => !EqualTo(other);

    /// <summary>Mask of a &lt; b, with broadcasting.</summary>
    public static Tensor operator <(Tensor a, Tensor b) => Arithmetic(new Less(), a, b);

    /// <summary>Mask of a &gt; b, with broadcasting.</summary>
    public static Tensor operator >(Tensor a, Tensor b) => Arithmetic(new Less(), b, a);

    /// <summary>Mask of a &lt;= b, with broadcasting.</summary>
    public static Tensor operator <=(Tensor a, Tensor b) => Arithmetic(new LessOrEqual(), a, b);

    /// <summary>Mask of a &gt;= b, with broadcasting.</summary>
    public static Tensor operator >=(Tensor a, Tensor b) => Arithmetic(new LessOrEqual(), b, a);

    /// <summary>Mask of a &lt; b.</summary>
    public static Tensor operator <(Tensor a, double b) => a < a.Like("Less", b);

    /// <inheritdoc cref="op_LessThan(Tensor, double)"/>
    public static Tensor operator <(Tensor a, long b) => a < a.Like("Less", b);

    /// <summary>Mask of a &gt; b.</summary>
    public static Tensor operator >(Tensor a, double b) => a > a.Like("Less", b);

    /// <inheritdoc cref="op_GreaterThan(Tensor, double)"/>
    public static Tensor operator >(Tensor a, long b) => a > a.Like("Less", b);

    /// <summary>Mask of a &lt;= b.</summary>
    public static Tensor operator <=(Tensor a, double b) => a <= a.Like("LessOrEqual", b);

    /// <inheritdoc cref="op_LessThanOrEqual(Tensor, double)"/>
    public static Tensor operator <=(Tensor a, long b) => a <= a.Like("LessOrEqual", b);

    /// <summary>Mask of a &gt;= b.</summary>
    public static Tensor operator >=(Tensor a, double b) => a >= a.Like("LessOrEqual", b);

    /// <inheritdoc cref="op_GreaterThanOrEqual(Tensor, double)"/>
    public static Tensor operator >=(Tensor a, long b) => a >= a.Like("LessOrEqual", b);

    /// <summary>Both, of two masks.</summary>
    public static Tensor operator &(Tensor a, Tensor b) => Logic(new And(), a, b);

    /// <summary>Either, of two masks.</summary>
    public static Tensor operator |(Tensor a, Tensor b) => Logic(new Or(), a, b);

    /// <summary>The opposite of a mask.</summary>
    public static Tensor operator !(Tensor x)
    {
        Errors.Bool("Not", x);
        return Apply(new Not(), x);
    }

    /// <summary>Mask of the elements that are NaN; all false for integers.</summary>
    public Tensor IsNaN()
    {
        Errors.Number("IsNaN", this);
        return NotEqualTo(this);
    }

    /// <summary>Mask of the elements that are finite; all true for integers.</summary>
    public Tensor IsFinite()
    {
        Errors.Number("IsFinite", this);
        return DType.IsFloat()
            ? Abs() < double.PositiveInfinity
            : Full(Shape, 1, DType.Bool);
    }

    private static Tensor Exclusive(Tensor a, Tensor b) => (a & !b) | (!a & b);

    private static Tensor Logic(Primitive primitive, Tensor a, Tensor b)
    {
        Errors.Bool(primitive.Name, a);
        Errors.Bool(primitive.Name, b);
        return Broadcast(primitive, a, b);
    }
}
