// The methods of the command that adapt by gradients: one record each, whose properties are the
// options that can be typed.
using Engine.Meta;

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

    public Learner Create<T>(Network<T> network, T start, RunOptions run) where T : ITree =>
        Learner.Of(
            new Maml<T>(
                network.Objective, InnerSteps, InnerRate,
                FirstOrder: Order == DerivativeOrder.First).Method,
            start, run, TestSteps);
}
