// The methods of the command that adapt by gradients: one record each, whose properties are the
// options that can be typed.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>MAML, exact or first-order.</summary>
internal sealed record MamlOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.4;

    [Option("Order of differentiation")]
    public DerivativeOrder Order { get; init; }

    [Option(PretrainedBody.Help, Min = 0, Later = true)]
    public int PretrainSteps { get; init; }

    public string Description => MethodText.Steps("MAML", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        new Maml<T>(
            start.Objective, InnerSteps, InnerRate, Order == DerivativeOrder.First).Method,
        start.Model, start.Run, TestSteps,
        prepare: PretrainedBody.Prepare("maml", start, PretrainSteps), network: p => p);
}

/// <summary>MAML of the head alone.</summary>
internal sealed record AnilOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 5;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 5;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.4;

    [Option(PretrainedBody.Help, Min = 0, Later = true)]
    public int PretrainSteps { get; init; }

    public string Description => MethodText.Steps("ANIL", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features = start.Network.Features ?? throw MethodText.Lacks("anil", "features");
        Func<T, Linear> head = start.Network.Head ?? throw MethodText.Lacks("anil", "the head");
        return Learner.Of(
            new Anil<T, Linear>(
                (model, x) => features(model, x, ByBatch), head,
                new((layer, x) => layer.Forward(x), start.Objective.Loss,
                    start.Objective.BatchNorm),
                InnerSteps, InnerRate).Method,
            start.Model, start.Run, TestSteps,
            prepare: PretrainedBody.Prepare("anil", start, PretrainSteps), network: p => p);
    }

    private static Tensor ByBatch(BatchNorm norm, Tensor x) => norm.Forward(x);
}

/// <summary>MAML of everything but the head.</summary>
internal sealed record BoilOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.5;

    [Option(PretrainedBody.Help, Min = 0, Later = true)]
    public int PretrainSteps { get; init; }

    public string Description => MethodText.Steps("BOIL", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        Boil.Of(
            start.Model, start.Objective,
            start.Network.HeadPath?.Invoke(start.Model)
                ?? throw MethodText.Lacks("boil", "the head"),
            InnerSteps, InnerRate).Method,
        start.Model, start.Run, TestSteps,
        prepare: PretrainedBody.Prepare("boil", start, PretrainSteps), network: p => p);
}

/// <summary>MAML with a learned rate for every parameter.</summary>
internal sealed record MetaSgdOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps at the beginning", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.4;

    [Option(PretrainedBody.Help, Min = 0, Later = true)]
    public int PretrainSteps { get; init; }

    public string Description => MethodText.Steps("Meta-SGD", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new MetaSgd<T>(start.Objective, InnerSteps);
        return Learner.Of(
            method.Method, method.Begin(start.Model, InnerRate), start.Run, TestSteps,
            prepare: PretrainedBody.Prepare("meta-sgd", start, PretrainSteps) is { } pretrained
                ? (p, before) => p with { Model = pretrained(p.Model, before) } : null,
            network: p => p.Model);
    }
}

/// <summary>MAML with what makes it steadier, each of which can be switched off.</summary>
internal sealed record MamlPlusPlusOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 3;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps at the beginning", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.1;

    [Option("Whether the losses after all inner steps count at first")]
    public bool MultiStep { get; init; } = true;

    [Option("Whether the rate of each leaf at each step is learned")]
    public bool LearnRates { get; init; } = true;

    [Option("Whether each step has scales and shifts of batch normalisation of its own")]
    public bool PerStepNorm { get; init; } = true;

    [Option("Statistics that normalise query sets")]
    public QueryStatistics QueryStatistics { get; init; }

    [Option("Whether the first tenth of training is first-order")]
    public bool AnnealOrder { get; init; }

    public string Description =>
        MethodText.Steps("MAML++", InnerSteps, InnerRate, TestSteps) + (AnnealOrder
            ? ", a tenth of training first-order" : "");

    public bool Anneals => true;

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        int steps = start.Run.Iterations ?? throw CliException.Use(
            "--iterations: maml++ anneals along the training; say how many meta-steps there are.");
        var method = new MamlPlusPlus<T>(
            start.Objective, InnerSteps, InnerRate, MultiStep, LearnRates, PerStepNorm,
            QueryStatistics);
        return Learner.Of(
            method.Method, method.Begin(start.Model), start.Run, TestSteps,
            progress: Meta.Progress.Over(steps, AnnealOrder ? 0.1 : 0));
    }
}

/// <summary>The meta-gradient of the minimum that adaptation goes to.</summary>
internal sealed record ImplicitMamlOptions : ILearnerOptions
{
    [Option("Inner steps")]
    public int InnerSteps { get; init; } = 16;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 16;

    [Option("Rate of the inner steps", Low = 0.02, High = 1, InTest = true)]
    public double InnerRate { get; init; } = 0.1;

    [Option("How strongly adaptation is held at the start", Low = 0.05, High = 2, InTest = true)]
    public double Strength { get; init; } = 0.1;

    [Option("Steps of conjugate gradients")]
    public int SolverSteps { get; init; } = 5;

    [Option(PretrainedBody.Help, Min = 0, Later = true)]
    public int PretrainSteps { get; init; }

    public string Description =>
        MethodText.Steps("implicit MAML", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        new ImplicitMaml<T>(
            start.Objective, Strength, InnerSteps, InnerRate, SolverSteps).Method,
        start.Model, start.Run, TestSteps,
        prepare: PretrainedBody.Prepare("imaml", start, PretrainSteps), network: p => p);
}

/// <summary>Towards what tasks make of the model.</summary>
internal sealed record ReptileOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 3, High = 12)]
    public int InnerSteps { get; init; } = 5;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 50;

    [Option("Rate of the inner steps", Low = 3e-4, High = 2e-2, InTest = true)]
    public double InnerRate { get; init; } = 6e-3;

    [Option("Support images an inner step")]
    public int InnerBatch { get; init; } = 10;

    public string Description => MethodText.Steps("Reptile", InnerSteps, InnerRate, TestSteps);

    public string Outer => "SGD";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new Reptile<T>(
            start.Objective, Reptile.Adam(InnerRate), InnerSteps, InnerBatch);
        return Learner.Of(
            method.Method, method.Begin(start.Model, start.Key), start.Run, TestSteps,
            Optim.Sgd(start.Run.OuterRate()), network: p => p.Model);
    }
}

/// <summary>Only context parameters adapt.</summary>
internal sealed record CaviaOptions : ILearnerOptions
{
    [Option("Context parameters")]
    public int Contexts { get; init; } = 100;

    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 2;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 2;

    [Option("Rate of the inner steps", Low = 0.05, High = 5, InTest = true)]
    public double InnerRate { get; init; } = 1;

    public string Description => MethodText.Steps("CAVIA", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => start.Model switch
    {
        Conv4 network => Of(network, Generator(start.Key), start.Run),
        ResNet12 network => Of(network, Generator(start.Key), start.Run),
        _ => throw MethodText.Lacks("cavia", "batch normalisations, which the context scales,",
            "conv4 or resnet12"),
    };

    /// <summary>
    /// The generator's own key. The one that it is split from is also that of a layer of the
    /// network, which is drawn from the same seed: the weights of both would be the same numbers.
    /// </summary>
    private static Key Generator(Key key) => key.Split()[0];

    private Learner Of<N>(N network, Key key, RunOptions run) where N : IFeatureNetwork => Learner.Of(
        Cavia.Images<N>(Contexts, InnerSteps, InnerRate).Method,
        Film<N>.Create(key, network, Contexts), run, TestSteps);
}
