// Primitives without arithmetic: constants, counters, stand-ins for tensors under a transform.
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>A scalar constant, kept by its bits (0.0 and -0.0 differ).</summary>
internal sealed record Constant(DType Type, long Bits) : ConstantPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => ([], Type);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this).Insert(0, size);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Fill(node, Bits);

    /// <summary>The value as a double (exact for all but large int64).</summary>
    public double Value => Type switch
    {
        DType.Float32 => BitConverter.Int32BitsToSingle((int)Bits),
        DType.Float64 => BitConverter.Int64BitsToDouble(Bits),
        _ => Bits,
    };

    /// <summary>
    /// The bits of a value in a dtype; a fraction does not become an integer silently.
    /// </summary>
    public static long ToBits(string op, double value, DType type)
    {
        switch (type)
        {
            case DType.Float32: return (uint)BitConverter.SingleToInt32Bits((float)value);
            case DType.Float64: return BitConverter.DoubleToInt64Bits(value);
        }
        (double low, double high) = type switch
        {
            DType.Int32 => (int.MinValue, int.MaxValue),
            // The largest double below 2^63: as a double, long.MaxValue is 2^63 itself.
            DType.Int64 => (long.MinValue, Math.BitDecrement(-(double)long.MinValue)),
            _ => (0, 1),
        };
        if (value != Math.Floor(value) || value < low || value > high)
            throw NoValue(op, $"{value:R}", type);
        return (long)value;
    }

    /// <summary>
    /// The bits of a whole number in a dtype; in floats those of the double it converts to.
    /// </summary>
    public static long ToBits(string op, long value, DType type)
    {
        if (type.IsFloat()) return ToBits(op, (double)value, type);
        (long low, long high) = type switch
        {
            DType.Int32 => (int.MinValue, int.MaxValue),
            DType.Int64 => (long.MinValue, long.MaxValue),
            _ => (0, 1),
        };
        if (value < low || value > high) throw NoValue(op, $"{value}", type);
        return value;
    }

    private static EngineException NoValue(string op, string value, DType type) => Errors.Fail(
        op, $"the scalar {value} has no {type.Name()} value. Cast the tensor to float32 first.");
}

/// <summary>The gradient of a leaf that nothing is differentiated by: zeros.</summary>
internal sealed record SymbolicZero(Shape Shape, DType Type) : ConstantPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (Shape, Type);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(new SymbolicZero(Shape.Insert(0, size), Type));

    internal override void Lower(Lowering plan, PlanNode node) => plan.Fill(node, 0);
}

/// <summary>0, 1, ..., n-1 as int64.</summary>
internal sealed record Iota(int Length) : ConstantPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (Length, DType.Int64);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this).Insert(0, size);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Upload(node, Bytes);

    // The host makes the numbers: they are few, and needed once.
    private byte[] Bytes()
    {
        var numbers = new long[Length];
        for (int i = 0; i < Length; i++) numbers[i] = i;
        return MemoryMarshal.AsBytes<long>(numbers).ToArray();
    }
}

/// <summary>The same value under a new identity: what a transform differentiates by.</summary>
internal sealed record Alias : LinearPrimitive
{
    internal override Index? AliasOf => 0;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => g;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Batched(x[0], batched[0], size);

    internal override void Lower(Lowering plan, PlanNode node) => plan.SameAs(node, node.Inputs[0]);
}

/// <summary>The same value, through which no derivative flows.</summary>
internal sealed record StopGradientPrimitive : ConstantPrimitive
{
    internal override string Name => "StopGradient";

    internal override Index? AliasOf => 0;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, Batched(x[0], batched[0], size));

    internal override void Lower(Lowering plan, PlanNode node) => plan.SameAs(node, node.Inputs[0]);
}

/// <summary>An argument whose value is not known while a transform traces a function.</summary>
internal sealed record Placeholder(string Transform, bool OfLoop) : ConstantPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        throw new InvalidOperationException("a placeholder is made with its shape");

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        throw new InvalidOperationException("a placeholder is replaced, not batched");

    internal override void Lower(Lowering plan, PlanNode node) => throw Errors.Fail(Transform,
        $"the value of a {node.DType.Name()} {node.Shape} placeholder was asked for "
        + (node.Tensor.Traced
            ? "while the function was traced. Use Where instead of branching on values."
            : "after the function had been traced: it left the function. Return what you need. "
                + "A rule of CustomRule takes it in its argument."));
}

/// <summary>A state that a compiled step has consumed: its memory holds other values now.</summary>
internal sealed record Donated(Shape Shape, DType Type, string Step) : ConstantPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (Shape, Type);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        throw new InvalidOperationException("a donated value has no inputs");

    internal override void Lower(Lowering plan, PlanNode node) => throw Errors.Fail(Step,
        $"the old state's {Type.Name()} {Shape} was asked for after the step reused its memory. "
        + "Use the state that the step returned, or give the step a copy: state.Copy().");
}

public sealed partial class Tensor
{
    /// <summary>
    /// The same values, through which no derivative flows: d/dx is zero at every order.
    /// </summary>
    public Tensor StopGradient() =>
        IsSymbolicZero ? this : Apply(new StopGradientPrimitive(), this);
}
