// Domain generalisation as it is measured (Gulrajani and Lopez-Paz, "In Search of Lost Domain
// Generalization", 2021): one domain is left out, the others are trained on, examples that were
// kept of these choose the model, and only then is it tested on the domain left out.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>What came of a run.</summary>
/// <param name="Chosen">The model at the look that was best on the sources.</param>
/// <param name="Unseen">Its accuracy on the domain left out.</param>
/// <param name="Looks">
/// Steps done at each look, and the mean of the source domains' accuracies on kept examples.
/// </param>
public sealed record Generalised<N>(
    Adapted<N> Chosen, double Unseen, ImmutableArray<(int Step, double Source)> Looks)
    where N : IFeatureNetwork;

/// <summary>The sets of an experiment that leaves a domain out.</summary>
/// <param name="Sources">What is trained on, of each source domain.</param>
/// <param name="Kept">What is kept of each, to choose the model by.</param>
/// <param name="Unseen">All of the domain left out; a run tests one model on it, once.</param>
public sealed record LeaveOneOut(
    ImmutableArray<LabelledSet> Sources, ImmutableArray<LabelledSet> Kept, LabelledSet Unseen)
{
    /// <summary>How often a run is looked at; the last time at its end.</summary>
    public int Looks { get; init; } = 8;

    /// <summary>Leaves a domain out, and keeps a share of each other.</summary>
    /// <param name="domains">All domains, of the same classes and shape.</param>
    /// <param name="unseen">The place of the one to leave out.</param>
    /// <param name="seed">Draws what is kept.</param>
    /// <param name="kept">The share that is kept.</param>
    /// <exception cref="ArgumentException">
    /// The domains do not fit together, or there are too few of them or of their examples.
    /// </exception>
    public static LeaveOneOut Of(
        IReadOnlyList<LabelledSet> domains, int unseen, long seed, double kept = 0.1)
    {
        ArgumentNullException.ThrowIfNull(domains);
        if (domains.Count < 3)
            throw new ArgumentException(
                $"{domains.Count} domains were given; with one left out, two or more must remain "
                + "to learn from how they differ. Give at least 3.");
        if (unseen < 0 || unseen >= domains.Count)
            throw new ArgumentException(
                $"domain {unseen} cannot be left out; choose 0 to {domains.Count - 1}.");
        foreach (LabelledSet other in domains.Skip(1)) DomainBatches.Check(domains[0], other);
        var parts = domains.Where((_, i) => i != unseen)
            .Select(domain => domain.Split(1 - kept, seed)).ToArray();
        if (parts.FirstOrDefault(p => p.Chosen.Count == 0 || p.Others.Count == 0) is
            ({ } empty, _))
            throw new ArgumentException(
                $"{empty.Name}: a share of {kept} leaves no examples to train on, or none to "
                + "choose by. Give more examples or another share.");
        return new(
            [.. parts.Select(p => p.Chosen)], [.. parts.Select(p => p.Others)], domains[unseen]);
    }

    /// <summary>Trains on the sources, chooses, and tests the choice.</summary>
    /// <param name="training">The method.</param>
    /// <param name="batch">Its batches, drawn from <see cref="Sources"/>.</param>
    /// <param name="steps">Steps of training.</param>
    /// <param name="read">The model that a state stands for.</param>
    /// <param name="told">Is told steps done and losses, each step.</param>
    /// <exception cref="Meta.DivergenceException">A loss is not finite.</exception>
    public Generalised<N> Run<S, B, N>(
        Training<S, B> training, Func<int, B> batch, int steps, Func<S, Adapted<N>> read,
        Action<int, IReadOnlyList<double>>? told = null)
        where S : ITree where B : ITree where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(read);
        if (steps < 1 || Looks < 1)
            throw new ArgumentException(
                $"{steps} steps with {Looks} looks leave no model to choose; give at least 1.");
        var outputs = Outputs.Reader<N>();
        var looks = ImmutableArray.CreateBuilder<(int Step, double Source)>();
        Adapted<N>? chosen = null;
        double best = double.NegativeInfinity;
        training.Run(batch, steps, (done, state, losses) =>
        {
            told?.Invoke(done, losses);
            if (done * (long)Looks / steps == (done - 1) * (long)Looks / steps) return;
            Adapted<N> now = read(state);
            double source = Kept.Average(set => outputs(now, set, 256).Accuracy);
            looks.Add((done, source));
            if (source <= best) return;
            (best, chosen) = (source, Tree.Copy(now));
        });
        return new(chosen!, outputs(chosen!, Unseen, 256).Accuracy, looks.ToImmutable());
    }
}
