// The run of a method on one seed: progress, a state in a file every so often, the chosen model.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What a method's run came to.</summary>
internal sealed record AdaptedRun(
    ImmutableArray<string> Losses, ImmutableArray<Look> Looks, Look Chosen)
{
    /// <summary>The best target accuracy of any look.</summary>
    public double Oracle => Looks.Max(look => look.TargetAccuracy);
}

/// <summary>
/// Runs one method on the sets of one seed; its files begin with a name of the seed.
/// </summary>
internal sealed class AdaptationRunner(
    SelectedRun run, RunFolder folder, string name, VerbContext context) : IAdaptationRunner
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromSeconds(20);

    /// <summary>The chosen network of a seed, with its normalisation statistics.</summary>
    public static string ModelFile(string name) => $"{name}-model.safetensors";

    public AdaptedRun Run<S, N>(
        Adaptation<S, N> method, IReadOnlyList<float>? weights = null)
        where S : ITree where N : IFeatureNetwork
    {
        string stateFile = folder.PathOf($"{name}-state.safetensors");
        var resume = File.Exists(stateFile) ? Load(stateFile, method) : null;
        var clock = Stopwatch.StartNew();
        TimeSpan next = SaveEvery;
        Selected<N> selected;
        try
        {
            selected = ProgressBar.Run(
                name, context.Output, null, bar =>
                    (run with { SourceWeights = weights }).Run(
                        method,
                        (done, losses) => bar.Report(new(
                            done, run.Steps, (long)done * run.BatchSize, losses.Sum(),
                            Before: resume?.Steps ?? 0)),
                        (done, state, looks) =>
                        {
                            bool stopped = context.Stop.IsCancellationRequested;
                            if (!stopped && (clock.Elapsed < next || done == run.Steps)) return;
                            Save(stateFile, done, state, looks);
                            next = clock.Elapsed + SaveEvery;
                            if (stopped) throw new OperationCanceledException();
                        },
                        resume),
                unit: "examples");
        }
        catch (DivergenceException e)
        {
            throw CliException.Fail(
                $"{name}: a loss of the method became NaN or infinite at step {e.Step}. Lower "
                + "--rate or --weight.", e);
        }

        SafeTensors.Save(folder.PathOf(ModelFile(name)), selected.Chosen);
        File.Delete(stateFile);
        return new(method.Losses, selected.Looks, selected.ChosenLook);
    }

    private static void Save<S, N>(
        string file, int steps, SelectedState<S, N> state, ImmutableArray<Look> looks)
        where S : ITree where N : IFeatureNetwork => SafeTensors.Save(
            file, state, new Dictionary<string, string>
            {
                ["step"] = steps.ToString(CultureInfo.InvariantCulture),
                ["looks"] = JsonSerializer.Serialize(looks),
            });

    private static (int Steps, SelectedState<S, N> State, ImmutableArray<Look> Looks)? Load<S, N>(
        string file, Adaptation<S, N> method) where S : ITree where N : IFeatureNetwork
    {
        var state = SafeTensors.Load(
            file, new SelectedState<S, N>(method.Start, method.Read(method.Start)));
        var (_, metadata) = SafeTensors.Read(file);
        if (!metadata.TryGetValue("step", out string? step)
            || !int.TryParse(step, CultureInfo.InvariantCulture, out int steps)
            || !metadata.TryGetValue("looks", out string? text))
            throw CliException.Fail(
                $"{file}: does not say where the run stood; delete it to run this seed again.");
        return (steps, state, JsonSerializer.Deserialize<ImmutableArray<Look>>(text));
    }
}
