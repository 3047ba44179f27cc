// Generalised advantage estimation (Schulman et al., 2016) over a linear baseline, both as in the
// original code of MAML.
namespace Engine.Meta;

/// <summary>How advantages are made of rewards.</summary>
/// <param name="discount">What a reward a step later counts.</param>
/// <param name="lambda">
/// How far rewards are trusted over the baseline: 1 takes all of them to the end, without bias.
/// </param>
/// <param name="baseline">Whether there is one; without it, advantages are sums of rewards.</param>
/// <param name="normalise">
/// Whether the advantages of a task get mean 0 and deviation 1, so that inner rates do not depend
/// on the scale of rewards.
/// </param>
public sealed class AdvantageEstimator(
    double discount = 0.99, double lambda = 1, bool baseline = true, bool normalise = true)
{
    // Observations, steps since the beginning, returns, taken.
    private readonly Func<(Tensor, Tensor, Tensor, Tensor), Tensor> fit =
        Compile.Of(((Tensor, Tensor, Tensor, Tensor) tasks) => Vmap.Of(
            ((Tensor X, Tensor Steps, Tensor Returns, Tensor Taken) task) =>
                LinearBaseline.Fit(task.X, task.Steps, task.Returns, task.Taken))(tasks));

    /// <summary>Trajectories with their advantages.</summary>
    public Experience Of(Trajectories all)
    {
        ArgumentNullException.ThrowIfNull(all);
        long[] starts = all.Starts.ToArray<long>();
        int width = all.Starts.Shape[1];
        bool Continues(int i) => (i + 1) % width != 0 && starts[i + 1] == starts[i];
        Tensor Upload(double[] values) =>
            Tensor.From(values, all.Rewards.Shape).To(all.Rewards.Device);

        double[] rewards = all.Rewards.ToDoubles();
        double[] advantages = SumAhead(rewards, discount, Continues);
        Tensor taken = all.Taken.Cast(DType.Float64);
        if (baseline)
        {
            double[] steps = [.. starts.Select((start, i) => i % width - start)];
            double[] expected = fit((all.Observations.Cast(DType.Float64), Upload(steps),
                Upload(advantages), taken)).ToDoubles();
            // Nothing is expected after the end, also where the horizon cuts an episode off: the
            // baseline knows the time and therefore what is left.
            for (int i = 0; i < rewards.Length; i++)
                rewards[i] += (Continues(i) ? discount * expected[i + 1] : 0) - expected[i];
            advantages = SumAhead(rewards, discount * lambda, Continues);
        }
        return Scaled(all, Upload(advantages), taken);
    }

    private Experience Scaled(Trajectories all, Tensor advantages, Tensor taken)
    {
        Tensor Mean(Tensor x) => (x * taken).Sum(1, keepDims: true) / taken.Sum(1, keepDims: true);
        Tensor score = Mean(all.Rewards.Cast(DType.Float64)), scale = Tensor.Ones(
            score.Shape, score.DType).To(score.Device);
        if (normalise)
        {
            Tensor centred = advantages - Mean(advantages);
            scale = Mean(centred.Square()).Sqrt() + 1e-8;
            advantages = centred / scale;
        }
        DType type = all.Rewards.DType;
        var experience = new Experience(
            all.Observations, all.Actions, all.Parameters, (advantages * taken).Cast(type),
            all.Starts, all.Taken, score.Squeeze(1).Cast(type), scale.Squeeze(1).Cast(type));
        Tree.Eval(experience);
        return experience;
    }

    /// <summary>The discounted sum of what is there and later in the episode.</summary>
    private static double[] SumAhead(double[] x, double discount, Func<int, bool> continues)
    {
        var sums = new double[x.Length];
        for (int i = x.Length - 1; i >= 0; i--)
            sums[i] = x[i] + (continues(i) ? discount * sums[i + 1] : 0);
        return sums;
    }
}
