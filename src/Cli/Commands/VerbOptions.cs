// What each verb is asked to do, checked and with defaults filled in.
namespace Engine.Cli;

/// <summary>Training by exact or first-order MAML.</summary>
internal sealed record TrainOptions
{
    public required int Ways { get; init; }

    public required int Shots { get; init; }

    public required int Queries { get; init; }

    /// <summary>Tasks in a meta-step.</summary>
    public required int MetaBatch { get; init; }

    public required int InnerSteps { get; init; }

    /// <summary>Inner steps when testing.</summary>
    public required int TestSteps { get; init; }

    public required double InnerRate { get; init; }

    /// <summary>Rate of the outer optimiser.</summary>
    public required double Rate { get; init; }

    /// <summary>
    /// Meta-steps at most, those before a resumption counted in; null sets no limit.
    /// </summary>
    public required int? Iterations { get; init; }

    /// <summary>Seconds of training at most; null sets no limit.</summary>
    public required double? Seconds { get; init; }

    /// <summary>
    /// Neither steps nor seconds are limited: the whole command gets its usual time.
    /// </summary>
    public bool HasTimeBudget => Iterations is null && Seconds is null;

    /// <summary>Filters of each convolution.</summary>
    public required int Filters { get; init; }

    public required long Seed { get; init; }

    public required bool FirstOrder { get; init; }

    /// <summary>Whether classes are turned by multiples of 90 degrees in training.</summary>
    public required bool Rotations { get; init; }

    /// <summary>Tasks the accuracies are measured on.</summary>
    public required int EvalTasks { get; init; }

    /// <summary>Folder or prefix of an image set; null for the embedded glyphs.</summary>
    public required string? Data { get; init; }

    /// <summary>Run folder; null for runs/DATE-TIME.</summary>
    public required string? Out { get; init; }

    /// <summary>Folder of a run to go on with; its config.json says all but how long.</summary>
    public required string? Resume { get; init; }
}

/// <summary>
/// Testing a trained model on unseen classes. Null takes what the run trained with.
/// </summary>
internal sealed record TestOptions
{
    /// <summary>Run folder, or a model file with config.json beside it.</summary>
    public required string Run { get; init; }

    public required int? Ways { get; init; }

    public required int? Shots { get; init; }

    public required int? Queries { get; init; }

    public required int? TestSteps { get; init; }

    public required double? InnerRate { get; init; }

    public required int EvalTasks { get; init; }

    public required long? Seed { get; init; }

    public required string? Data { get; init; }
}

/// <summary>Reproducing published figures.</summary>
internal sealed record ReproOptions
{
    /// <summary>Name of the experiment.</summary>
    public required string Name { get; init; }

    public required int Iterations { get; init; }

    /// <summary>The first seed.</summary>
    public required long Seed { get; init; }

    /// <summary>How many seeds: Seed, Seed + 1, ...</summary>
    public required int Seeds { get; init; }

    public required bool FirstOrder { get; init; }
}

/// <summary>Checking derivatives against finite differences.</summary>
internal sealed record GradCheckOptions
{
    public required long Seed { get; init; }
}
