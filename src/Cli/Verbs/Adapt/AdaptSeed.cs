// One seed of engine adapt: the network trained on the source, which is the control, and then the
// method. What is finished stands in files and is not done again by a run that goes on.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>The figures of a seed; accuracies are shares of the target's test set.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="SourceOnly">Trained on the source, read with the source's statistics.</param>
/// <param name="Control">The same network, read with the target's statistics.</param>
/// <param name="Method">The method's run.</param>
/// <param name="Seconds">How long the session that finished it took.</param>
internal sealed record SeedFigures(
    long Seed, double SourceOnly, double Control, AdaptedRun Method, double Seconds)
{
    /// <summary>
    /// Over how many classes the target's test set spreads; 0 if that is unknown.
    /// </summary>
    public double Classes { get; init; }
}

internal sealed class AdaptSeed(
    AdaptOptions options, DomainSets sets, long seed, RunFolder folder, VerbContext context)
    : INetworkUse<SeedFigures>
{
    private readonly string name = $"seed-{seed}";
    private string phase = "";

    /// <summary>The network trained on the source alone, with all of its training.</summary>
    public static string ControlFile(string name) => $"{name}-control.safetensors";

    /// <summary>What an earlier session made of a seed; null if it did not finish it.</summary>
    /// <exception cref="CliException">The file is damaged.</exception>
    public static SeedFigures? Done(long seed, RunFolder folder)
    {
        if (!File.Exists(folder.PathOf(FileOf(seed)))) return null;
        var done = folder.ReadJson<SeedFigures>(FileOf(seed), "delete it to run this seed again");
        // A session that was killed just before its end left it.
        File.Delete(folder.PathOf($"seed-{seed}-state.safetensors"));
        return done;
    }

    /// <summary>Runs a seed, from where an earlier session was stopped.</summary>
    /// <param name="advice">What to do where training diverges; the run's options if null.</param>
    public static SeedFigures Run(
        AdaptOptions options, DomainSets sets, long seed, RunFolder folder, VerbContext context,
        string? advice = null)
    {
        var use = new AdaptSeed(options, sets, seed, folder, context);
        SeedFigures figures;
        try
        {
            figures = AdaptationNetworks.Use(options.Network, sets.Source, Key.From(seed), use);
        }
        catch (DivergenceException e)
        {
            bool weighed = use.phase == use.name
                && AdaptationMethods.Find(options.Method).HasWeight;
            throw CliException.Fail(
                $"{use.phase}: training diverged by step {e.Step}: a loss, a weight or a "
                + "validator's score is not finite. "
                + (advice ?? $"Lower --rate{(weighed ? " or --weight" : "")}."), e);
        }

        folder.Replace(FileOf(seed), stream => JsonSerializer.Serialize(stream, figures));
        File.Delete(folder.PathOf($"seed-{seed}-state.safetensors"));
        return figures;
    }

    public SeedFigures With<N>(N network) where N : IFeatureNetwork
    {
        var clock = Stopwatch.StartNew();
        var setting = new AdaptationSetting(sets, options, Key.From(seed).Fold(5));
        TermState<N, None> trained = Control(network, setting);
        Adapted<N> onSource = new(trained.Network, trained.Source);
        Adapted<N> onTarget = new(trained.Network, trained.Target);
        var read = Outputs.Reader<N>();
        Outputs See(Adapted<N> model, LabelledSet set) => read(model, set, 256);
        Outputs control = See(onTarget, sets.TargetTest);
        phase = name;
        AdaptedRun run = options.Method == "none"
            ? OfControl(onSource, onTarget, See(onSource, sets.SourceTest), control)
            : AdaptationMethods.Run(
                setting, network, new(onSource, set => See(onSource, set)),
                new AdaptationRunner(
                    new SelectedRun(sets, options.Steps, options.Batch, seed)
                    {
                        Looks = Math.Min(options.Looks, options.Steps),
                        Validator = AdaptationValidators.Find(options.Validator),
                    },
                    options, folder, name, context));
        return new(
            seed, See(onSource, sets.TargetTest).Accuracy, control.Accuracy, run,
            clock.Elapsed.TotalSeconds)
        {
            Classes = control.LabelledClasses,
        };
    }

    /// <summary>The network trained on the source alone, with statistics of both domains.</summary>
    private TermState<N, None> Control<N>(N network, AdaptationSetting setting)
        where N : IFeatureNetwork
    {
        phase = $"{name}, source only";
        var method = Adapt.Control(network, setting.Adam(1e-3));
        string file = folder.PathOf(ControlFile(name));
        var saved = new SavedPhase(
            phase, $"{name}-control", method.Losses, options, folder, context);
        TermState<N, None> trained;
        if (File.Exists(file)) trained = SafeTensors.Load(file, method.Start);
        else
        {
            var batches = DomainBatches.Of(
                sets.Source, sets.Target, options.Batch, options.Steps, seed);
            trained = saved.Run<TermState<N, None>, TermState<N, None>>(
                method.Start, (before, watch) => Adapt.Run(
                    method, batches, options.Steps,
                    (done, state, losses) =>
                    {
                        watch.Losses(done, losses);
                        watch.State(done, state, () => "");
                    },
                    before is null ? null : (before.State, before.Steps)));
            SafeTensors.Save(file, trained);
        }

        saved.Forget();
        return trained;
    }

    private AdaptedRun OfControl<N>(
        Adapted<N> onSource, Adapted<N> onTarget, Outputs source, Outputs target)
        where N : IFeatureNetwork
    {
        SafeTensors.Save(folder.PathOf(AdaptationRunner.ModelFile(name)), onTarget);
        SafeTensors.Save(folder.PathOf(AdaptationRunner.SourceFile(name)), onSource);
        var look = new Look(
            options.Steps, [], ImmutableDictionary<string, double>.Empty, source.Accuracy,
            target.Accuracy)
        {
            PredictedClasses = target.PredictedClasses,
        };
        return new([], [look], look);
    }

    private static string FileOf(long seed) => $"seed-{seed}.json";
}
