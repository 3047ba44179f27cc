// A barrier: the same value, which counts as computed anew once other values are known.
namespace Engine;

/// <summary>
/// The first input, to be computed from once the others are known. A plan neither merges nor folds
/// it, so what is computed from a barrier is computed apart from what is computed from its input.
/// The order is the program's, which plans follow for what comes after the first result; it is
/// not enforced.
/// </summary>
internal sealed record Barrier : LinearPrimitive
{
    internal override Index? LiesAs => 0;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => g;

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(this, [Batched(x[0], batched[0], size), .. x[1..]]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.SameAs(node, node.Inputs[0]);
}

public sealed partial class Tensor
{
    /// <summary>
    /// The same value, to be computed from once <paramref name="others"/> are known.
    /// </summary>
    internal Tensor After(params ReadOnlySpan<Tensor> others) =>
        Apply(new Barrier(), [this, .. others]);
}
