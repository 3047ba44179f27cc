// How much is kept: classes are learned one after another, one sample at a time, and after each all
// classes so far are tested.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// What a learner knows along sequences of classes. Entry t of a list is the state after t + 1
/// classes: the mean over sequences and half the width of its 95 % confidence interval.
/// </summary>
/// <param name="Sequences">How many sequences were learned.</param>
/// <param name="Rate">The rate they were learned at.</param>
/// <param name="Seen">Accuracy on test samples of all classes so far.</param>
/// <param name="SeenInterval95">Its interval.</param>
/// <param name="Forgotten">
/// What accuracy on a class has fallen by since that class was learned, over all but the newest.
/// </param>
/// <param name="ForgottenInterval95">Its interval.</param>
/// <param name="Final">
/// Accuracy on each class, in the order of learning, after the last: what is left of each.
/// </param>
public sealed record ContinualCurves(
    int Sequences, double Rate, IReadOnlyList<double> Seen, IReadOnlyList<double> SeenInterval95,
    IReadOnlyList<double> Forgotten, IReadOnlyList<double> ForgottenInterval95,
    IReadOnlyList<double> Final);

/// <summary>Learns sequences of classes online.</summary>
public static class Continual
{
    /// <summary>
    /// Learns each of the sequences of a batch from the same start, one gradient step a sample.
    /// </summary>
    /// <param name="start">The model before any class.</param>
    /// <param name="forward">Logits (N, ways) of inputs.</param>
    /// <param name="rate">The rate of the steps.</param>
    /// <param name="sequences">
    /// Tasks as <see cref="EpisodeSampler"/> draws them: support inputs class after class are
    /// learned in order, query inputs are the test.
    /// </param>
    /// <param name="stop">Ends it between two classes.</param>
    public static ContinualCurves Run<M>(
        M start, Func<M, Tensor, Tensor> forward, double rate, Episode sequences,
        CancellationToken stop = default) where M : ITree =>
        AtRates(start, forward, sequences, stop)(rate);

    /// <summary>
    /// The same for whoever tries several rates: from a rate to the curves, compiled once for all.
    /// </summary>
    /// <param name="start">The model before any class.</param>
    /// <param name="forward">Logits (N, ways) of inputs.</param>
    /// <param name="sequences">The tasks.</param>
    /// <param name="stop">Ends it between two classes.</param>
    public static Func<double, ContinualCurves> AtRates<M>(
        M start, Func<M, Tensor, Tensor> forward, Episode sequences,
        CancellationToken stop = default) where M : ITree
    {
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentNullException.ThrowIfNull(sequences);
        int ways = sequences.Ways, count = sequences.QueryX.Shape[0];
        if (ways < 2 || count < 2)
            throw new EngineException($"Continual: {count} sequences of {ways} classes; give at "
                + "least 2 of each.");
        int support = sequences.SupportX.Shape[1], shots = support / ways;
        if (shots < 1 || support % ways != 0)
            throw new EngineException($"Continual: {support} samples to learn of {ways} classes; "
                + "give as many of each class, at least 1.");

        Tensor LossOf(M m, Tensor x, Tensor y) => Loss.CrossEntropy(forward(m, x), y);
        var learn = Compile.Of(
            (M models, (Tensor X, Tensor Y) stream, Episode tests, Tensor rate) => Vmap.Of(
                (M m, (Tensor X, Tensor Y) samples, Episode one) =>
                {
                    m = Inner.Trajectory(
                        m, (w, j) => LossOf(w, samples.X[j..(j + 1)], samples.Y[j..(j + 1)]),
                        Inner.Descent<M>(rate), shots).Last();
                    Tensor right = forward(m, one.QueryX).ArgMax().EqualTo(one.QueryY)
                        .Cast(DType.Float32).ExpandDims(1);
                    return (m, Features.ClassMeans(right, one.QueryY, ways).Squeeze(1));
                })(models, stream, tests));
        // The test samples are needed at every step, the stream only sample by sample.
        Episode tests = sequences with { SupportX = sequences.SupportX[.., ..0] };
        return rate =>
        {
            M models = start.Map((Tensor leaf) =>
                leaf.ExpandDims(0).BroadcastTo([count, .. leaf.Shape.Sizes]).Eval());
            Tensor ofSteps = Tensor.Scalar(rate).To(sequences.SupportX.Device);
            var accuracy = new double[ways][]; // after each class, (sequences, ways)
            for (int t = 0; t < ways; t++)
            {
                stop.ThrowIfCancellationRequested();
                Range samples = (t * shots)..((t + 1) * shots);
                (models, Tensor right) = learn(
                    models,
                    (sequences.SupportX[.., samples].Eval(),
                        sequences.SupportY[.., samples].Eval()),
                    tests, ofSteps);
                accuracy[t] = right.ToDoubles();
            }
            return Curves(accuracy, count, ways, rate);
        };
    }

    /// <summary>
    /// The rate whose <see cref="ContinualCurves.Seen"/> after the last class is best. A rate whose
    /// weights overflow has an accuracy of chance and is not chosen.
    /// </summary>
    public static double BestRate(
        IReadOnlyCollection<double> rates, Func<double, ContinualCurves> learn)
    {
        ArgumentNullException.ThrowIfNull(learn);
        if (rates is not { Count: > 0 })
            throw new EngineException("Continual: no rates to choose from; give at least one.");
        return rates.MaxBy(rate => learn(rate).Seen[^1]);
    }

    private static ContinualCurves Curves(double[][] accuracy, int count, int ways, double rate)
    {
        double At(int sequence, int after, int of) => accuracy[after][sequence * ways + of];
        double[] Over(Func<int, double> ofSequence) =>
            [.. Enumerable.Range(0, count).Select(ofSequence)];
        double[][] Each(Func<int, int, double> ofSequence) => [.. Enumerable.Range(0, ways)
            .Select(t => Over(s => ofSequence(s, t)))];

        double[][] seen = Each((s, t) => Enumerable.Range(0, t + 1).Average(i => At(s, t, i)));
        double[][] forgotten = Each((s, t) => t == 0 ? 0
            : Enumerable.Range(0, t).Average(i => At(s, i, i) - At(s, t, i)));
        static double[] Means(double[][] lists) => [.. lists.Select(l => l.Average())];
        static double[] Intervals(double[][] lists) => [.. lists.Select(Evaluation.Interval)];
        return new(
            count, rate, Means(seen), Intervals(seen), Means(forgotten), Intervals(forgotten),
            Means(Each((s, i) => At(s, ways - 1, i))));
    }
}
