// A phase of a seed of engine adapt: its progress, its losses in metrics.jsonl, and a file to go on
// from, which is written every so often and when the user wants an end.
using System.Diagnostics;
using System.Globalization;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>Where a phase was stopped.</summary>
/// <param name="Steps">Steps done.</param>
/// <param name="State">The state after them.</param>
/// <param name="Notes">What else was kept.</param>
internal sealed record StoppedAt<T>(int Steps, T State, string Notes) where T : ITree;

/// <summary>What a phase is told at each step.</summary>
/// <param name="Losses">Steps done and the losses of the last one.</param>
/// <param name="State">Steps done, the state after them, and what else to keep with it.</param>
internal sealed record PhaseWatch<T>(
    Action<int, IReadOnlyList<double>> Losses, Action<int, T, Func<string>> State)
    where T : ITree;

/// <summary>A phase.</summary>
/// <param name="title">What its progress and its lines of metrics are called.</param>
/// <param name="name">What its file begins with.</param>
/// <param name="losses">The names of its losses.</param>
internal sealed class SavedPhase(
    string title, string name, IReadOnlyList<string> losses, AdaptOptions options,
    RunFolder folder, VerbContext context)
{
    private const string Step = "step", Notes = "notes";
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(20);

    private string StateFile => folder.PathOf($"{name}-state.safetensors");

    /// <summary>Runs the phase, from where it was stopped if it was.</summary>
    /// <param name="like">A state of the same shapes.</param>
    /// <param name="run">The phase itself.</param>
    /// <exception cref="OperationCanceledException">
    /// It was stopped, and its state saved.
    /// </exception>
    public R Run<T, R>(T like, Func<StoppedAt<T>?, PhaseWatch<T>, R> run) where T : ITree
    {
        StoppedAt<T>? before = File.Exists(StateFile) ? Load(like) : null;
        int first = before?.Steps ?? 0;
        MetricsLog.CutAfter(folder.MetricsPath, first, title);
        using MetricsLog metrics = folder.OpenMetrics();
        var clock = Stopwatch.StartNew();
        TimeSpan next = SaveEvery;
        return ProgressBar.Run(
            title, context.Output, null,
            bar => run(before, new(
                (done, values) =>
                {
                    metrics.Append(new(
                        Step: done, Run: title,
                        Losses: losses.Zip(values).ToDictionary(l => l.First, l => l.Second)));
                    bar.Report(new(
                        done, options.Steps, (long)done * options.Batch, values.Sum(),
                        Before: first));
                },
                (done, state, notes) =>
                {
                    bool stopped = context.Stop.IsCancellationRequested;
                    if (!stopped && (clock.Elapsed < next || done == options.Steps)) return;
                    SafeTensors.Save(StateFile, state, new Dictionary<string, string>
                    {
                        [Step] = done.ToString(CultureInfo.InvariantCulture),
                        [Notes] = notes(),
                    });
                    next = clock.Elapsed + SaveEvery;
                    if (stopped) throw new OperationCanceledException(context.Stop);
                })),
            unit: "examples");
    }

    /// <summary>Deletes the file to go on from: the phase's result stands in another one.</summary>
    public void Forget() => File.Delete(StateFile);

    private StoppedAt<T> Load<T>(T like) where T : ITree
    {
        T state = SafeTensors.Load(StateFile, like);
        var (_, metadata) = SafeTensors.Read(StateFile);
        return metadata.TryGetValue(Step, out string? step)
            && int.TryParse(step, CultureInfo.InvariantCulture, out int steps)
            && metadata.TryGetValue(Notes, out string? notes)
            ? new(steps, state, notes)
            : throw CliException.Fail($"{StateFile}: does not say where the run stood; delete it "
                + "to run this seed again.");
    }
}
