// Few-shot learning that is to work in another domain: a meta-learner on labelled tasks of the
// source, plus a term that brings source and target together, such as the domain-adversarial one
// (Dann). What is meta-learned is then a start from which few labels suffice, on features that do
// not tell the domains apart.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Labelled tasks of the source, and target inputs without labels.</summary>
/// <param name="Tasks">Tasks of the source, (tasks, ...).</param>
/// <param name="TargetX">Target inputs (M, ...).</param>
/// <param name="Progress">How far training is, a scalar in 0..1, for weights that grow.</param>
/// <param name="Key">Randomness of this step.</param>
public sealed partial record DomainEpisodes(
    Episode Tasks, Tensor TargetX, Tensor Progress, Key Key) : ITree
{
    /// <summary>
    /// The batches of a run: tasks of the source, and <paramref name="size"/> target examples whose
    /// labels are not read. A batch is a function of seed and step alone.
    /// </summary>
    /// <param name="source">Where tasks are drawn from.</param>
    /// <param name="target">The other domain; it may have other classes.</param>
    /// <param name="metaBatch">Tasks in a step.</param>
    /// <param name="size">Target examples in a step.</param>
    /// <param name="steps">Steps of the run, which progress is measured by.</param>
    /// <param name="seed">Randomness of the order and of what is drawn within a step.</param>
    public static Func<int, DomainEpisodes> Of(
        EpisodeSampler source, LabelledSet target, int metaBatch, int size, int steps, long seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (target.Count == 0)
            throw new ArgumentException(
                $"{target.Name}: the target has no examples; there is nothing to adapt to.");
        Key key = Key.From(seed);
        return step => new(
            Episode.From(source.Sample(seed, (long)step * metaBatch, metaBatch)),
            target.Batch(~seed, step, size).X, Tensor.Scalar((float)step / steps),
            key.Fold(step));
    }
}

/// <summary>The network, the term's own parameters, and one optimiser for both.</summary>
public sealed partial record MetaTermState<N, A>(N Network, A Own, OptimizerState Optimizer)
    : ITree where N : IFeatureNetwork where A : ITree;

/// <summary>Meta-learning with a term of domain adaptation in the outer loss.</summary>
public static class MetaAdapt
{
    /// <summary>
    /// Start and step of training that lowers <c>mean over tasks of L_query(adapted(w)) +
    /// term(w)</c>. The derivative goes through the inner steps as the method says. With ANIL and
    /// <see cref="Dann.Term"/> the head that adapts stands on features that are invariant to the
    /// domain.
    /// </summary>
    /// <param name="network">Where training begins; it is not changed.</param>
    /// <param name="method">
    /// The meta-learner, such as <c>Anil.Of(Objective.OfImages(network), 5, 0.1).Method</c>.
    /// </param>
    /// <param name="term">What brings the domains together.</param>
    /// <param name="optimizer">The update rule of the network and of the term's parameters.</param>
    /// <exception cref="EngineException">
    /// The method steps in a direction of its own, to which no loss can be added.
    /// </exception>
    public static Training<MetaTermState<N, A>, DomainEpisodes> ByTerm<N, A>(
        N network, Method<N> method, Term<A> term, Optimizer optimizer)
        where N : IFeatureNetwork where A : ITree
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (method.Direction is not null)
            throw Errors.Fail("MetaAdapt", "the method steps in a direction of its own, to which "
                + "no term can be added. Give one with a task loss, such as Anil or Maml.");
        var both = new Both<N, A>(network, term.Parameters);
        return new(
            ["query", .. term.Losses], new(network, term.Parameters, optimizer.Init(both)),
            (state, batch) =>
            {
                var model = new Both<N, A>(state.Network, state.Own);
                var (result, gradient) = Grad.WithAux((Both<N, A> m) =>
                {
                    Tensor losses = Losses(m.First, m.Second, method, term, batch);
                    return (losses.Sum(), losses);
                })(model);
                var (next, moments) = optimizer.Step(model, gradient, state.Optimizer);
                return (new(next.First, next.Second, moments), result.Aux);
            });
    }

    /// <summary>
    /// The losses whose sum is lowered: the mean query loss of the adapted networks, then the
    /// term's. The term sees the query inputs of all tasks and the target's inputs, each domain
    /// normalised by its own batch.
    /// </summary>
    public static Tensor Losses<N, A>(
        N network, A own, Method<N> method, Term<A> term, DomainEpisodes batch)
        where N : IFeatureNetwork where A : ITree
    {
        ArgumentNullException.ThrowIfNull(method);
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(batch);
        Tensor x = batch.Tasks.QueryX;
        Tensor sourceX = x.Reshape([x.Shape[0] * x.Shape[1], .. x.Shape.Sizes[2..]]);
        Tensor source = network.Features(sourceX), target = network.Features(batch.TargetX);
        Tensor aligned = term.Value(
            own,
            new(source, network.Head.Forward(source), target, network.Head.Forward(target)),
            new(sourceX, batch.Tasks.QueryY.Flatten(), batch.TargetX, batch.Progress, batch.Key));
        Tensor query = method.MetaLoss(network, batch.Tasks);
        return Tensor.Concat([query.ExpandDims(0), aligned], 0);
    }
}
