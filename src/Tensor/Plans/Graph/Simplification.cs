// Identities between operations that change no bit of any result: constants are computed, views of
// views become one view, operations that do nothing disappear. How a product's operand lies decides
// the order of its sums, so nothing here moves an operand from where it would otherwise lie.
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>What an operation on known nodes can be replaced by.</summary>
internal static class Simplification
{
    /// <summary>The node that the operation's result equals, or null.</summary>
    public static PlanNode? Existing(Tensor tensor, Primitive primitive, PlanNode[] x) =>
        primitive switch
        {
            Reshape or BroadcastTo when x[0].Shape == tensor.Shape => x[0],
            Transpose t when IsIdentity(t.Permutation) => x[0],
            Cast when x[0].DType == tensor.DType => InOrder(x[0]),
            Neg when x[0].Primitive is Neg => InOrder(x[0].Inputs[0]),
            Not when x[0].Primitive is Not => InOrder(x[0].Inputs[0]),
            Mul when Value(x[0]) == 1 => InOrder(x[1]),
            Mul or Div when Value(x[1]) == 1 => InOrder(x[0]),
            // Not so for sums: -0 + 0 is 0.
            Sub when IsPositiveZero(x[1]) => InOrder(x[0]),
            Select when x[1] == x[2] => InOrder(x[1]),
            Select when Value(x[0]) is { } mask => InOrder(mask != 0 ? x[1] : x[2]),
            Maximum or Minimum or And or Or when x[0] == x[1] => InOrder(x[0]),
            _ => null,
        };

    /// <summary>
    /// The node, if it lies in order as the result of an element-wise operation does; of a view
    /// the operation stays.
    /// </summary>
    private static PlanNode? InOrder(PlanNode node) => IsInOrder(node) ? node : null;

    private static bool IsInOrder(PlanNode node)
    {
        while (node.Primitive is Reshape or Barrier or { AliasOf: not null }) node = node.Inputs[0];
        return node.Primitive is not ViewPrimitive || FusedGroup.IsConstant(node);
    }

    /// <summary>The operation itself, or an equal one on inputs nearer to the parameters.</summary>
    public static (Primitive Primitive, PlanNode[] Inputs) Shorter(
        Tensor tensor, Primitive primitive, PlanNode[] x)
    {
        if (primitive is Elementwise && Array.TrueForAll(x, FusedGroup.IsConstant))
            return (Computed(tensor.DType, primitive, x), []);
        return (primitive, x[0].Primitive, x.Length > 1 ? x[1].Primitive : null) switch
        {
            (Reshape, Reshape, _) when IsInOrder(x[0]) => (primitive, x[0].Inputs),
            (BroadcastTo, BroadcastTo, _) => (primitive, x[0].Inputs),
            (Transpose t, Transpose first, _) => (After(first, t), x[0].Inputs),
            (Add, _, Neg) => (new Sub(), [x[0], x[1].Inputs[0]]),
            (Add, Neg, _) => (new Sub(), [x[1], x[0].Inputs[0]]),
            (Sub, _, Neg) => (new Add(), [x[0], x[1].Inputs[0]]),
            (Mul or Div, Neg, Neg) => (primitive, [x[0].Inputs[0], x[1].Inputs[0]]),
            _ => (primitive, x),
        };
    }

    private static bool IsIdentity(Axes permutation)
    {
        for (int i = 0; i < permutation.Count; i++)
            if (permutation[i] != i)
                return false;
        return true;
    }

    private static Transpose After(Transpose first, Transpose then)
    {
        var permutation = new int[then.Permutation.Count];
        for (int i = 0; i < permutation.Length; i++)
            permutation[i] = first.Permutation[then.Permutation[i]];
        return new Transpose(Axes.Of(permutation));
    }

    private static Constant? ConstantOf(PlanNode node)
    {
        while (node.Primitive is BroadcastTo or Reshape) node = node.Inputs[0];
        return node.Primitive as Constant;
    }

    private static double? Value(PlanNode node) => ConstantOf(node)?.Value;

    private static bool IsPositiveZero(PlanNode node) =>
        ConstantOf(node) is { } c && c.Value == 0 && !double.IsNegative(c.Value);

    /// <summary>The operation on constants, by the kernel that would run it.</summary>
    private static Constant Computed(DType type, Primitive primitive, PlanNode[] x)
    {
        Tensor[] scalars = Array.ConvertAll(x, node => Tensor.Apply(ConstantOf(node)!));
        Tensor result = Tensor.Apply(primitive, scalars).Eval();
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        bytes.Clear();
        Storage storage = result.State.Value!.Storage;
        storage.Device.Backend.Download(storage.Buffer, 0, bytes[..(int)type.Size()]);
        long bits = MemoryMarshal.Read<long>(bytes);
        return new Constant(type, type == DType.Int32 ? (int)bits : bits);
    }
}
