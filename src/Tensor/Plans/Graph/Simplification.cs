// Simplification while a graph is collected: identities between operations that change no bit of
// any result. Each operation states its own (Primitive.Simplify); here they are applied until none
// holds any more, and operations on constants are computed. How a product's operand lies decides
// the order of its sums, so no identity may move an operand from where it would otherwise lie.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// What an operation on known nodes can be replaced by: a node with the same value, another
/// operation, or neither (the default).
/// </summary>
internal readonly record struct Rewrite(
    PlanNode? Existing, Primitive? Primitive = null, PlanNode[]? Inputs = null)
{
    /// <summary>A node with the same value; none if it is null.</summary>
    public static implicit operator Rewrite(PlanNode? existing) => new(existing);

    /// <summary>
    /// The node if it lies in order, as the result that it replaces does; none for a view.
    /// </summary>
    public static Rewrite ToInOrder(PlanNode node) => node.LiesInOrder ? node : default;

    /// <summary>Another operation on other nodes.</summary>
    public static Rewrite To(Primitive primitive, params PlanNode[] inputs) =>
        new(null, primitive, inputs);
}

/// <summary>Applies the identities of operations.</summary>
internal static class Simplification
{
    /// <summary>
    /// The node that the operation's result equals; null if there is none, and then the operation
    /// is the shortest one that was found.
    /// </summary>
    public static PlanNode? Run(Tensor tensor, ref Primitive primitive, ref PlanNode[] inputs)
    {
        while (inputs.Length > 0)
        {
            Rewrite rewrite = primitive.Simplify(inputs, tensor);
            if (rewrite.Existing is not null) return rewrite.Existing;
            if (rewrite.Primitive is not null)
                (primitive, inputs) = (rewrite.Primitive, rewrite.Inputs!);
            else if (primitive is Elementwise operation
                && Array.TrueForAll(inputs, input => input.Constant is not null))
                (primitive, inputs) = (Computed(operation, inputs, tensor.DType), []);
            else return null;
        }
        return null;
    }

    /// <summary>The operation on constants, by the kernel that would run it.</summary>
    private static Constant Computed(Elementwise operation, PlanNode[] x, DType type)
    {
        TileKernel kernel = operation.Kernel(x[0].DType, type);
        return new Constant(
            type, OneElement.Run(kernel, [.. x.Select(node => node.Constant!.Bits)]));
    }
}
