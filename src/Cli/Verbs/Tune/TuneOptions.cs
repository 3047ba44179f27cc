// What engine tune can be told besides what engine train can.
namespace Engine.Cli;

/// <summary>A search for good rates and steps.</summary>
internal sealed record TuneOptions
{
    [Option("Settings to try; the first are the defaults", Min = 2)]
    public int Trials { get; init; } = 18;

    [Option("One in so many settings goes on to the next round, which is that much longer",
        Min = 2)]
    public int Factor { get; init; } = 3;

    [Option("Validation tasks to judge a setting by", Min = 2)]
    public int ValidationTasks { get; init; } = 200;

    [Option("Folder for what was tried [default: runs/tune-DATE-TIME]; a search that was stopped "
        + "there goes on", Value = "FOLDER")]
    public string? Out { get; init; }
}
