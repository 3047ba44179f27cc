// Every example is short, is named in the list of examples, and runs in its short form.
using System.Diagnostics;

namespace Engine.Tests.Docs;

public class ExamplesTests
{
    private static readonly string Folder = Path.Combine(ArchitectureTests.Root, "examples");

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Folder, "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory, MemberData(nameof(Names))]
    public async Task AnExampleIsShortAndRuns(string name)
    {
        string program = Path.Combine(Folder, name, "Program.cs");
        Assert.InRange(File.ReadAllLines(program).Length, 1, 59);
        Assert.Contains($"| `{name}` |", File.ReadAllText(Path.Combine(Folder, "README.md")));

        // Of the same configuration and framework as the tests.
        string[] folders = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)
            .Split(Path.DirectorySeparatorChar);
        string built = Path.Combine(Folder, name, "bin", folders[^2], folders[^1], name + ".dll");
        var start = new ProcessStartInfo("dotnet", [built, "--short"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process run = Process.Start(start)!;
        Task<string> errors = run.StandardError.ReadToEndAsync();
        string output = await run.StandardOutput.ReadToEndAsync();
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{output}\n{await errors}");
        Assert.NotEmpty(output);
        Assert.DoesNotContain("NaN", output);
    }
}
