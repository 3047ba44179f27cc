// Learns from the source domains of an experiment that leaves one out, by one of the methods.
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>The training of one seed on all domains but one.</summary>
/// <param name="Sets">The domains, one left out.</param>
/// <param name="Seed">Draws the first weights and the batches: those of all methods alike.</param>
internal sealed record DomainLearning(LeaveOneOut Sets, long Seed)
{
    // What the start of MAML is adapted on comes from a stream of its own.
    private const int AdaptExamples = 256;

    /// <summary>The same first weights for every method.</summary>
    private Mlp Start => Mlp.Create(
        Key.From(Seed),
        [Sets.Unseen.Size, DomainSettings.Hidden, Sets.Unseen.Classes.Length]);

    private static Objective<Mlp> Classifier { get; } =
        Objective.OfImages<Mlp>() with { BatchNorm = BatchNormMode.None };

    /// <summary>Trains, chooses by kept examples of the sources, and tests on the other.</summary>
    public Generalised<Mlp> Run(
        DomainMethod method, DomainSettings settings,
        Action<int, IReadOnlyList<double>> told)
    {
        Optimizer adam = Optim.Adam(
            Schedule.Cosine(settings.Rate, settings.Steps, settings.Rate / 100),
            weightDecay: settings.WeightDecay);
        Func<int, Domains> batches = Domains.Batches(Sets.Sources, DomainSettings.Batch, Seed);
        NormStatistics none = NormStatistics.For(Start);
        LeaveOneOut sets = Sets with { Looks = settings.Looks };
        switch (method)
        {
            case DomainMethod.Mldg:
                return sets.Run(
                    Mldg(settings).Training(Start, adam), batches, settings.Steps,
                    state => new Adapted<Mlp>(state.Model, none), told);
            case DomainMethod.Maml:
                Maml<Mlp> maml = Maml(settings);
                Domains sources = Domains.Batches(Sets.Sources, AdaptExamples, ~Seed)(0);
                var adapt = Compile.Of(
                    (Mlp start, Domains on) => DomainMaml.Adapt(maml, start, on));
                return sets.Run(
                    DomainMaml.Training(maml, Start, adam), batches, settings.Steps,
                    state => new Adapted<Mlp>(adapt(state.Model, sources), none), told);
            default:
                double share = 1.0 / Sets.Sources.Length;
                var joint = new JointTraining<Mlp>(
                    Start, Sets.Sources.Select(set => new JointTask(set, share)), adam,
                    Key.From(Seed));
                return sets.Run(
                    joint.Training, joint.Batches(DomainSettings.Batch, Seed), settings.Steps,
                    state => new Adapted<Mlp>(state.Model.Network, none), told);
        }
    }

    /// <summary>Holds the first gradient to differences; null if nothing is meta-learned.</summary>
    public OrderCheck? CheckOrder(DomainMethod method, DomainSettings settings)
    {
        Domains first = Domains.Batches(Sets.Sources, DomainSettings.Batch, Seed)(0);
        return method switch
        {
            DomainMethod.Mldg => Mldg(settings).CheckOrder(Start, first),
            DomainMethod.Maml => OrderCheck.Measure(
                Maml(settings).Method, Start, DomainMaml.Tasks(first).Task(0)),
            _ => null,
        };
    }

    private static Mldg<Mlp> Mldg(DomainSettings settings) => new(Classifier, settings.InnerRate);

    private static Maml<Mlp> Maml(DomainSettings settings) =>
        new(Classifier, InnerSteps: 1, settings.InnerRate);
}
