// Makes methods of terms and runs methods.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Makes and runs methods of domain adaptation.</summary>
public static class Adapt
{
    /// <summary>
    /// The control: the source's loss alone. With <see cref="NormPolicy.PerDomain"/> the network is
    /// read with the target's own normalisation statistics (AdaBN, Li et al., 2017), which alone do
    /// much of what methods are praised for; with <see cref="NormPolicy.Shared"/> on a network
    /// without normalisation it is plain training on the source.
    /// </summary>
    /// <param name="network">Where training begins; it is not changed.</param>
    /// <param name="optimizer">The update rule.</param>
    /// <param name="norm">How batch normalisation treats the domains.</param>
    /// <param name="statistics">
    /// The network's running statistics, if it is trained; mean 0 and variance 1 by default.
    /// </param>
    public static Adaptation<TermState<N, None>, N> Control<N>(
        N network, Optimizer optimizer, NormPolicy norm = NormPolicy.PerDomain,
        NormStatistics? statistics = null)
        where N : IFeatureNetwork => ByTerm(
            network, new Term<None>("none", new(), (_, views, _) =>
                Tensor.Scalar(0.0).Cast(views.SourceZ.DType)), optimizer, norm, statistics);

    /// <summary>The source's cross-entropy plus a term, by one optimiser.</summary>
    /// <param name="network">Where training begins; it is not changed.</param>
    /// <param name="term">What brings the domains together.</param>
    /// <param name="optimizer">The update rule of the network and of the term's parameters.</param>
    /// <param name="norm">How batch normalisation treats the domains.</param>
    /// <param name="statistics">
    /// The network's running statistics, if it is trained; mean 0 and variance 1 by default.
    /// </param>
    /// <exception cref="EngineException">
    /// Statistics are to stay as they are, and there are none.
    /// </exception>
    public static Adaptation<TermState<N, A>, N> ByTerm<N, A>(
        N network, Term<A> term, Optimizer optimizer, NormPolicy norm = NormPolicy.PerDomain,
        NormStatistics? statistics = null) where N : IFeatureNetwork where A : ITree
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(optimizer);
        var both = new Both<N, A>(network, term.Parameters);
        NormStatistics first = Statistics(network, norm, statistics);
        return new(
            ["task", .. term.Losses],
            new(network, term.Parameters, optimizer.Init(both), first, first),
            Step,
            state => new(
                state.Network, norm == NormPolicy.PerDomain ? state.Target : state.Source))
        {
            ReadSource = state => new(state.Network, state.Source),
        };

        (TermState<N, A>, Tensor) Step(TermState<N, A> state, DomainBatch batch)
        {
            var model = new Both<N, A>(state.Network, state.Own);
            var (result, gradient) = Grad.WithAux((Both<N, A> m) =>
            {
                TwoDomains seen = TwoDomains.Of(
                    m.First, batch, state.Source, state.Target, norm);
                Tensor task = SourceLoss(seen.Views.SourceZ, batch);
                Tensor align = term.Value(m.Second, seen.Views, batch);
                Tensor losses = Tensor.Concat([task.ExpandDims(0), align], 0);
                return (task + align.Sum(), (losses, seen.Source, seen.Target));
            })(model);
            var (next, moments) = optimizer.Step(model, gradient, state.Optimizer);
            var (losses, source, target) = result.Aux;
            return (new(next.First, next.Second, moments, source, target), losses);
        }
    }

    /// <summary>The statistics to begin with: those given, or new ones if they may move.</summary>
    /// <exception cref="EngineException">They may not, and there are none.</exception>
    internal static NormStatistics Statistics<N>(
        N network, NormPolicy norm, NormStatistics? given) where N : IFeatureNetwork
    {
        if (given is not null) return given;
        NormStatistics made = NormStatistics.For(network);
        if (norm == NormPolicy.Fixed && made.Norms.Length > 0)
            throw Errors.Fail("Adapt", "batch normalisation is to keep the statistics that it has, "
                + "but none were given. Give those of the trained network, or choose PerDomain.");
        return made;
    }

    /// <summary>Cross-entropy of the source's logits, by its weights where it has some.</summary>
    public static Tensor SourceLoss(Tensor logits, DomainBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.SourceWeights is { } weights
            ? (weights * Loss.CrossEntropy(logits, batch.SourceY, Reduction.None)).Mean()
            : Loss.CrossEntropy(logits, batch.SourceY);
    }

    /// <summary>
    /// The state after <paramref name="steps"/> steps, of which the first so many are done already:
    /// a run that goes on from a saved state ends with the bits of one that was never interrupted.
    /// </summary>
    /// <param name="method">The method; its start is where a new run begins.</param>
    /// <param name="batch">The batch of a step, from 0 on.</param>
    /// <param name="steps">All steps of the run.</param>
    /// <param name="watch">
    /// Is told the number of steps done, the state (valid only during the call; <see
    /// cref="Tree.Copy"/> keeps it) and the losses, named by <see cref="Adaptation{S, N}.Losses"/>.
    /// </param>
    /// <param name="resume">A state to go on from, and how many steps it has behind it.</param>
    /// <exception cref="DivergenceException">A loss is not finite.</exception>
    public static S Run<S, N>(
        Adaptation<S, N> method, Func<int, DomainBatch> batch, int steps,
        Action<int, S, IReadOnlyList<double>>? watch = null, (S State, int Steps)? resume = null)
        where S : ITree where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(method);
        return new Training<S, DomainBatch>(method.Losses, method.Start, method.Step)
            .Run(batch, steps, watch, resume);
    }
}
