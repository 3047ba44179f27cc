// The benchmarks' command line, in a process as a user runs it: what is wrong with options, what
// the files hold, and that the page shows the figures that the files hold. Nothing here looks at a
// time but for its being one.
using System.Diagnostics;
using System.Text.Json;

namespace Engine.Tests.Docs;

public class BenchmarksTests
{
    [Theory]
    [InlineData("steps --threads 0", "--threads takes a whole number of at least 1, not 0.")]
    [InlineData("steps --threads two", "--threads takes a whole number of at least 1, not two.")]
    [InlineData("steps --rounds -1", "--rounds takes a whole number of at least 1, not -1.")]
    [InlineData("steps --case mnist", "no case named mnist. There are: sinusoid-1, sinusoid-5,")]
    [InlineData("scale --case mnist", "no case named mnist. There are: sinusoid-1, sinusoid-5,")]
    [InlineData("steps --json nowhere/steps.json", "nowhere/steps.json is not in a folder")]
    [InlineData("kernels --filter nothing", "no kernel's name contains nothing.")]
    [InlineData("steady --filter nothing", "no case's name contains nothing.")]
    [InlineData("steady --seconds 0", "--seconds takes a number of seconds above 0, not 0.")]
    [InlineData("steady --seconds -1", "--seconds takes a number of seconds above 0, not -1.")]
    [InlineData("steady --seconds NaN", "--seconds takes a number of seconds above 0, not NaN.")]
    [InlineData("steady --seconds long", "--seconds takes a number of seconds above 0, not long.")]
    [InlineData("steady --threads 0", "--threads takes a whole number of at least 1, not 0.")]
    [InlineData("steady --json nowhere/s.json", "nowhere/s.json is not in a folder")]
    [InlineData("overhead --filter nothing", "no figure's name contains nothing.")]
    [InlineData("overhead --json nowhere/o.json", "nowhere/o.json is not in a folder")]
    [InlineData("steps --repeat 3", "'--repeat'")]
    [InlineData("", "command was not provided.")]
    public void WrongOptionsAreOneLineAndExitCodeTwo(string arguments, string message)
    {
        var (code, output, errors) = Run(arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(message, Assert.Single(errors.TrimEnd().Split('\n')));
    }

    [Fact]
    public void StepsWithoutAPeerSaySoAndWriteEveryField()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "steps.json");
        var (code, output, errors) = Run(
            ["steps", "--case", "sinusoid-1", "--rounds", "1", "--peer", "--json", file],
            peers: folder.Path);
        Assert.True(code == 0, errors);
        Assert.Contains("No peer: ", errors);
        Assert.Contains("Without peer_maml.py only our own figures follow.", errors);
        Assert.Contains("sinusoid-1", output);

        JsonElement row = Assert.Single(Rows(file));
        Assert.Equal("sinusoid-1", row.GetProperty("case").GetString());
        Assert.Equal(1, row.GetProperty("threads").GetInt32());
        foreach (string field in (string[])
            ["ms", "peak_mb", "gflops", "gflop", "mb_moved", "peak_gflops", "peak_gbs", "limit_ms"])
            Assert.True(row.GetProperty(field).GetDouble() > 0, field);
        Assert.True(row.GetProperty("spread").GetDouble() >= 0);
        foreach (string field in (string[])["peer_ms", "ratio", "peer_peak_mb"])
            Assert.Equal(JsonValueKind.Null, row.GetProperty(field).ValueKind);
        // 25 tasks, each a support set through two steps' worth of forward and backward passes.
        Assert.InRange(row.GetProperty("gflop").GetDouble(), 0.005, 0.02);
    }

    [Fact]
    public void KernelsWriteEveryField()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "kernels.json");
        var (code, _, errors) = Run(
            ["kernels", "--filter", "matrix product 8, backend", "--json", file]);
        Assert.True(code == 0, errors);
        JsonElement row = Assert.Single(Rows(file));
        Assert.Equal("matrix product 8, backend", row.GetProperty("case").GetString());
        double ms = row.GetProperty("ms").GetDouble();
        Assert.True(ms > 0);
        Assert.Equal(2 * 8 * 8 * 8 / ms / 1e6, row.GetProperty("gflops").GetDouble(), 1e-9);
        foreach (string field in (string[])["peak_mb", "limit_ms"])
            Assert.True(row.GetProperty(field).GetDouble() > 0, field);
        Assert.Equal(JsonValueKind.Null, row.GetProperty("peer_ms").ValueKind);
    }

    [Fact]
    public void SteadyWritesEveryField()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "steady.json");
        var (code, output, errors) = Run(
            ["steady", "--filter", "matrix product 64", "--seconds", "0.3", "--json", file]);
        Assert.True(code == 0, errors);
        Assert.Contains("matrix product 64", output);
        JsonElement row = Assert.Single(Rows(file));
        double Value(string name) => row.GetProperty(name).GetDouble();
        Assert.Equal("matrix product 64", row.GetProperty("case").GetString());
        Assert.Equal(1, row.GetProperty("threads").GetInt32());
        foreach (string field in (string[])["first_ms", "best_ms", "last_ms"])
            Assert.True(Value(field) > 0, field);
        Assert.Equal(Value("last_ms") / Value("first_ms"), Value("ratio"), 1e-9);
        Assert.Equal(Value("last_ms") / Value("best_ms"), Value("over_best"), 1e-9);
        Assert.True(row.GetProperty("calls").GetInt64() >= 9);
        Assert.True(Value("seconds") >= 0.3);
        Assert.True(row.GetProperty("compiled").GetInt32() >= 0);
    }

    [Fact]
    public void OverheadWritesEveryField()
    {
        using var folder = new TempFolder();
        string file = Path.Combine(folder.Path, "overhead.json");
        var (code, output, errors) = Run(
            ["overhead", "--filter", "building one node", "--json", file]);
        Assert.True(code == 0, errors);
        Assert.Contains("building one node", Assert.Single(output.TrimEnd().Split('\n')));
        JsonElement row = Assert.Single(Rows(file));
        Assert.Equal("building one node", row.GetProperty("case").GetString());
        Assert.Equal("ns", row.GetProperty("unit").GetString());
        Assert.True(row.GetProperty("value").GetDouble() > 0);
    }

    [Theory]
    [InlineData("overhead", """[{"case": "building a node", "value": 87.654, "unit": "ns"}]""",
        "## Overhead", "| building a node | 87.7 ns |")]
    [InlineData("steady", """
        [{"case": "cube", "threads": 1, "first_ms": 4, "best_ms": 2.5, "last_ms": 5, "ratio": 1.25,
          "over_best": 2, "calls": 1234, "seconds": 1.66, "compiled": 56}]
        """, "## Steadiness", "| cube | 1 | 4 | 2.5 | 5 | **1.25** | 2.00 | 1234 | 1.7 | 56 |")]
    public void ThePageHasASectionIfThereAreFiguresOfIt(
        string name, string figures, string heading, string line)
    {
        using var folder = new TempFolder();
        string root = ArchitectureTests.Root, page = Path.Combine(folder.Path, "performance.md");
        string extra = Path.Combine(folder.Path, name + ".json");
        File.Copy(Path.Combine(root, "docs", "performance.md"), page);
        foreach (string file in Directory.GetFiles(Path.Combine(root, "benchmarks", "figures")))
            File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        File.WriteAllText(extra, figures);
        string Tables()
        {
            var (code, _, errors) = Run(["tables", "--figures", folder.Path, "--page", page]);
            Assert.True(code == 0, errors);
            return File.ReadAllText(page);
        }
        string with = Tables();
        Assert.Contains(heading, with);
        Assert.Contains(line, with);
        File.Delete(extra);
        string without = Tables();
        Assert.DoesNotContain(heading, without);
        Assert.DoesNotContain(line, without);
        Assert.Contains($"<!-- {name}:begin -->\n<!-- {name}:end -->", without);
    }

    [Fact]
    public void ThePageShowsTheFiguresInTheFiles()
    {
        using var folder = new TempFolder();
        string root = ArchitectureTests.Root, copy = Path.Combine(folder.Path, "performance.md");
        string page = File.ReadAllText(Path.Combine(root, "docs", "performance.md"));
        File.WriteAllText(copy, page);
        string figures = Path.Combine(root, "benchmarks", "figures");
        var (code, _, errors) = Run(["tables", "--figures", figures, "--page", copy]);
        Assert.True(code == 0, errors);
        Assert.Equal(page, File.ReadAllText(copy));

        File.WriteAllText(copy, page.Replace("<!-- kernels:begin -->", ""));
        (code, _, errors) = Run(["tables", "--figures", figures, "--page", copy]);
        Assert.Equal(1, code);
        Assert.Contains("has no place for the table kernels", errors);
    }

    /// <summary>Of the same configuration and framework as the tests.</summary>
    private static string Program
    {
        get
        {
            string[] folders = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)
                .Split(Path.DirectorySeparatorChar);
            return Path.Combine(ArchitectureTests.Root, "benchmarks", "bin", folders[^2],
                folders[^1], "benchmarks.dll");
        }
    }

    private static JsonElement[] Rows(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(file));
        return [.. json.RootElement.EnumerateArray().Select(row => row.Clone())];
    }

    private static (int Code, string Output, string Errors) Run(
        string[] arguments, string? peers = null)
    {
        var start = new ProcessStartInfo(
            "dotnet", [Program, .. arguments.Where(word => word.Length > 0)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (peers is not null) start.Environment["ENGINE_PEERS"] = peers;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }

    private sealed class TempFolder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("engine-tests").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
