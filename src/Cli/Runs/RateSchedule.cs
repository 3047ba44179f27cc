// How the rate of the outer steps changes in training.
using Engine.Nn;

namespace Engine.Cli;

/// <summary>How the outer rate falls to zero until the last meta-step.</summary>
internal enum RateSchedule
{
    /// <summary>It does not.</summary>
    Constant,

    /// <summary>Along a straight line.</summary>
    Linear,

    /// <summary>Along half a cosine.</summary>
    Cosine,
}

internal static class RateSchedules
{
    /// <summary>The outer rate of a run as a function of the step.</summary>
    /// <exception cref="CliException">It falls, but nobody said until when.</exception>
    public static Func<Tensor, Tensor> OuterRate(this RunOptions run)
    {
        if (run.Schedule == RateSchedule.Constant) return Schedule.Constant(run.Rate);
        int steps = run.Iterations ?? throw CliException.Use(
            $"--iterations: with --schedule {run.Schedule.ToString().ToLowerInvariant()} the "
            + "outer rate falls to zero at the end; say how many meta-steps there are.");
        return run.Schedule == RateSchedule.Linear
            ? Schedule.Linear(run.Rate, 0, steps) : Schedule.Cosine(run.Rate, steps);
    }
}
