// What engine compare can be told besides the tasks.
namespace Engine.Cli;

/// <summary>Several methods trained for the same time.</summary>
internal sealed record CompareOptions
{
    [Option("Methods to compare, with options: maml,maml:order=first,anil:inner-steps=5",
        Value = "NAMES", Positional = true)]
    public string Methods { get; init; } = "";

    [Option("Page with the chart", Value = "FILE")]
    public string Html { get; init; } = "compare.html";
}
