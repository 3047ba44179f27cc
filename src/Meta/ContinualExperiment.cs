// The experiment of "Meta-learning representations for continual learning" (Javed and White, 2019,
// section 5) on any set of images: many unseen classes one after another, one sample at a time, by
// OML, on the frozen features of a pre-trained network, by fine-tuning all of it, and from scratch.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>What is compared.</summary>
public enum ContinualLearner
{
    /// <summary>A representation learned by OML; the prediction layer learns online.</summary>
    Oml,

    /// <summary>
    /// A representation from ordinary classification; the prediction layer learns online.
    /// </summary>
    Pretrained,

    /// <summary>The same network, all of whose weights learn online: plain fine-tuning.</summary>
    FineTuned,

    /// <summary>Random weights, all of which learn online.</summary>
    Scratch,
}

/// <summary>Settings of the experiment; its functions depend on nothing else.</summary>
/// <param name="Split">Classes to learn the representation, to choose rates, and to test.</param>
public sealed record ContinualExperiment(ClassSplit Split)
{
    /// <summary>Filters of each convolution.</summary>
    public int Filters { get; init; } = 32;

    /// <summary>Convolutions.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>New classes in a stream of OML's training.</summary>
    public int StreamClasses { get; init; } = 1;

    /// <summary>Samples of each.</summary>
    public int StreamSamples { get; init; } = 20;

    /// <summary>Samples of all classes beside a stream.</summary>
    public int Remember { get; init; } = 64;

    /// <summary>Streams a step of OML.</summary>
    public int MetaBatch { get; init; } = 1;

    /// <summary>Images a step of ordinary classification.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>The rate of OML's steps on a stream.</summary>
    public double InnerRate { get; init; } = 0.03;

    /// <summary>Adam's rate, for OML and for classification.</summary>
    public double OuterRate { get; init; } = 1e-3;

    /// <summary>Classes of a test sequence; fewer if validation or test have fewer.</summary>
    public int Ways { get; init; } = 50;

    /// <summary>Images of each that are learned.</summary>
    public int Shots { get; init; } = 15;

    /// <summary>Images of each that are tested.</summary>
    public int Queries { get; init; } = 5;

    /// <summary>Rates of online learning, of which validation classes choose one.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [1e-3, 3e-3, 0.01, 0.03, 0.1];

    /// <summary>Of weights, training streams and sequences.</summary>
    public long Seed { get; init; }

    /// <summary>The network before any training: what scratch learns with.</summary>
    public OnlineLearner<PlainConv, Linear> Start()
    {
        Key[] keys = Key.From(Seed).Split();
        PlainConv network =
            PlainConv.Create(keys[0], Split.Train.Channels, Filters, Layers);
        int features = network.FeatureCount(Split.Train.Height);
        return new(network, Linear.Create(keys[1], features, Split.Train.Classes.Length));
    }

    /// <summary>The network after that many steps of OML.</summary>
    /// <param name="steps">Steps of the outer loop.</param>
    /// <param name="onStep">Called after each with its number, from 1 on, and its loss.</param>
    /// <param name="stop">Ends training between two steps.</param>
    public OnlineLearner<PlainConv, Linear> TrainOml(
        int steps, Action<long, double>? onStep = null, CancellationToken stop = default)
    {
        var streams = new ClassStreams(Split.Train, StreamClasses, StreamSamples, Remember);
        var training = new MetaTraining<OnlineLearner<PlainConv, Linear>>(
            Oml.Of(InnerRate).Method, Optim.Adam(OuterRate),
            (first, count) => streams.Sample(Seed, first, count), MetaBatch);
        return Train(training, Start(), steps, onStep, stop);
    }

    /// <summary>The network after that many steps of ordinary classification.</summary>
    /// <inheritdoc cref="TrainOml"/>
    public OnlineLearner<PlainConv, Linear> TrainClassifier(
        int steps, Action<long, double>? onStep = null, CancellationToken stop = default)
    {
        var batches = new ImageBatches(Split.Train, BatchSize);
        var classifier = new Classification<OnlineLearner<PlainConv, Linear>>(
            (p, x, _) => Logits(p, x), BatchNormMode.None);
        var training = new MetaTraining<Running<OnlineLearner<PlainConv, Linear>>>(
            classifier.Method, Optim.Adam(OuterRate),
            (first, count) => batches.Sample(Seed, first, count), metaBatch: 1);
        return Train(training, classifier.Begin(Start()), steps, onStep, stop).Model;
    }

    /// <summary>
    /// Curves on that many sequences of test classes, at the rate that is best on as many of
    /// validation classes.
    /// </summary>
    public ContinualCurves Evaluate(
        ContinualLearner learner, OnlineLearner<PlainConv, Linear> trained, int sequences,
        CancellationToken stop = default)
    {
        double rate = Continual.BestRate(
            Rates, AtRates(learner, trained, Split.Validation, sequences, stop));
        return Learn(learner, trained, Split.Test, sequences, rate, stop);
    }

    /// <summary>Curves on that many sequences of these classes at one rate.</summary>
    public ContinualCurves Learn(
        ContinualLearner learner, OnlineLearner<PlainConv, Linear> trained, ImageClasses classes,
        int sequences, double rate, CancellationToken stop = default) =>
        AtRates(learner, trained, classes, sequences, stop)(rate);

    /// <summary>From a rate to its curves; the sequences are drawn and represented once.</summary>
    private Func<double, ContinualCurves> AtRates(
        ContinualLearner learner, OnlineLearner<PlainConv, Linear> trained, ImageClasses classes,
        int sequences, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(classes);
        int ways = Math.Min(
            Ways, Math.Min(Split.Validation.Classes.Length, Split.Test.Classes.Length));
        Episode drawn = Episode.From(
            new EpisodeSampler(classes, ways, Shots, Queries).Sample(Seed, 0, sequences));

        // Every class is new: its row of the prediction layer begins at zero.
        int features = trained.Prediction.Weight.Shape[1];
        var head = new Linear(Tensor.Zeros([ways, features]).Eval(), Tensor.Zeros(ways).Eval());
        if (learner is ContinualLearner.Scratch or ContinualLearner.FineTuned)
            return Continual.AtRates(trained with { Prediction = head }, Logits, drawn, stop);
        var represent = Compile.Of((PlainConv network, Tensor x) =>
            Vmap.Of((Tensor one) => network.Forward(one))(x));
        Episode represented = drawn with
        {
            SupportX = represent(trained.Representation, drawn.SupportX).Eval(),
            QueryX = represent(trained.Representation, drawn.QueryX).Eval(),
        };
        return Continual.AtRates(head, (h, f) => h.Forward(f), represented, stop);
    }

    private static Tensor Logits(OnlineLearner<PlainConv, Linear> p, Tensor x) =>
        p.Prediction.Forward(p.Representation.Forward(x));

    private static P Train<P>(
        MetaTraining<P> training, P start, int steps, Action<long, double>? onStep,
        CancellationToken stop) where P : ITree
    {
        TrainingState<P> state = training.Start(start);
        while (state.Step < steps)
        {
            stop.ThrowIfCancellationRequested();
            (state, double loss) = training.Step(state);
            onStep?.Invoke(state.Step, loss);
        }
        return state.Model;
    }
}
