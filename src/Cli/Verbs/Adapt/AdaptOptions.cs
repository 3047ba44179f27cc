// What engine adapt can be told. config.json of its run holds it.
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>Domain adaptation.</summary>
internal sealed record AdaptOptions
{
    [Option(AdaptationMethods.Help, Value = "NAME")]
    public string Method { get; init; } = "mcc";

    [Option(DomainSpec.Help, Value = "SPEC")]
    public string Source
    {
        get;
        init => field = DomainSpec.Absolute(value);
    } = "fontdigits";

    [Option("Unlabelled examples to adapt to, like --source", Value = "SPEC")]
    public string Target
    {
        get;
        init => field = DomainSpec.Absolute(value);
    } = "mnist:1000";

    [Option("Source examples to validate on [default: a tenth of the source]", Value = "SPEC")]
    public string? SourceTest
    {
        get;
        init => field = value is null ? null : DomainSpec.Absolute(value);
    }

    [Option("Target examples to test on [default: what --target leaves of its set, or half of it]",
        Value = "SPEC")]
    public string? TargetTest
    {
        get;
        init => field = value is null ? null : DomainSpec.Absolute(value);
    }

    [Option("Network: " + AdaptationNetworks.Names + " [default: lenet-bn of images, mlp of "
        + "vectors]", Value = "NAME")]
    public string? Network { get; init; }

    [Option("Whether batch normalisation has one set of statistics for both domains, one for each, "
        + "or keeps those it has")]
    public NormPolicy Norm { get; init; } = NormPolicy.PerDomain;

    [Option("Rows and columns to which images are resized [default: the source's]")]
    public int? Size { get; init; }

    [Option("Length of vectors of svmlight files")]
    public int Features { get; init; } = 5_000;

    [Option("The number that svmlight files give the first feature", Min = 0)]
    public int FirstIndex { get; init; } = 1;

    /// <summary>How svmlight files are read.</summary>
    public VectorFiles Vectors => new(Features, FirstIndex);

    [Option("Steps of training on the source, and of the method")]
    public int Steps { get; init; } = 400;

    [Option("Examples of each domain in a step", Min = 2)]
    public int Batch { get; init; } = 64;

    [Option("Rate of Adam at the first step; it falls along a cosine [default: the method's]")]
    public double? Rate { get; init; }

    [Option("Decay of the weights, added to the gradient [default: none]")]
    public double? WeightDecay { get; init; }

    [Option("What the method's term weighs, times its own weight")]
    public double Weight { get; init; } = 1;

    [Option("What chooses the model: information, neighbourhoods, deep-embedded or source-risk",
        Value = "NAME")]
    public string Validator { get; init; } = "information";

    [Option("How often a run is looked at to choose a model")]
    public int Looks { get; init; } = 8;

    [Option("First seed of everything random")]
    public long Seed { get; init; }

    [Option("Seeds: SEED, SEED + 1, ...")]
    public int Seeds { get; init; } = 3;
}
