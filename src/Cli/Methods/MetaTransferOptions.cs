// Meta-transfer learning in the command: pre-training on all training classes comes first.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>Scales and shifts of a pre-trained body; only the head adapts.</summary>
internal sealed record MetaTransferOptions : ILearnerOptions
{
    [Option("Inner steps in training", Low = 1, High = 20)]
    public int InnerSteps { get; init; } = 20;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 20;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.4;

    [Option(PretrainedBody.Help, Min = 0)]
    public int PretrainSteps { get; init; } = 3000;

    public string Description =>
        MethodText.Steps($"meta-transfer after {PretrainSteps} steps of pre-training", InnerSteps,
            InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features =
            start.Network.Features ?? throw MethodText.Lacks("meta-transfer", "features");
        Linear head = Linear.Create(
            start.Key.Split()[0], start.FeatureCount(features), start.Run.Outputs);
        var method = new MetaTransfer<T, Linear>(
            (model, x) => features(model, x, (norm, y) => norm.Forward(y)),
            new((layer, x) => layer.Forward(x), start.Objective.Loss, start.Objective.BatchNorm),
            InnerSteps, InnerRate);
        return Learner.Of(
            method.Method, method.Begin(start.Model, head), start.Run, TestSteps,
            prepare: (p, before) => p with
            {
                Body = PretrainedBody.Of(start, p.Body, PretrainSteps, before),
            });
    }
}
