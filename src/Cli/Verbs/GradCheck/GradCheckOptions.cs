// What engine gradcheck can be told.
namespace Engine.Cli;

/// <summary>Checking derivatives against finite differences.</summary>
internal sealed record GradCheckOptions
{
    [Option("Seed of the inputs")]
    public long Seed { get; init; }
}
