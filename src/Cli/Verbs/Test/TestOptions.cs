// What engine test can be told. Null takes what the run was trained with.
namespace Engine.Cli;

/// <summary>Testing a trained model on unseen classes.</summary>
internal sealed record TestOptions
{
    private const string AsTrained = " [default: as trained]";

    [Option("Folder of a run, or a model file with its config.json beside it",
        Value = "RUN", Positional = true)]
    public string Run { get; init; } = "";

    [Option("Classes in a task" + AsTrained, Min = 2)]
    public int? Ways { get; init; }

    [Option("Support images of a class" + AsTrained)]
    public int? Shots { get; init; }

    [Option("Query images of a class" + AsTrained)]
    public int? Queries { get; init; }

    [Option("Tasks to measure accuracy on", Min = 2)]
    public int EvalTasks { get; init; } = 600;

    [Option("Seed of the tasks" + AsTrained)]
    public long? Seed { get; init; }

    [Option("Images to test on, or mix:SET,SET,..." + AsTrained, Value = "FOLDER")]
    public string? Data { get; init; }
}
