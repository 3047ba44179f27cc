// What defines a run besides its method, network and their options. config.json holds it, so that
// the run can be tested and resumed.
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>The tasks of a run, and how long and how it trains on them.</summary>
internal sealed record RunOptions
{
    /// <summary>What helps where training diverges, of verbs that take these options.</summary>
    public const string AgainstDivergence =
        "--diverging skip leaves such tasks out, --clip-norm shortens gradients.";

    [Option("Classes in a task", Min = 2)]
    public int Ways { get; init; } = 5;

    [Option("Support images of a class")]
    public int Shots { get; init; } = 1;

    [Option("Query images of a class")]
    public int Queries { get; init; } = 5;

    /// <summary>Null is as many as in testing.</summary>
    [Option("Classes in a training task; of several numbers each step draws one "
        + "[default: --ways]", Min = 2)]
    public Counts? TrainWays { get; init; }

    /// <summary>Null is as many as in testing.</summary>
    [Option("Support images of a class in training; of several numbers each step draws one "
        + "[default: --shots]")]
    public Counts? TrainShots { get; init; }

    /// <summary>Null splits by groups: most to train, some to validate, some to test.</summary>
    [Option("Classes to train on, drawn at random; all others are for testing", Min = 2)]
    public int? TrainClasses { get; init; }

    [Option("How many of --train-classes are kept to validate on instead [default: none]")]
    public int? ValidationClasses { get; init; }

    [Option("Tasks in a meta-step")]
    public int MetaBatch { get; init; } = 8;

    [Option("Rate of the outer steps")]
    public double Rate { get; init; } = 4e-3;

    [Option("How the outer rate falls until the last meta-step", Later = true)]
    public RateSchedule Schedule { get; init; }

    /// <summary>Steps before the run was resumed count too; null sets no limit.</summary>
    [Option("Meta-steps to train; without it --seconds decides")]
    public int? Iterations { get; init; }

    /// <summary>Null sets no limit.</summary>
    [Option("Seconds to train at most [default: so that all ends within 3 minutes, or no limit "
        + "with --iterations]")]
    public double? Seconds { get; init; }

    [Option("Seed of everything random")]
    public long Seed { get; init; }

    [Option("Turn classes by multiples of 90 degrees in training")]
    public bool Rotations { get; init; } = true;

    [Option("What to do with tasks whose loss is not finite: stop, or skip and count them",
        Later = true)]
    public Divergence Diverging { get; init; }

    /// <summary>Null sets no limit.</summary>
    [Option("Largest norm of a meta-gradient; longer ones are shortened")]
    public double? ClipNorm { get; init; }

    [Option("Tasks to measure accuracy on", Min = 2)]
    public int EvalTasks { get; init; } = 600;

    /// <summary>An absolute path, or a mix of them; null for the embedded glyphs.</summary>
    [Option("Images to use instead of the embedded glyphs: a folder with NAME-images.idx.gz and "
        + "labels, or FOLDER/NAME if it holds several such sets; or a folder of image files, laid "
        + "out as Omniglot, CIFAR-FS or mini-ImageNet are published, or with a folder for each "
        + "class. mix:SET,SET,... mixes several, such as mix:glyphs,ucidigits,FOLDER/NAME: each "
        + "task is of one of them (glyphs, fontdigits, mnist and ucidigits are embedded)",
        Value = "FOLDER")]
    public string? Data
    {
        get;
        init => field = value is null ? null : RunSets.FullPath(value);
    }

    /// <summary>Null is their own size, or that of the published layout.</summary>
    [Option("Rows and columns to which image files, and all images of a mix, are resized "
        + "[default: their own, in a mix those of its first set]")]
    public int? ImageSize { get; init; }

    /// <summary>
    /// Whether neither steps nor seconds are limited: then the command chooses how long to train.
    /// </summary>
    public bool HasTimeBudget => Iterations is null && Seconds is null;

    /// <summary>Classes that the network tells apart: those of the larger kind of task.</summary>
    public int Outputs => Math.Max(Ways, TrainWays?.Most ?? Ways);
}
