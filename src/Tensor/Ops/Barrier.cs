// A barrier: an identity that the planner never merges, ordered after given tensors.
namespace Engine;

/// <summary>
/// The value of the first input, ordered after the others. A plan neither merges nor folds a
/// barrier, so what is computed from it is computed again, not shared with what is computed from
/// its input. The order is that of the program, which plans follow; nothing enforces it.
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
    /// The same value, for computations that are to run after <paramref name="others"/>. A plan
    /// orders what is on one device.
    /// </summary>
    internal Tensor After(params ReadOnlySpan<Tensor> others)
    {
        List<Tensor> beside = [this];
        foreach (Tensor other in others)
            if (home is null || other.home is null || other.home == home) beside.Add(other);
        return Apply(new Barrier(), [.. beside]);
    }
}
