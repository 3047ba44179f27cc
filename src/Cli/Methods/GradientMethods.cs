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

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.4;

    [Option("Order of differentiation")]
    public DerivativeOrder Order { get; init; }

    public string Description => Text.Steps("MAML", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        new Maml<T>(
            start.Objective, InnerSteps, InnerRate, Order == DerivativeOrder.First).Method,
        start.Model, start.Run, TestSteps);
}

/// <summary>MAML of the head alone.</summary>
internal sealed record AnilOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 5;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 5;

    [Option("Rate of the inner steps", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.4;

    public string Description => Text.Steps("ANIL", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features = start.Network.Features ?? throw Text.Lacks("anil", "features");
        Func<T, Linear> head = start.Network.Head ?? throw Text.Lacks("anil", "the head");
        return Learner.Of(
            new Anil<T, Linear>(
                (model, x) => features(model, x, ByBatch), head,
                new((layer, x) => layer.Forward(x), start.Objective.Loss,
                    start.Objective.BatchNorm),
                InnerSteps, InnerRate).Method,
            start.Model, start.Run, TestSteps);
    }

    private static Tensor ByBatch(BatchNorm norm, Tensor x) => norm.Forward(x);
}

/// <summary>MAML of everything but the head.</summary>
internal sealed record BoilOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.5;

    public string Description => Text.Steps("BOIL", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        Boil.Of(
            start.Model, start.Objective,
            start.Network.HeadPath?.Invoke(start.Model) ?? throw Text.Lacks("boil", "the head"),
            InnerSteps, InnerRate).Method,
        start.Model, start.Run, TestSteps);
}

/// <summary>MAML with a learned rate for every parameter.</summary>
internal sealed record MetaSgdOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps at the beginning", Low = 0.02, High = 2)]
    public double InnerRate { get; init; } = 0.4;

    public string Description => Text.Steps("Meta-SGD", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new MetaSgd<T>(start.Objective, InnerSteps);
        return Learner.Of(
            method.Method, method.Begin(start.Model, InnerRate), start.Run, TestSteps);
    }
}

/// <summary>Towards what tasks make of the model.</summary>
internal sealed record ReptileOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 3, High = 12)]
    public int InnerSteps { get; init; } = 5;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 50;

    [Option("Rate of the inner steps", Low = 3e-4, High = 1e-2)]
    public double InnerRate { get; init; } = 1e-3;

    [Option("Support images an inner step")]
    public int InnerBatch { get; init; } = 10;

    public string Description => Text.Steps("Reptile", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        int steps = start.Run.Iterations ?? throw CliException.Use(
            "--iterations: the outer rate of reptile falls to zero at the end; say how many "
            + "meta-steps there are.");
        var method = new Reptile<T>(
            start.Objective, Reptile.Adam(InnerRate), InnerSteps, InnerBatch);
        return Learner.Of(
            method.Method, method.Begin(start.Model, start.Key), start.Run, TestSteps,
            Optim.Sgd(Schedule.Linear(start.Run.Rate, 0, steps)));
    }
}

/// <summary>Only context parameters adapt.</summary>
internal sealed record CaviaOptions : ILearnerOptions
{
    [Option("Context parameters")]
    public int Contexts { get; init; } = 100;

    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 2;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 2;

    [Option("Rate of the inner steps", Low = 0.05, High = 5)]
    public double InnerRate { get; init; } = 1;

    public string Description => Text.Steps("CAVIA", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree => start.Model switch
    {
        Conv4 network => Of(network, start.Key, start.Run),
        ResNet12 network => Of(network, start.Key, start.Run),
        _ => throw Text.Lacks("cavia", "batch normalisations, which the context scales"),
    };

    private Learner Of<N>(N network, Key key, RunOptions run) where N : IImageNetwork => Learner.Of(
        Cavia.Images<N>(Contexts, InnerSteps, InnerRate).Method,
        Film<N>.Create(key, network, Contexts), run, TestSteps);
}

/// <summary>The optimiser is an LSTM whose cell is the learner.</summary>
internal sealed record MetaLstmOptions : ILearnerOptions
{
    [Option("Updates in training", Low = 1, High = 12)]
    public int InnerSteps { get; init; } = 5;

    [Option("Updates in testing")]
    public int TestSteps { get; init; } = 5;

    [Option("Units of the learned optimiser's first layer")]
    public int OptimizerUnits { get; init; } = 20;

    public string Description => $"Meta-LSTM, {Text.Inner(InnerSteps)} (test: {TestSteps})";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new MetaLstm<T>(start.Objective, InnerSteps);
        return Learner.Of(
            method.Method, method.Create(start.Key, start.Model, OptimizerUnits), start.Run, TestSteps);
    }
}
