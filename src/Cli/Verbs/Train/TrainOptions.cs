// What engine train can be told besides what defines the run.
namespace Engine.Cli;

/// <summary>Where a run's files are.</summary>
internal sealed record TrainOptions
{
    [Option("New folder for the run [default: runs/DATE-TIME]", Value = "FOLDER")]
    public string? Out { get; init; }

    /// <summary>Its config.json says everything except how long to train.</summary>
    [Option("Go on with a run, until --iterations in all or for --seconds more", Value = "RUN")]
    public string? Resume { get; init; }
}
