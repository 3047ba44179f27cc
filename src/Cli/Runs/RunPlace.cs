// Where the files of a run are that has a folder of its own.
namespace Engine.Cli;

/// <summary>The folder of a run: a new one, or one to go on in.</summary>
internal sealed record RunPlace
{
    [Option("New folder for the run [default: runs/DATE-TIME]", Value = "FOLDER")]
    public string? Out { get; init; }

    [Option("Go on with a run that was stopped, with the settings that it began with",
        Value = "RUN")]
    public string? Resume { get; init; }
}
