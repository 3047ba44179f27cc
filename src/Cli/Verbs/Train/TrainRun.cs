// The training loop of engine train: steps, metrics, validation, checkpoints, and a clean end by
// steps, time, Ctrl-C or divergence.
using System.Diagnostics;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>How training ended.</summary>
/// <param name="State">The last state.</param>
/// <param name="StepsBefore">Steps taken before this session, by a run that is resumed.</param>
/// <param name="SecondsBefore">How long they took.</param>
/// <param name="Seconds">How long this session took, with validation and checkpoints.</param>
/// <param name="Interrupted">Whether the user asked for the end.</param>
internal sealed record TrainResult(
    TrainingState<Conv4> State, long StepsBefore, double SecondsBefore, double Seconds,
    bool Interrupted)
{
    /// <summary>Steps taken in this session.</summary>
    public long NewSteps => State.Step - StepsBefore;

    /// <summary>Seconds of training in all sessions.</summary>
    public double AllSeconds => SecondsBefore + Seconds;
}

internal sealed class TrainRun(Experiment experiment, RunFolder folder, CancellationToken stop)
{
    public const int ValidationTasks = 40;
    private const int Validations = 8;
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(20);

    private readonly Stopwatch clock = new();

    /// <summary>Trains until so many steps were taken or so much time has passed.</summary>
    public TrainResult Go(
        TrainingState<Conv4> start, int? steps, TimeSpan? limit, double secondsBefore,
        MetricsLog metrics, Progress progress)
    {
        MetaTraining<Conv4> training = experiment.Training;
        int batch = experiment.Options.MetaBatch;
        TrainingState<Conv4> state = start;
        TimeSpan nextSave = SaveEvery;
        int validated = 0;
        clock.Restart();
        while (!stop.IsCancellationRequested && !(state.Step >= steps) && !(clock.Elapsed >= limit))
        {
            double loss;
            try
            {
                (state, loss) = training.Step(state);
            }
            catch (DivergenceException e)
            {
                Save(state);
                throw CliException.Fail($"{e.Message} It is {folder.ModelPath}.", e);
            }

            metrics.Append(new(
                state.Step, state.Step * batch, loss,
                Math.Round(secondsBefore + clock.Elapsed.TotalSeconds, 3)));
            progress.Report(new ProgressState(
                state.Step, steps, state.Step * batch, loss, Before: start.Step));
            if (experiment.CanValidate && Done(state.Step - start.Step, steps - start.Step, limit)
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
            state, start.Step, secondsBefore, seconds, stop.IsCancellationRequested);
    }

    private void Validate(TrainingState<Conv4> state, MetricsLog metrics, Progress progress)
    {
        double accuracy = experiment.Validate(state.Model, ValidationTasks);
        long tasks = state.Step * experiment.Options.MetaBatch;
        metrics.Append(new(state.Step, tasks, ValidationAccuracy: accuracy));
        string share = FormattableString.Invariant(
            $"after {tasks:N0} tasks: {100 * accuracy:F1} %");
        progress.Note($"  {share} on {ValidationTasks} validation tasks");
    }

    private void Save(TrainingState<Conv4> state)
    {
        SafeTensors.Save(folder.ModelPath, state.Model);
        Checkpoint.Save(folder.CheckpointPath, state);
    }

    /// <summary>Share of the training that is done, by steps or time.</summary>
    private double Done(long step, long? steps, TimeSpan? limit)
    {
        double bySteps = steps is > 0 and { } s ? (double)step / s : 0;
        double byTime = limit is { } l ? clock.Elapsed / l : 0;
        return Math.Max(bySteps, byTime);
    }
}
