// One seed of engine finetune. What is finished stands in files and is not done again by a run that
// goes on.
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>The figures of a seed; accuracies are shares of the examples tested on.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Before">The accuracy of the start.</param>
/// <param name="Looks">What was seen on the way, the last at the end.</param>
/// <param name="Moved">How many numbers move.</param>
/// <param name="Parameters">How many the network has, without adapters.</param>
/// <param name="NewHead">Whether the head was untrained.</param>
/// <param name="Seconds">How long the session that finished it took.</param>
internal sealed record TunedSeed(
    long Seed, double Before, ImmutableArray<TuneLook> Looks, long Moved, long Parameters,
    bool NewHead, double Seconds)
{
    /// <summary>The accuracy at the end.</summary>
    public double Accuracy => Looks[^1].Accuracy;

    /// <summary>The largest rate of its steps; null if it took none.</summary>
    public double? Rate { get; init; }
}

internal sealed class FineTuneSeed(
    FineTuneOptions options, long seed, FewLabels data, RunFolder folder, VerbContext context)
    : IStartUse<TunedSeed>
{
    private const int RatesTried = 60;

    private readonly string name = $"seed-{seed}";
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>What an earlier session made of a seed; null if it did not finish it.</summary>
    /// <exception cref="CliException">
    /// The file is damaged, or of another rate than the run has now.
    /// </exception>
    public static TunedSeed? Done(
        FineTuneOptions options, long seed, RunFolder folder, VerbContext context)
    {
        string file = FileOf(seed);
        if (!File.Exists(folder.PathOf(file))) return null;
        var done = folder.ReadJson<TunedSeed>(file, "delete it to run this seed again");
        if (done.Rate is { } rate && rate != (options.Rate ?? RateChoice.Read(folder)?.Rate))
            throw CliException.Fail(string.Create(CultureInfo.InvariantCulture,
                $"{folder.PathOf(file)}: was tuned at the rate {rate:G6}, which is not the one "
                + $"that the run has now ({RateChoice.Name}); delete it to run this seed again."));
        // A session that was killed just before its end left it.
        new TuneRun(folder, $"seed-{seed}", context).Forget();
        return done;
    }

    /// <summary>Runs a seed, from where an earlier session was stopped.</summary>
    public static TunedSeed Run(
        FineTuneOptions options, IStart start, int number, long seed, FewLabels data,
        RunFolder folder, VerbContext context)
    {
        TunedSeed tuned = start.Use(
            new(number, seed, data.Tuned.Classes, folder, context),
            new FineTuneSeed(options, seed, data, folder, context));
        folder.Replace(FileOf(seed), stream => JsonSerializer.Serialize(stream, tuned));
        new TuneRun(folder, $"seed-{seed}", context).Forget();
        return tuned;
    }

    public void Check<N>(StartNetwork<N> untrained) where N : IFeatureNetwork
    {
        if (options.Adapter is not null) FineTunePlans.StartAdapters(options, untrained, seed);
    }

    public TunedSeed With<N>(StartNetwork<N> start) where N : IFeatureNetwork
    {
        N network = start.Model.Network;
        long parameters = network.ParameterCount();
        TunedSeed tuned = options.Plan switch
        {
            PlanName.Probe => Probe(start.Model),
            PlanName.Lora => Tune(
                new Adapted<WithLora<N>>(
                    new(network, FineTunePlans.StartAdapters(options, start, seed)),
                    start.Model.Statistics),
                FineTunePlans.Adapters(options, start),
                model =>
                {
                    model.Network.Lora.Save(folder.PathOf($"{name}-adapter"), network);
                    Keep(new Adapted<N>(model.Network.Merged, model.Statistics));
                }),
            _ => Tune(start.Model, FineTunePlans.Of(options, network), Keep),
        };
        return tuned with
        {
            Parameters = parameters,
            NewHead = start.NewHead,
            Seconds = clock.Elapsed.TotalSeconds,
        };
    }

    /// <summary>Steps by a plan, at the rate that was asked for or found.</summary>
    private TunedSeed Tune<N>(Adapted<N> start, TunePlan plan, Action<Adapted<N>> keep)
        where N : IFeatureNetwork
    {
        var outputs = Outputs.Reader<N>();
        double Accuracy(Adapted<N> model) => outputs(model, data.Tested, 256).Accuracy;
        FineTuning<N> Tuning(Optimizer optimizer) => new(
            start.Network, start.Statistics, plan, optimizer)
        {
            Penalty = options.L2sp is { } alpha
                ? view => L2Sp.Penalty(view.Network, view.Start, alpha) : null,
            Seed = seed,
        };
        double rate = options.Rate ?? RateChoice.ReadOrFind(folder, () =>
        {
            FineTuning<N> trial = Tuning(Optim.Adam(1e-3)); // the finder has rates of its own
            return trial.FindRate(trial.Begin(), step =>
            {
                context.Stop.ThrowIfCancellationRequested();
                var batch = data.Tuned.Batch(seed, step, options.Batch);
                return (batch.X, batch.Y);
            }, steps: RatesTried);
        }).Rate;

        FineTuning<N> tuning = Tuning(Optim.Adam(FineTunePlans.Schedule(options, rate)));
        Adapted<N> At(TuneState state) => new(tuning.Network(state), state.Statistics);
        var run = new TuneRun(folder, name, context);
        TuneState end = run.ToEnd(
            tuning, name, data.Tuned, seed, options.Batch, options.Steps, rate,
            "Lower --rate.", Math.Min(options.Looks, options.Steps), state => Accuracy(At(state)));
        keep(At(end));
        long moved = plan.Parts(start.Network).Sum(part => part.ParameterCount());
        return Of(Accuracy(start), run.Looks, moved) with { Rate = rate };
    }

    /// <summary>The head that is best on the features as they are.</summary>
    private TunedSeed Probe<N>(Adapted<N> start) where N : IFeatureNetwork
    {
        context.Stop.ThrowIfCancellationRequested();
        var read = Outputs.Reader<N>();
        Outputs few = read(start, data.Tuned, 256);
        Linear head = LinearProbe.Fit(few.Features, few.Labels, data.Tuned.Classes.Length);
        double loss = Loss.CrossEntropy(head.Forward(few.Features), few.Labels).Item();
        context.Stop.ThrowIfCancellationRequested();
        // The features stay, so that one pass tells of both heads.
        Outputs tested = read(start, data.Tested, 256);
        context.Stop.ThrowIfCancellationRequested();
        Outputs after = tested with { Logits = head.Forward(tested.Features).Eval() };
        Keep(start with { Network = Heads.Replace(start.Network, head) });
        return Of(tested.Accuracy, [new(0, loss, after.Accuracy)], head.ParameterCount());
    }

    private TunedSeed Of(double before, ImmutableArray<TuneLook> looks, long moved) =>
        new(seed, before, looks, moved, 0, NewHead: false, 0);

    private static string FileOf(long seed) => $"seed-{seed}.json";

    private void Keep<N>(Adapted<N> model) where N : IFeatureNetwork =>
        SafeTensors.Save(folder.PathOf(AdaptationRunner.ModelFile(name)), model);
}
