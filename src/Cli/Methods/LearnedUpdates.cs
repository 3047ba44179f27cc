// The methods of the command that learn how to adapt: rates, losses, whole optimisers. One record
// each, whose properties are the options that can be typed.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>An optimiser that adapts.</summary>
internal enum InnerOptimizer
{
    /// <summary>Gradient descent.</summary>
    Sgd,

    /// <summary>Gradient descent with momentum 0.9.</summary>
    Momentum,

    /// <summary>Adam.</summary>
    Adam,

    /// <summary>RMSProp.</summary>
    RmsProp,
}

/// <summary>The inner steps are those of an optimiser with a learned rate for each leaf.</summary>
internal sealed record TunedInnerOptions : ILearnerOptions
{
    // Where gradients are small, the direction of Adam and RMSProp is one over epsilon steep: with
    // the usual 1e-8 second derivatives would be noise.
    private const double Epsilon = 1e-3;

    [Option("Optimiser of the inner steps")]
    public InnerOptimizer InnerOptimizer { get; init; } = InnerOptimizer.Momentum;

    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 3;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps at the beginning", Low = 1e-3, High = 1)]
    public double InnerRate { get; init; } = 0.1;

    public string Description => MethodText.Steps(
        $"learned rates of {InnerOptimizer}", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Optimizer optimizer = InnerOptimizer switch
        {
            InnerOptimizer.Sgd => Optim.Sgd(1),
            InnerOptimizer.Momentum => Optim.Sgd(1, momentum: 0.9),
            InnerOptimizer.Adam => Optim.Adam(1, epsilon: Epsilon),
            _ => Optim.RmsProp(1, epsilon: Epsilon),
        };
        var method = TunedInner.Rates(start.Objective, optimizer, InnerSteps);
        return Learner.Of(
            method.Method, method.Begin(start.Model, TunedInner.ByLeaf(start.Model, InnerRate)),
            start.Run, TestSteps);
    }
}

/// <summary>What adaptation lowers is learned.</summary>
internal sealed record LearnedLossOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 5)]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 1;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.4;

    [Option("Whether the inner steps lower the real loss as well")]
    public bool AddRealLoss { get; init; } = true;

    [Option("Whether the unlabelled queries take part in adaptation")]
    public bool Critic { get; init; }

    [Option("Units of a hidden layer of a learned loss")]
    public int LossUnits { get; init; } = 50;

    public string Description =>
        MethodText.Steps("learned loss", InnerSteps, InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new LearnedLoss<T>(
            start.Objective, InnerSteps, InnerRate, OfClasses: true, AddRealLoss);
        return Learner.Of(
            method.Method, method.Begin(start.Model, start.Key, Critic, LossUnits), start.Run,
            TestSteps);
    }
}

/// <summary>The optimiser is a small network of what is known of a parameter.</summary>
internal sealed record MlpOptimizerOptions : ILearnerOptions
{
    [Option("Updates in training", Low = 1, High = 12)]
    public int InnerSteps { get; init; } = 5;

    [Option("Updates in testing", InTest = true)]
    public int TestSteps { get; init; } = 5;

    [Option("How large the first updates are", Low = 1e-3, High = 0.3)]
    public double UpdateScale { get; init; } = 0.03;

    [Option("Units of the learned optimiser's first layer")]
    public int OptimizerUnits { get; init; } = 20;

    public string Description =>
        $"MLP optimiser, {MethodText.Inner(InnerSteps)} (test: {TestSteps})";

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        new MlpOptimizer(UpdateScale).Method(start.Objective, InnerSteps),
        new LearnedUpdate<T>(start.Model, MlpOptimizer.Create(start.Key, OptimizerUnits)),
        start.Run, TestSteps);
}

/// <summary>The optimiser is an LSTM whose cell is the learner.</summary>
internal sealed record MetaLstmOptions : ILearnerOptions
{
    [Option("Updates in training", Low = 1, High = 12)]
    public int InnerSteps { get; init; } = 5;

    [Option("Updates in testing", InTest = true)]
    public int TestSteps { get; init; } = 5;

    [Option("Units of the learned optimiser's first layer")]
    public int OptimizerUnits { get; init; } = 20;

    [Option("Statistics that normalise predictions", Later = true)]
    public Statistics Statistics { get; init; }

    public string Description => $"Meta-LSTM, {MethodText.Inner(InnerSteps)} (test: {TestSteps})";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new MetaLstm<T>(start.Objective, InnerSteps)
        {
            RunningStatistics = Statistics.Of(start.Objective) == BatchNormMode.Inductive,
        };
        return Learner.Of(
            method.Method, method.Create(start.Key, start.Model, OptimizerUnits), start.Run,
            TestSteps);
    }
}
