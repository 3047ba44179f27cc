// The base of operations whose value is composed of others but whose derivative is stated, because
// following it through them would be slower or less exact: variances, solutions, determinants.
namespace Engine;

/// <summary>
/// A value that other operations have computed, its last input. No derivative flows through these
/// operations: the rules here state it, from the other inputs.
/// </summary>
internal abstract record StatedDerivative : Primitive
{
    internal sealed override Index? AliasOf => ^1;

    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[^1].Shape, x[^1].DType);

    internal sealed override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        var all = new Tensor[x.Length];
        for (int i = 0; i < x.Length; i++) all[i] = Batched(x[i], batched[i], size);
        return Tensor.Apply(WithBatch(), all);
    }

    /// <summary>The operation on inputs with one more axis in front.</summary>
    protected virtual StatedDerivative WithBatch() => this;

    internal sealed override void Lower(Lowering plan, PlanNode node) =>
        plan.SameAs(node, node.Inputs[^1]);
}
