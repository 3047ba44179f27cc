// One seed of engine adapt: the network trained on the source, which is the control, and then the
// method. What is finished stands in files and is not done again by a run that goes on.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>The figures of a seed; accuracies are shares of the target's test set.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="SourceOnly">Trained on the source, read with the source's statistics.</param>
/// <param name="Control">The same network, read with the target's statistics.</param>
/// <param name="Method">The method's run.</param>
/// <param name="Seconds">How long the seed took, all sessions together.</param>
internal sealed record SeedFigures(
    long Seed, double SourceOnly, double Control, AdaptedRun Method, double Seconds);

internal sealed class AdaptSeed(
    AdaptOptions options, DomainSets sets, long seed, RunFolder folder, VerbContext context)
    : INetworkUse<SeedFigures>
{
    private readonly string name = $"seed-{seed}";

    /// <summary>The network trained on the source alone, with all of its training.</summary>
    public static string ControlFile(string name) => $"{name}-control.safetensors";

    /// <summary>Runs a seed, or reads what an earlier session made of it.</summary>
    public static SeedFigures Run(
        AdaptOptions options, DomainSets sets, long seed, RunFolder folder, VerbContext context)
    {
        string done = $"seed-{seed}.json";
        if (File.Exists(folder.PathOf(done)))
            return folder.ReadJson<SeedFigures>(done, "delete it to run this seed again");
        Key key = Key.From(seed);
        SeedFigures figures = AdaptationNetworks.Use(
            options.Network, sets.Source, key,
            new AdaptSeed(options, sets, seed, folder, context));
        folder.Replace(done, stream => JsonSerializer.Serialize(stream, figures));
        return figures;
    }

    public SeedFigures With<N>(N network) where N : IFeatureNetwork
    {
        var clock = Stopwatch.StartNew();
        var setting = new AdaptationSetting(sets, options, Key.From(seed).Fold(5));
        TermState<N, None> trained = Control(network, setting);
        double Accuracy(NormStatistics statistics) =>
            Outputs.Of(new Adapted<N>(trained.Network, statistics), sets.TargetTest).Accuracy;

        double control = Accuracy(trained.Target);
        AdaptedRun run = options.Method == "none"
            ? OfControl(trained, control)
            : AdaptationMethods.Run(
                setting, network, () => new Adapted<N>(trained.Network, trained.Source),
                new AdaptationRunner(
                    new SelectedRun(sets, options.Steps, options.Batch, seed)
                    {
                        Looks = Math.Min(options.Looks, options.Steps),
                        Validator = Validators.All.First(
                            v => v.Name.Replace(' ', '-') == options.Validator),
                    },
                    folder, name, context));
        return new(seed, Accuracy(trained.Source), control, run, clock.Elapsed.TotalSeconds);
    }

    /// <summary>The network trained on the source alone, with statistics of both domains.</summary>
    private TermState<N, None> Control<N>(N network, AdaptationSetting setting)
        where N : IFeatureNetwork
    {
        var method = Adapt.Control(network, setting.Adam(1e-3));
        string file = folder.PathOf(ControlFile(name));
        if (File.Exists(file)) return SafeTensors.Load(file, method.Start);
        var batches = DomainBatches.Of(
            sets.Source, sets.Target, options.Batch, options.Steps, seed);
        TermState<N, None> trained = ProgressBar.Run(
            $"{name}, source only", context.Output, null, bar => Adapt.Run(
                method, batches, options.Steps, (done, _, losses) =>
                {
                    context.Stop.ThrowIfCancellationRequested();
                    bar.Report(new(
                        done, options.Steps, (long)done * options.Batch, losses[0]));
                }),
            unit: "examples");
        SafeTensors.Save(file, trained);
        return trained;
    }

    private AdaptedRun OfControl<N>(TermState<N, None> trained, double accuracy)
        where N : IFeatureNetwork
    {
        var model = new Adapted<N>(trained.Network, trained.Target);
        SafeTensors.Save(folder.PathOf(AdaptationRunner.ModelFile(name)), model);
        Outputs source = Outputs.Of(model, sets.SourceTest);
        var look = new Look(
            options.Steps, [], ImmutableDictionary<string, double>.Empty, source.Accuracy,
            accuracy);
        return new([], [look], look);
    }
}
