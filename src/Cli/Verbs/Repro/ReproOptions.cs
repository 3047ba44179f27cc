// What engine repro can be told. Null takes what the experiment itself says.
namespace Engine.Cli;

/// <summary>Reproducing published figures.</summary>
internal sealed record ReproOptions
{
    private const string OfExperiment = " [default: the experiment's]";

    [Option("Experiment; --list names them", Value = "NAME", Positional = true)]
    public string? Name { get; init; }

    [Option("Print the names of all experiments, one a line", Flag = true)]
    public bool List { get; init; }

    [Option("A small form that shows in a minute or so that everything runs", Flag = true)]
    public bool Quick { get; init; }

    [Option("Meta-steps to train" + OfExperiment)]
    public int? Iterations { get; init; }

    [Option("First seed of everything random")]
    public long Seed { get; init; }

    [Option("Seeds to train and test: SEED, SEED + 1, ..." + OfExperiment)]
    public int? Seeds { get; init; }

    [Option("Order of differentiation, of sinusoid alone [default: exact]")]
    public DerivativeOrder? Order { get; init; }

    [Option("Images of experiments whose data are not embedded", Value = "FOLDER")]
    public string? Data { get; init; }

    [Option("Write the figures and the curves as a page", Value = "FILE")]
    public string? Html { get; init; }
}
