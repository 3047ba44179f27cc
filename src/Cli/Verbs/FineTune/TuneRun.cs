// A run of fine-tuning in a folder: its progress, a state in a file every so often, and what was
// seen of it.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What was seen of a run after so many steps.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">Of the last step's batch, before it.</param>
/// <param name="Accuracy">On examples that were not trained on.</param>
internal sealed record TuneLook(int Step, double Loss, double Accuracy);

/// <summary>What is kept beside the state of a run that was stopped.</summary>
internal sealed record TuneNotes(double Rate, ImmutableArray<TuneLook> Looks);

/// <summary>Runs fine-tuning; its files begin with a name.</summary>
internal sealed class TuneRun(RunFolder folder, string name, VerbContext context)
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(20);

    private string StateFile => folder.PathOf($"{name}-state.safetensors");

    private string LooksFile => $"{name}-looks.json";

    /// <summary>What was seen on the way, in order of steps.</summary>
    public ImmutableArray<TuneLook> Looks { get; private set; } = [];

    /// <summary>
    /// The state after all steps. A run that was stopped goes on from its file, bit for bit.
    /// </summary>
    /// <param name="tuning">What is run.</param>
    /// <param name="title">What progress is called.</param>
    /// <param name="set">What batches are drawn from.</param>
    /// <param name="seed">Their order.</param>
    /// <param name="batch">Examples in a step.</param>
    /// <param name="steps">Steps in all.</param>
    /// <param name="rate">The largest rate; a run that was stopped must have had the same.</param>
    /// <param name="advice">What to do if training diverges.</param>
    /// <param name="looks">How often it is looked at, the last time at its end.</param>
    /// <param name="accuracy">The accuracy of a state.</param>
    /// <exception cref="CliException">
    /// Training diverged, or was stopped at another rate.
    /// </exception>
    public TuneState ToEnd<N>(
        FineTuning<N> tuning, string title, LabelledSet set, long seed, int batch, int steps,
        double rate, string advice, int looks = 0, Func<TuneState, double>? accuracy = null)
        where N : IFeatureNetwork
    {
        bool stopped = File.Exists(StateFile);
        TuneState state = stopped ? tuning.Load(StateFile) : tuning.Begin();
        int first = (int)state.Steps.Item<long>();
        if (stopped)
        {
            TuneNotes seen = folder.ReadJson<TuneNotes>(
                LooksFile, $"delete {StateFile} to run this seed again");
            if (seen.Rate != rate)
                throw CliException.Fail(string.Create(CultureInfo.InvariantCulture,
                    $"{StateFile}: was stopped at the rate {seen.Rate:G6}, but the run's is now "
                    + $"{rate:G6}; delete it to run this seed again."));
            Looks = [.. seen.Looks.Where(look => look.Step <= first)];
        }

        MetricsLog.CutAfter(folder.MetricsPath, first, name);
        using MetricsLog metrics = folder.OpenMetrics();
        var clock = Stopwatch.StartNew();
        TimeSpan next = SaveEvery;
        return ProgressBar.Run(
            title, context.Output, null, bar =>
            {
                for (int step = first; step < steps; step++)
                {
                    if (context.Stop.IsCancellationRequested)
                    {
                        Save(tuning, state, rate);
                        throw new OperationCanceledException(context.Stop);
                    }

                    LabelledBatch drawn = set.Batch(seed, step, batch);
                    (state, double loss) = Step(tuning, state, drawn, title, advice);
                    int done = step + 1;
                    metrics.Append(new(Step: done, Loss: loss, Run: name));
                    bar.Report(new(done, steps, (long)done * batch, loss, Before: first));
                    if (accuracy is not null
                        && done * (long)looks / steps > step * (long)looks / steps)
                        Looks = Looks.Add(new(done, loss, accuracy(state)));
                    if (clock.Elapsed < next) continue;
                    Save(tuning, state, rate);
                    next = clock.Elapsed + SaveEvery;
                }

                return state;
            },
            unit: "examples");
    }

    /// <summary>Deletes the files to go on from: the run's result stands in another one.</summary>
    public void Forget()
    {
        File.Delete(StateFile);
        File.Delete(folder.PathOf(LooksFile));
    }

    private static (TuneState State, double Loss) Step<N>(
        FineTuning<N> tuning, TuneState state, LabelledBatch batch, string title, string advice)
        where N : IFeatureNetwork
    {
        try
        {
            return tuning.Step(state, batch.X, batch.Y);
        }
        catch (EngineException e)
        {
            throw CliException.Fail(
                $"{title}: training diverged at step {state.Steps.Item<long>() + 1}: the loss, "
                + $"its gradient or the weights are not finite. {advice}", e);
        }
    }

    // Looks first: what they have more than the state is left out when they are read.
    private void Save<N>(FineTuning<N> tuning, TuneState state, double rate)
        where N : IFeatureNetwork
    {
        folder.Replace(LooksFile, stream =>
            JsonSerializer.Serialize(stream, new TuneNotes(rate, Looks)));
        tuning.Save(StateFile, state);
    }
}
