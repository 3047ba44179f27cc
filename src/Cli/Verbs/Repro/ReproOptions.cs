// What engine repro can be told.
namespace Engine.Cli;

/// <summary>Reproducing published figures.</summary>
internal sealed record ReproOptions
{
    [Option("Experiment: " + ReproVerb.Experiment, Value = "NAME", Positional = true)]
    public string Name { get; init; } = "";

    [Option("Meta-steps to train")]
    public int Iterations { get; init; } = 70_000;

    [Option("First seed of everything random")]
    public long Seed { get; init; }

    [Option("Seeds to train and test side by side: SEED, SEED + 1, ...")]
    public int Seeds { get; init; } = 9;

    [Option("Order of differentiation")]
    public DerivativeOrder Order { get; init; }
}
