// The run of a method on one seed, and the chosen model.
using System.Collections.Immutable;
using System.Text.Json;
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
    SelectedRun run, AdaptOptions options, RunFolder folder, string name, VerbContext context)
    : IAdaptationRunner
{
    /// <summary>The chosen network of a seed, with the target's normalisation statistics.</summary>
    public static string ModelFile(string name) => $"{name}-model.safetensors";

    /// <summary>The same as it is used on the source, with the source's statistics.</summary>
    public static string SourceFile(string name) => $"{name}-model-on-source.safetensors";

    public AdaptedRun Run<S, N>(
        Adaptation<S, N> method, IReadOnlyList<float>? weights = null)
        where S : ITree where N : IFeatureNetwork
    {
        var phase = new SavedPhase(name, name, method.Losses, options, folder, context);
        SelectedState<S, N> like = SelectedRun.Start(method);
        Selected<N> selected = phase.Run<SelectedState<S, N>, Selected<N>>(
            like, (before, watch) => (run with { SourceWeights = weights }).Run(
                method, watch.Losses,
                (done, state, looks) =>
                    watch.State(done, state, () => JsonSerializer.Serialize(looks)),
                before is null ? null : (before.Steps, before.State, Looks(before.Notes))));
        SafeTensors.Save(folder.PathOf(ModelFile(name)), selected.Chosen);
        SafeTensors.Save(folder.PathOf(SourceFile(name)), selected.ChosenOnSource);
        return new(method.Losses, selected.Looks, selected.ChosenLook);
    }

    private static ImmutableArray<Look> Looks(string notes) =>
        JsonSerializer.Deserialize<ImmutableArray<Look>>(notes);
}
