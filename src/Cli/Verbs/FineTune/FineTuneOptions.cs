// What engine finetune can be told. config.json of its run holds it.
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>What moves, and when.</summary>
internal enum PlanName
{
    /// <summary>Everything.</summary>
    All,

    /// <summary>The head.</summary>
    Head,

    /// <summary>The head, solved for on features that stay.</summary>
    Probe,

    /// <summary>The head, then stage by stage what stands before it.</summary>
    Gradual,

    /// <summary>Everything, each stage slower than the next.</summary>
    Discriminative,

    /// <summary>The head, then everything at spread rates.</summary>
    TwoPhase,

    /// <summary>Adapters of low rank.</summary>
    Lora,
}

/// <summary>Fine-tuning on few labels.</summary>
internal sealed record FineTuneOptions
{
    [Option("Network to start from: RUN of engine adapt or engine train, a model file in it, or "
        + "mobilenet:FOLDER with Keras's weights [default: one that is trained on --source first]",
        Value = "PATH")]
    public string? Model
    {
        get;
        init => field = value is null ? null : Starts.Absolute(value);
    }

    [Option(DomainSpec.Help, Value = "SPEC")]
    public string Data
    {
        get;
        init => field = DomainSpec.Absolute(value);
    } = "mnist";

    [Option("Labels of each class to tune on; what is left is tested on")]
    public int Few { get; init; } = 10;

    [Option("What moves: everything, the head, the head solved for, stage by stage, each stage at "
        + "a rate of its own, the head first, or adapters")]
    public PlanName Plan { get; init; } = PlanName.All;

    [Option("Without --model: what is trained on first, like --data [default: fontdigits]",
        Value = "SPEC")]
    public string? Source
    {
        get;
        init => field = value is null ? null : DomainSpec.Absolute(value);
    }

    [Option("Without --model: steps of training on --source [default: 400]")]
    public int? SourceSteps { get; init; }

    [Option("Without --model: network, " + AdaptationNetworks.Names + " [default: lenet-bn of "
        + "images, mlp of vectors]", Value = "NAME")]
    public string? Network { get; init; }

    [Option("Rows and columns to which images are resized [default: what the network was made "
        + "for; 96 of a MobileNet]")]
    public int? Size { get; init; }

    [Option("Length of vectors of svmlight files")]
    public int Features { get; init; } = 5_000;

    [Option("The number that svmlight files give the first feature", Min = 0)]
    public int FirstIndex { get; init; } = 1;

    /// <summary>How svmlight files are read.</summary>
    public VectorFiles Vectors => new(Features, FirstIndex);

    [Option("Steps of fine-tuning", Min = 8)]
    public int Steps { get; init; } = 200;

    [Option("Examples in a step", Min = 2)]
    public int Batch { get; init; } = 32;

    [Option("Largest rate of Adam's cycle [default: what the rate finder suggests]")]
    public double? Rate { get; init; }

    [Option("Of lora: rank of each weight's change [default: 4]")]
    public int? Rank { get; init; }

    [Option("Of lora: changes are scaled by alpha / rank [default: twice the rank]")]
    public double? Alpha { get; init; }

    [Option("Of lora: start from the adapters in PEFT's files", Value = "FOLDER")]
    public string? Adapter
    {
        get;
        init => field = value is null ? null : Path.GetFullPath(Path.Combine(".", value));
    }

    [Option("How strongly what moves is held at the start (L2-SP) [default: not at all]")]
    public double? L2sp { get; init; }

    [Option("Whether batch normalisation goes on with the start's statistics, begins with its own, "
        + "or keeps the start's")]
    public NormPolicy Norm { get; init; } = NormPolicy.Shared;

    [Option("How often accuracy is looked at")]
    public int Looks { get; init; } = 8;

    [Option("First seed of everything random")]
    public long Seed { get; init; }

    [Option("Seeds: SEED, SEED + 1, ...")]
    public int Seeds { get; init; } = 3;
}
