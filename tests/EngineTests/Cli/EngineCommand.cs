// Runs the command in this process, with tiny settings where it trains.
using System.Text.Json;
using Engine.Cli;

namespace Engine.Tests.Cli;

/// <summary>What a command left behind.</summary>
internal sealed record Outcome(int Code, string Output, string Error)
{
    /// <summary>Fails the test unless the command ended so, with one line of error.</summary>
    public void FailsWith(int code, params string[] texts)
    {
        Assert.Equal(code, Code);
        Assert.StartsWith("engine: ", Error);
        Assert.Equal(1, Error.Count(c => c == '\n'));
        Assert.DoesNotContain("internal error", Error);
        foreach (string text in texts) Assert.Contains(text, Error);
    }

    public Outcome Succeeds()
    {
        Assert.Equal("", Error);
        Assert.Equal(0, Code);
        return this;
    }
}

internal static class EngineCommand
{
    /// <summary>The networks of the command.</summary>
    public static Choices Choices { get; } = Choices.With([]);

    /// <summary>Options of a run that takes a second.</summary>
    public static readonly string[] Tiny =
    [
        "--filters", "4", "--iterations", "3", "--eval-tasks", "4", "--meta-batch", "2",
        "--queries", "2", "--ways", "3",
    ];

    public static Outcome Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    public static Outcome Run(CancellationToken stop, params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        return Run(output, stop, arguments);
    }

    public static Outcome Run(StringWriter output, CancellationToken stop, string[] arguments)
    {
        using var error = new StringWriter { NewLine = "\n" };
        int code = CommandLine.Run(arguments, Choices, output, error, stop);
        return new Outcome(code, output.ToString(), error.ToString());
    }

    /// <summary>The figures in a file of --json.</summary>
    public static JsonElement Json(string file) =>
        JsonDocument.Parse(File.ReadAllText(file)).RootElement;

    public static double[] Numbers(JsonElement array) =>
        [.. array.EnumerateArray().Select(v => v.GetDouble())];

    /// <summary>A tiny training into a folder; later options win over the tiny ones.</summary>
    public static Outcome Train(string folder, params string[] more)
    {
        var options = new List<string>();
        for (int i = 0; i < Tiny.Length; i += 2)
            if (!more.Contains(Tiny[i]))
                options.AddRange([Tiny[i], Tiny[i + 1]]);
        return Run(["train", .. options, "--out", folder, .. more]);
    }
}
