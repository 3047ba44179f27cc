// The training loop of engine train: steps, metrics, validation, checkpoints, and a clean end by
// steps, time, Ctrl-C or divergence.
using System.Diagnostics;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>How training ended.</summary>
/// <param name="Training">Where it stands now.</param>
/// <param name="StepsBefore">Steps taken before this session, by a run that is resumed.</param>
/// <param name="SecondsBefore">How long they took.</param>
/// <param name="Seconds">How long this session took, with validation and checkpoints.</param>
/// <param name="Interrupted">Whether the user asked for the end.</param>
internal sealed record TrainResult(
    LearnerTraining Training, long StepsBefore, double SecondsBefore, double Seconds,
    bool Interrupted)
{
    /// <summary>Steps taken in this session.</summary>
    public long NewSteps => Training.Steps - StepsBefore;

    /// <summary>Seconds of training in all sessions.</summary>
    public double AllSeconds => SecondsBefore + Seconds;
}

internal sealed class TrainRun(Experiment experiment, RunFolder folder, CancellationToken stop)
{
    public const int ValidationTasks = 40;
    private const int Validations = 8;
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(20);

    private readonly Stopwatch clock = new();

    /// <summary>Trains until the number of steps is reached or the time is over.</summary>
    public TrainResult Go(
        LearnerTraining start, int? steps, TimeSpan? limit, double secondsBefore,
        MetricsLog metrics, ProgressBar progress)
    {
        int batch = experiment.Options.MetaBatch;
        LearnerTraining state = start;
        TimeSpan nextSave = SaveEvery;
        int validated = 0;
        clock.Restart();
        while (!stop.IsCancellationRequested
            && !(state.Steps >= steps) && !(clock.Elapsed >= limit))
        {
            double loss;
            try
            {
                (state, loss) = state.Step();
            }
            catch (DivergenceException e)
            {
                Save(state);
                throw CliException.Fail(
                    $"{e.Message} {RunOptions.AgainstDivergence} The model is in "
                    + $"{folder.ModelPath}.", e);
            }

            metrics.Append(new(
                state.Steps, state.Steps * batch, loss,
                Math.Round(secondsBefore + clock.Elapsed.TotalSeconds, 3)));
            progress.Report(new ProgressState(
                state.Steps, steps, state.Steps * batch, loss, Before: start.Steps));
            if (experiment.CanValidate
                && Done(state.Steps - start.Steps, steps - start.Steps, limit)
                    >= (validated + 1.0) / Validations)
            {
                validated++;
                Validate(state, metrics, progress);
            }

            if (clock.Elapsed < nextSave) continue;
            Save(state);
            nextSave = clock.Elapsed + SaveEvery;
        }

        double seconds = clock.Elapsed.TotalSeconds;
        Save(state);
        return new TrainResult(
            state, start.Steps, secondsBefore, seconds, stop.IsCancellationRequested);
    }

    private void Validate(LearnerTraining state, MetricsLog metrics, ProgressBar progress)
    {
        double accuracy = experiment.Validate(state.Learner, ValidationTasks);
        long tasks = state.Steps * experiment.Options.MetaBatch;
        metrics.Append(new(state.Steps, tasks, ValidationAccuracy: accuracy));
        string share = FormattableString.Invariant(
            $"after {tasks:N0} tasks: {100 * accuracy:F1} %");
        progress.Note($"  {share} on {ValidationTasks} validation tasks");
    }

    private void Save(LearnerTraining state)
    {
        state.Learner.Save(folder.ModelPath);
        state.Save(folder.CheckpointPath);
    }

    /// <summary>Share of the training that is done, by steps or time.</summary>
    private double Done(long step, long? steps, TimeSpan? limit)
    {
        double bySteps = steps is > 0 and { } s ? (double)step / s : 0;
        double byTime = limit is { } l ? clock.Elapsed / l : 0;
        return Math.Max(bySteps, byTime);
    }
}
