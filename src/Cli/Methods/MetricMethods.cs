// The methods of the command that compare features or solve for a head: one record each, whose
// properties are the options that can be typed.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>Whose statistics normalise the images that are classified.</summary>
internal enum Statistics
{
    /// <summary>Those of the task's own images.</summary>
    Transductive,

    /// <summary>Running ones, fixed before a query is seen.</summary>
    Inductive,
}

internal static class StatisticsModes
{
    /// <summary>How a network is normalised; networks without norms are not.</summary>
    public static BatchNormMode Of<T>(this Statistics asked, Objective<T> objective)
        where T : ITree =>
        objective.BatchNorm == BatchNormMode.None ? BatchNormMode.None
        : asked == Statistics.Inductive ? BatchNormMode.Inductive : BatchNormMode.Transductive;
}

/// <summary>The nearest class mean.</summary>
internal sealed record ProtoNetOptions : ILearnerOptions
{
    [Option("Statistics that normalise predictions")]
    public Statistics Statistics { get; init; }

    public string Description => "ProtoNet";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        var method = new ProtoNet<T>(
            start.Network.Features ?? throw MethodText.Lacks("protonet", "features"),
            Statistics.Of(start.Objective));
        return Learner.Of(method.Method, method.Begin(start.Model), start.Run);
    }
}

/// <summary>Attention to the support set.</summary>
internal sealed record MatchingOptions : ILearnerOptions
{
    [Option("Steps in which a query reads the support set; 0 is without full context", Min = 0)]
    public int ContextSteps { get; init; }

    [Option("Statistics that normalise predictions")]
    public Statistics Statistics { get; init; }

    public string Description => ContextSteps == 0 ? "matching network"
        : $"matching network, full context in {ContextSteps} steps";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features =
            start.Network.Features ?? throw MethodText.Lacks("matching", "features");
        var method = new MatchingNet<T>(
            features, ContextSteps, Statistics.Of(start.Objective));
        return Learner.Of(
            method.Method,
            method.Begin(start.Model, start.Key, start.FeatureCount(features)), start.Run);
    }
}

/// <summary>A learned comparison.</summary>
internal sealed record RelationOptions : ILearnerOptions
{
    [Option("Statistics that normalise predictions")]
    public Statistics Statistics { get; init; }

    public string Description => "relation network";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        if (start.Model is not Conv4 conv4)
        {
            throw MethodText.Lacks(
                "relation", "the blocks of Conv4, two of which it leaves unpooled,", "conv4");
        }


        int filters = conv4.Blocks[0].Norm.Scale.Shape[0];
        Key[] keys = start.Key.Split();
        var method = new RelationNet<RelationEncoder>(
            RelationEncoder.Embed, Statistics.Of(start.Objective));
        return Learner.Of(
            method.Method,
            method.Begin(
                RelationEncoder.Create(keys[0], start.Images.Channels, filters),
                RelationModule.Create(
                    keys[1], filters, RelationEncoder.MapSize(start.Images.Height), filters)),
            start.Run);
    }
}

/// <summary>A ridge regression on features as the head.</summary>
internal sealed record R2D2Options : ILearnerOptions
{
    [Option("What predictions are multiplied by at the beginning; learned", Low = 1, High = 20,
        Later = true)]
    public double Scale { get; init; } = 10;

    public string Description => "R2-D2";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features = start.Network.Features ?? throw MethodText.Lacks("r2d2", "features");
        var method = new R2D2<T>(
            (model, x) => features(model, x, (norm, y) => norm.Forward(y)),
            task => task.SupportY.OneHot(task.Ways), start.Objective.Loss,
            start.Objective.BatchNorm);
        return Learner.Of(
            method.Method, method.Begin(start.Model, scale: Scale), start.Run);
    }
}

/// <summary>Logistic regressions on features as the head.</summary>
internal sealed record LrD2Options : ILearnerOptions
{
    [Option("Newton steps in training")]
    public int NewtonSteps { get; init; } = 5;

    [Option("Newton steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 5;

    public string Description => $"LR-D2, {NewtonSteps} Newton steps (test: {TestSteps})";

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features =
            start.Network.Features ?? throw MethodText.Lacks("lr-d2", "features");
        var method = new LrD2<T>(
            (model, x) => features(model, x, (norm, y) => norm.Forward(y)),
            task => task.SupportY.OneHot(task.Ways), start.Objective.Loss,
            start.Objective.BatchNorm, NewtonSteps);
        return Learner.Of(method.Method, method.Begin(start.Model), start.Run, TestSteps);
    }
}
