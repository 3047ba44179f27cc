// A network that is trained on a source first, seed by seed: plain supervised training.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal sealed class TrainedStart : IStart
{
    private const string Embedded = "fontdigits";
    private const int Batch = 64;
    private const double Rate = 1e-3;

    private readonly FineTuneOptions options;
    private readonly LabelledSet source;
    private readonly int steps;

    private TrainedStart(FineTuneOptions options, LabelledSet source)
    {
        (this.options, this.source) = (options, source);
        steps = options.SourceSteps ?? 400;
    }

    public string Text => $"trained for {steps:N0} steps on {source}";

    public IEnumerable<(string Spec, long Seed)> Learned =>
        [(options.Source ?? Embedded, options.Seed)];

    public static TrainedStart Open(FineTuneOptions options)
    {
        LabelledSet source = DomainSpec.Parse("--source", options.Source ?? Embedded)
            .Load("--source", options.Vectors, options.Seed).Chosen;
        if (source.Labels.Distinct().Take(2).Count() < 2)
            throw CliException.Use($"--source: {source.Name} has examples of fewer than two "
                + "classes; a classifier cannot learn from it.");
        if (options.Size is not null && source.Shape.Rank != 3)
            throw CliException.Use($"--size: {source.Name} has vectors; leave it out.");
        if (options.Size is { } size) source = source.Resize(size, size);
        AdaptationNetworks.Check(options.Network, source);
        return new(options, source);
    }

    public LabelledSet Prepare(LabelledSet data) => Starts.Fit(
        Starts.Sized(data, source.Shape), source.Shape, $"a network trained on {source.Name}");

    public R Use<R>(StartSeed seed, IStartUse<R> use) => AdaptationNetworks.Use(
        options.Network, source, Key.From(seed.Seed), new Train<R>(this, seed, use));

    private sealed class Train<R>(TrainedStart of, StartSeed at, IStartUse<R> use)
        : INetworkUse<R>
    {
        public R With<N>(N network) where N : IFeatureNetwork =>
            use.With(Starts.For(Trained(network), of.source.Classes, at));

        private Adapted<N> Trained<N>(N network) where N : IFeatureNetwork
        {
            string name = $"seed-{at.Seed}-start";
            string file = at.Folder.PathOf($"{name}.safetensors");
            NormStatistics statistics = NormStatistics.For(network);
            var untrained = new Adapted<N>(network, statistics);
            var run = new TuneRun(at.Folder, name, at.Context);
            if (File.Exists(file))
            {
                run.Forget();
                return SafeTensors.Load(file, untrained);
            }

            use.Check(Starts.For(untrained, of.source.Classes, at));
            var training = new FineTuning<N>(
                network, statistics, TunePlan.All(),
                Optim.Adam(Schedule.Cosine(Rate, of.steps, Rate / 100)));
            TuneState end = run.ToEnd(
                training, $"seed {at.Seed}, source", of.source, at.Seed, Batch, of.steps, Rate,
                "Give another --network, or --source data that it can learn.");
            var trained = new Adapted<N>(training.Network(end), end.Statistics);
            SafeTensors.Save(file, trained);
            run.Forget();
            return trained;
        }
    }
}
