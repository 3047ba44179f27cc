// Batch normalisation as MAML++ needs it: running statistics in rows, one for each number of inner
// steps, and query sets normalised by what is known before they are seen.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Meta;

internal static class StepNormalization
{
    /// <summary>The statistics of models that have taken k steps.</summary>
    public static NormStatistics Row(NormStatistics rows, int k) =>
        rows.Map((Tensor leaf) => leaf[k]);

    /// <summary>Statistics after 0, 1, ... steps as rows.</summary>
    public static NormStatistics Stack(IReadOnlyList<NormStatistics> steps) =>
        new([.. Enumerable.Range(0, steps[0].Norms.Length).Select(n => new RunningStatistics(
            Tensor.Stack([.. steps.Select(step => step.Norms[n].Mean)]),
            Tensor.Stack([.. steps.Select(step => step.Norms[n].Variance)])))]);

    /// <summary>
    /// Runs a network by statistics that are the batch's own where <paramref name="share"/> is 0
    /// and the running ones where it is 1; and gives the batch's own, without a derivative. Those
    /// of a batch are differentiated, running ones are constants.
    /// </summary>
    public static (Tensor Output, NormStatistics Own) Towards(
        Func<Normalize, Tensor> network, NormStatistics running, Tensor share)
    {
        var own = ImmutableArray.CreateBuilder<RunningStatistics>();
        Tensor output = network((norm, x) =>
        {
            RunningStatistics batch = Of(x), kept = running.Norms[own.Count].StopGradient();
            own.Add(batch.StopGradient());
            Tensor part = share.Cast(x.DType);
            return norm.Forward(x, batch.Zip(kept, (a, b) => a + part * (b - a)));
        });
        return (output, new(own.ToImmutable()));
    }

    /// <summary>Runs a network by the statistics of the first samples alone.</summary>
    public static Tensor ByFirst(Func<Normalize, Tensor> network, int samples) =>
        network((norm, x) => norm.Forward(x, Of(x[..samples])));

    /// <summary>
    /// Statistics moved towards those of a batch of tasks, (tasks, steps + 1, C), taken together:
    /// their variance is the mean of the tasks' and the variance of the tasks' means.
    /// </summary>
    public static NormStatistics Moved(NormStatistics old, NormStatistics tasks, double momentum)
    {
        return new([.. old.Norms.Zip(tasks.Norms, (from, seen) =>
        {
            var (mean, between) = seen.Mean.Moments([0]);
            var now = new RunningStatistics(mean, seen.Variance.Mean(0) + between);
            return from.Zip(now, (a, b) => (a + momentum * (b - a)).StopGradient());
        })]);
    }

    /// <summary>
    /// The mean and the biased variance of each channel, which normalise a batch.
    /// </summary>
    private static RunningStatistics Of(Tensor x)
    {
        var (mean, variance) = x.Moments([0, .. Enumerable.Range(2, x.Rank - 2)]);
        return new(mean, variance);
    }
}
