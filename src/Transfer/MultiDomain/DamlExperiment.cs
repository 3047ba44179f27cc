// DAML beside its ablations on one pair of domains: every model chosen by a validator without
// target labels, and measured before and after fine-tuning on a few labels of the target.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>What one part reached; shares of the target's test set.</summary>
/// <param name="Part">The part.</param>
/// <param name="Before">Of the chosen model, before it saw a label of the target.</param>
/// <param name="After">After fine-tuning.</param>
/// <param name="Oracle">The best before fine-tuning, if target labels had chosen.</param>
public sealed record DamlRow(DamlPart Part, double Before, double After, double Oracle);

/// <summary>A seed's rows, and the generator that was used.</summary>
public sealed record DamlFigures(ImmutableArray<DamlRow> Rows, Generator Generator);

/// <summary>The experiment.</summary>
/// <param name="Sets">Source and target, images of values 0 to 1.</param>
/// <param name="GeneratorSteps">Steps of the generator's training.</param>
/// <param name="Steps">Steps of each part's training.</param>
/// <param name="BatchSize">Examples of each domain in a step; even.</param>
/// <param name="PerClass">Labels of each target class to fine-tune on.</param>
public sealed record DamlExperiment(
    DomainSets Sets, int GeneratorSteps = 500, int Steps = 300, int BatchSize = 64,
    int PerClass = 5)
{
    /// <summary>How often each run is looked at by the validator.</summary>
    public int Looks { get; init; } = 4;

    /// <summary>What the parts of the generator's losses weigh.</summary>
    public GeneratorWeights Weights { get; init; } = new();

    /// <summary>The parts to run, in order.</summary>
    public ImmutableArray<DamlPart> Parts { get; init; } = [.. Enum.GetValues<DamlPart>()];

    /// <summary>Runs the parts with one seed, all from the same first weights.</summary>
    /// <param name="network">The network's first weights.</param>
    /// <param name="seed">Randomness of batches, of the generator and of the few labels.</param>
    /// <param name="told">Is told what runs, steps done and losses.</param>
    public DamlFigures Run<N>(
        N network, long seed, Action<string, int, IReadOnlyList<double>>? told = null)
        where N : IFeatureNetwork
    {
        LabelledSet few = Sets.Target.PerClass(PerClass, seed).Chosen;
        Generator generator = Train(network, seed, told);
        Optimizer adam = Optim.Adam(Schedule.Cosine(1e-3, Steps));
        var rows = ImmutableArray.CreateBuilder<DamlRow>();
        foreach (DamlPart part in Parts)
        {
            Selected<N> run = Selecting(
                part == DamlPart.Oracle ? Sets with { Source = Sets.Target } : Sets, Steps, seed)
                .Run(
                    Daml.Create(network, generator, adam, part),
                    (done, losses) => told?.Invoke($"{part}", done, losses));
            rows.Add(new(
                part, Accuracy(run.Chosen), Accuracy(Daml.Tune(run.Chosen, few)), run.Oracle));
        }
        return new(rows.ToImmutable(), generator);
    }

    /// <summary>
    /// Measures that the gradient of an episode is exact, through the inner steps.
    /// </summary>
    /// <param name="network">Where it is measured.</param>
    /// <param name="seed">Which examples of the source it is measured on.</param>
    public OrderCheck CheckOrder<N>(N network, long seed) where N : IFeatureNetwork
    {
        LabelledBatch some = Sets.Source.Batch(seed, 0, size: 16);
        Generator generator = Generator.Create(
            Key.From(seed), Sets.Source.Shape[0], Sets.Source.Shape[1]);
        var (source, other) = Daml.Halves(
            DamlPart.Daml, generator, new(some.X, some.Y, some.X, Tensor.Scalar(0f), Key.From(seed)));
        var method = new Method<N>(
            (net, halves, _) => Daml.Losses(
                net, Alone(halves.SupportX, halves.SupportY),
                Alone(halves.QueryX, halves.QueryY), DamlPart.Daml, Daml.InnerRate).Sum(),
            (net, halves, _) => [net.Forward(halves.QueryX)], Claim.Exact, BatchNormMode.Transductive);
        return OrderCheck.Measure(
            method, network, new Episode(source.X[0], source.Y[0], other.X[0], other.Y[0]));

        Domains Alone(Tensor x, Tensor y) => new(x.ExpandDims(0), y.ExpandDims(0), Key.From(0));
    }

    /// <summary>
    /// The generator at the look whose classifier the validator likes best.
    /// </summary>
    private Generator Train<N>(
        N network, long seed, Action<string, int, IReadOnlyList<double>>? told)
        where N : IFeatureNetwork
    {
        Key[] keys = Key.From(seed).Split(2);
        int channels = Sets.Source.Shape[0], size = Sets.Source.Shape[1];
        Generator chosen = Generator.Create(keys[0], channels, size);
        SelectedRun run = Selecting(Sets, GeneratorSteps, seed);
        double best = double.NegativeInfinity;
        run.Run(
            GeneratorTraining.Create(
                network, chosen, ImageCritic.Create(keys[1], network.Head.Weight.Shape[0], channels, size),
                Optim.Adam(1e-3, beta1: 0.5), Optim.Adam(1e-3), Weights),
            (done, losses) => told?.Invoke("generator", done, losses),
            (done, state, looks) =>
            {
                if (looks.Length == 0 || looks[^1].Step != done) return;
                double score = looks[^1].Scores[run.Validator.Name];
                if (score <= best) return;
                (best, chosen) = (score, Tree.Copy(state.State.Average));
            });
        return chosen;
    }

    private SelectedRun Selecting(DomainSets sets, int steps, long seed) =>
        new(sets, steps, BatchSize, seed) { Looks = Math.Min(Looks, steps), Others = [] };

    private double Accuracy<N>(Adapted<N> model) where N : IFeatureNetwork =>
        Outputs.Of(model, Sets.TargetTest).Accuracy;
}
