// Sum, difference, product, quotient, negation: bodies, rules, operators. Operands broadcast; mixed
// dtypes are an error; C# numbers take the tensor's dtype. Whole numbers have overloads with long,
// since a double cannot hold all of them.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>x + y.</summary>
public readonly struct AddOp : INumberBinaryOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Sum;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x + y;
}

/// <summary>x - y.</summary>
public readonly struct SubOp : INumberBinaryOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Difference;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x - y;
}

/// <summary>x y.</summary>
public readonly struct MulOp : INumberBinaryOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Product;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x * y;
}

/// <summary>x / y.</summary>
public readonly struct DivOp : IBinaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> => x / y;
}

/// <summary>-x.</summary>
public readonly struct NegOp : INumberUnaryOp
{
    /// <inheritdoc/>
    public static AffineRole Affine => AffineRole.Negation;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, ILanes<V> => -x;
}

internal sealed record Add : NumberBinary<AddOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[1].Primitive is Neg ? Rewrite.To(new Sub(), x[0], x[1].Inputs[0])
        : x[0].Primitive is Neg ? Rewrite.To(new Sub(), x[1], x[0].Inputs[0]) : default;

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => t;
}

internal sealed record Sub : NumberBinary<SubOp>
{
    // x - 0 is x; but x + 0 is not, where x is -0.
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[1].Constant is { Value: 0 } zero && !double.IsNegative(zero.Value)
            && Rewrite.ToInOrder(x[0]) is { Existing: not null } same ? same
        : x[1].Primitive is Neg ? Rewrite.To(new Add(), x[0], x[1].Inputs[0]) : default;

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        i == 0 ? t : -t;
}

internal sealed record Mul : NumberBinary<MulOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].Constant is { Value: 1 } ? Rewrite.ToInOrder(x[1])
        : x[1].Constant is { Value: 1 } ? Rewrite.ToInOrder(x[0])
        : Neg.OfBoth(this, x);

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        t * x[1 - i];
}

internal sealed record Div : Binary<DivOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[1].Constant is { Value: 1 } ? Rewrite.ToInOrder(x[0]) : Neg.OfBoth(this, x);

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) =>
        i == 0 ? t / x[1] : -(t / x[1] * y);
}

internal sealed record Neg : NumberUnary<NegOp>
{
    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].Primitive is Neg ? Rewrite.ToInOrder(x[0].Inputs[0]) : default;

    /// <summary>Two signs cancel in a product or quotient.</summary>
    public static Rewrite OfBoth(Primitive operation, PlanNode[] x) =>
        x[0].Primitive is Neg && x[1].Primitive is Neg
            ? Rewrite.To(operation, x[0].Inputs[0], x[1].Inputs[0]) : default;

    protected internal override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => -t;
}

public sealed partial class Tensor
{
    /// <summary>Sum, element by element, with broadcasting.</summary>
    public static Tensor operator +(Tensor a, Tensor b) => Apply(new Add(), a, b);

    /// <summary>Difference, element by element, with broadcasting.</summary>
    public static Tensor operator -(Tensor a, Tensor b) => Apply(new Sub(), a, b);

    /// <summary>Product, element by element, with broadcasting.</summary>
    public static Tensor operator *(Tensor a, Tensor b)
    {
        // Multiplying by exactly one changes no bit; cotangents begin as ones.
        if (a.IsOne && a.DType == b.DType && a.Shape == b.Shape) return b;
        if (b.IsOne && a.DType == b.DType && a.Shape == b.Shape) return a;
        return Apply(new Mul(), a, b);
    }

    /// <summary>Quotient of floats, element by element, with broadcasting.</summary>
    public static Tensor operator /(Tensor a, Tensor b) => Apply(new Div(), a, b);

    /// <summary>Negation, element by element.</summary>
    public static Tensor operator -(Tensor x) => Apply(new Neg(), x);

    /// <summary>-x, element by element: the operator as a method.</summary>
    public Tensor Neg() => -this;

    /// <summary>1 / x, element by element; infinite at zero.</summary>
    public Tensor Reciprocal()
    {
        Errors.Float("Reciprocal", this);
        return 1 / this;
    }

    /// <summary>Sum with a number.</summary>
    public static Tensor operator +(Tensor a, double b) => a + a.Like("Add", b);

    /// <inheritdoc cref="op_Addition(Tensor, double)"/>
    public static Tensor operator +(double a, Tensor b) => b.Like("Add", a) + b;

    /// <inheritdoc cref="op_Addition(Tensor, double)"/>
    public static Tensor operator +(Tensor a, long b) => a + a.Like("Add", b);

    /// <inheritdoc cref="op_Addition(Tensor, double)"/>
    public static Tensor operator +(long a, Tensor b) => b.Like("Add", a) + b;

    /// <summary>Difference with a number.</summary>
    public static Tensor operator -(Tensor a, double b) => a - a.Like("Sub", b);

    /// <inheritdoc cref="op_Subtraction(Tensor, double)"/>
    public static Tensor operator -(double a, Tensor b) => b.Like("Sub", a) - b;

    /// <inheritdoc cref="op_Subtraction(Tensor, double)"/>
    public static Tensor operator -(Tensor a, long b) => a - a.Like("Sub", b);

    /// <inheritdoc cref="op_Subtraction(Tensor, double)"/>
    public static Tensor operator -(long a, Tensor b) => b.Like("Sub", a) - b;

    /// <summary>Product with a number.</summary>
    public static Tensor operator *(Tensor a, double b) => a * a.Like("Mul", b);

    /// <inheritdoc cref="op_Multiply(Tensor, double)"/>
    public static Tensor operator *(double a, Tensor b) => b.Like("Mul", a) * b;

    /// <inheritdoc cref="op_Multiply(Tensor, double)"/>
    public static Tensor operator *(Tensor a, long b) => a * a.Like("Mul", b);

    /// <inheritdoc cref="op_Multiply(Tensor, double)"/>
    public static Tensor operator *(long a, Tensor b) => b.Like("Mul", a) * b;

    /// <summary>Quotient with a number.</summary>
    public static Tensor operator /(Tensor a, double b) => a / a.Like("Div", b);

    /// <inheritdoc cref="op_Division(Tensor, double)"/>
    public static Tensor operator /(double a, Tensor b) => b.Like("Div", a) / b;

    /// <summary>Whether every element is the constant one.</summary>
    private bool IsOne => ConstantValue is 1.0;

    /// <summary>
    /// The value every element has by construction; null where that is not known.
    /// </summary>
    internal double? ConstantValue
    {
        get
        {
            Tensor x = this;
            while (x.state.Primitive is Engine.BroadcastTo or Engine.Reshape) x = x.state.Inputs[0];
            return x.state.Primitive is Constant c ? c.Value : null;
        }
    }

    private static Tensor Arithmetic(Primitive primitive, Tensor a, Tensor b)
    {
        Errors.Number(primitive.Name, a);
        Errors.Number(primitive.Name, b);
        return Broadcast(primitive, a, b);
    }

    /// <summary>
    /// A number in this tensor's dtype and shape (no memory: a repeated constant).
    /// </summary>
    internal Tensor Like(string op, double value) =>
        Apply(new Constant(DType, Constant.ToBits(op, value, DType))).ExpandTo(Shape);

    /// <inheritdoc cref="Like(string, double)"/>
    internal Tensor Like(string op, long value) =>
        Apply(new Constant(DType, Constant.ToBits(op, value, DType))).ExpandTo(Shape);
}
