// What defines a run. config.json holds it, so that the run can be tested and resumed.
namespace Engine.Cli;

/// <summary>Training by exact or first-order MAML.</summary>
internal sealed record RunOptions
{
    [Option("Classes in a task", Min = 2)]
    public int Ways { get; init; } = 5;

    [Option("Support images of a class")]
    public int Shots { get; init; } = 1;

    [Option("Query images of a class")]
    public int Queries { get; init; } = 5;

    [Option("Tasks in a meta-step")]
    public int MetaBatch { get; init; } = 8;

    [Option("Inner steps in training")]
    public int InnerSteps { get; init; } = 1;

    [Option("Inner steps in testing")]
    public int TestSteps { get; init; } = 3;

    [Option("Rate of the inner steps")]
    public double InnerRate { get; init; } = 0.4;

    [Option("Rate of the outer steps")]
    public double Rate { get; init; } = 4e-3;

    /// <summary>Steps before the run was resumed count too; null sets no limit.</summary>
    [Option("Meta-steps to train; without it --seconds decides")]
    public int? Iterations { get; init; }

    /// <summary>Null sets no limit.</summary>
    [Option("Seconds to train at most [default: so that all ends within 3 minutes, or no limit "
        + "with --iterations]")]
    public double? Seconds { get; init; }

    [Option("Seed of everything random")]
    public long Seed { get; init; }

    [Option("Order of differentiation")]
    public DerivativeOrder Order { get; init; }

    [Option("Turn classes by multiples of 90 degrees in training")]
    public bool Rotations { get; init; } = true;

    [Option("Tasks to measure accuracy on", Min = 2)]
    public int EvalTasks { get; init; } = 600;

    /// <summary>An absolute path; null for the embedded glyphs.</summary>
    [Option("Images to use instead of the embedded glyphs: NAME-images.idx.gz with labels",
        Value = "FOLDER")]
    public string? Data
    {
        get;
        init => field = value is null ? null : Path.GetFullPath(value);
    }

    /// <summary>
    /// Whether neither steps nor seconds are limited: then the command chooses how long to train.
    /// </summary>
    public bool HasTimeBudget => Iterations is null && Seconds is null;
}
