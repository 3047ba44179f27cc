// One seed of engine finetune. What is finished stands in files and is not done again by a run that
// goes on.
using System.Collections.Immutable;
using System.Diagnostics;
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
}

internal sealed class FineTuneSeed(
    FineTuneOptions options, long seed, FewLabels data, RunFolder folder, VerbContext context)
    : IStartUse<TunedSeed>
{
    private const int RatesTried = 60;

    private readonly string name = $"seed-{seed}";
    private readonly Stopwatch clock = Stopwatch.StartNew();

    /// <summary>Runs a seed, or reads what an earlier session made of it.</summary>
    public static TunedSeed Run(
        FineTuneOptions options, IStart start, int number, long seed, FewLabels data,
        RunFolder folder, VerbContext context)
    {
        string done = $"seed-{seed}.json";
        if (File.Exists(folder.PathOf(done)))
            return folder.ReadJson<TunedSeed>(done, "delete it to run this seed again");
        TunedSeed tuned = start.Use(
            new(number, seed, data.Tuned.Classes, folder, context),
            new FineTuneSeed(options, seed, data, folder, context));
        folder.Replace(done, stream => JsonSerializer.Serialize(stream, tuned));
        new TuneRun(folder, $"seed-{seed}", context).Forget();
        return tuned;
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
            tuning, name, data.Tuned, seed, options.Batch, options.Steps,
            Math.Min(options.Looks, options.Steps), state => Accuracy(At(state)));
        keep(At(end));
        long moved = plan.Parts(start.Network).Sum(part => part.ParameterCount());
        return Of(Accuracy(start), run.Looks, moved);
    }

    /// <summary>The head that is best on the features as they are.</summary>
    private TunedSeed Probe<N>(Adapted<N> start) where N : IFeatureNetwork
    {
        Outputs few = Outputs.Of(start, data.Tuned);
        Linear head = LinearProbe.Fit(few.Features, few.Labels, data.Tuned.Classes.Length);
        Adapted<N> probed = start with { Network = Heads.Replace(start.Network, head) };
        Keep(probed);
        double loss = Loss.CrossEntropy(head.Forward(few.Features), few.Labels).Item();
        return Of(
            Outputs.Of(start, data.Tested).Accuracy,
            [new(0, loss, Outputs.Of(probed, data.Tested).Accuracy)], head.ParameterCount());
    }

    private TunedSeed Of(double before, ImmutableArray<TuneLook> looks, long moved) =>
        new(seed, before, looks, moved, 0, NewHead: false, 0);

    private void Keep<N>(Adapted<N> model) where N : IFeatureNetwork =>
        SafeTensors.Save(folder.PathOf(AdaptationRunner.ModelFile(name)), model);
}
