// The documentation is tested: programs compile without warnings, run and print what stands below
// them; excerpts stand in the files they name; links lead somewhere.
using System.Text.RegularExpressions;

namespace Engine.Tests.Docs;

[Collection("Console")]
public partial class DocsTests
{
    public static TheoryData<string> Pages => [.. Directory
        .GetFiles(Path.Combine(ArchitectureTests.Root, "docs"), "*.md")
        .Select(path => Path.GetRelativePath(ArchitectureTests.Root, path))
        .Append("README.md")
        .Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Pages))]
    public void ProgramsRunAndPrintWhatThePageSays(string path)
    {
        DocsPage page = DocsPage.Read(Path.Combine(ArchitectureTests.Root, path));
        // The README's example is a training loop; ReadmeTests runs it.
        if (path == "README.md" || !page.Program().Any()) return;
        string[] printed = DocsProgram.Run(page);
        foreach (var ((block, expected), actual) in page.Program().Zip(printed))
            Assert.True(expected == actual,
                $"{path}:{block.Line} prints\n{actual}\nbut the page says\n{expected}");
    }

    [Theory, MemberData(nameof(Pages))]
    public void ExcerptsStandInTheFilesTheyName(string path)
    {
        foreach (DocsBlock block in DocsPage.Read(
            Path.Combine(ArchitectureTests.Root, path)).Blocks)
        {
            if (block.Source is null) continue;
            string[] file = Code(File.ReadAllLines(
                Path.Combine(ArchitectureTests.Root, block.Source)));
            // "// ..." stands for lines left out.
            string[] shown = Code(block.Lines);
            int from = 0;
            foreach (string[] run in Runs(shown))
            {
                int at = Find(file, run, from);
                Assert.True(at >= 0, $"{path}:{block.Line}: {block.Source} has no lines\n"
                    + string.Join('\n', run));
                from = at + run.Length;
            }
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void LinksLeadToFiles(string path)
    {
        string file = Path.Combine(ArchitectureTests.Root, path);
        foreach (Match link in Link().Matches(File.ReadAllText(file)))
        {
            string target = link.Groups[1].Value;
            if (target.Contains("://", StringComparison.Ordinal)) continue;
            Assert.True(Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, target)),
                $"{path} links to {target}, which is not there");
        }
    }

    [Theory, MemberData(nameof(Pages))]
    public void TablesNameWhatExists(string path)
    {
        string[] lines = File.ReadAllLines(Path.Combine(ArchitectureTests.Root, path));
        string[] wrong = [.. DocsNames.Cells(lines).SelectMany(at => DocsNames.Missing(at.Cell)
            .Select(name => $"{path}:{at.Line} names {name}, which no public type or member is"))];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
        if (path.EndsWith("from-pytorch-and-jax.md"))
            Assert.True(DocsNames.Cells(lines).Count() > 80, "the tables were not found");
    }

    [Theory]
    [InlineData("`Optim.Adams`", "Optim.Adams")]
    [InlineData("`Optims.Adam(1)`, `AdamW`", "Optims.Adam")]
    [InlineData("`x.Summ(1)`", "x.Summ")]
    [InlineData("`x.Fold(1)`", "x.Fold")]
    [InlineData("`key.Normals([3])`", "key.Normals")]
    [InlineData("`Tensor.Zeros([2])`, `Fulls`", "Fulls")]
    [InlineData("`f(x.Sum(1), Axis.By(path => path.Lengths()))`", "path.Lengths")]
    [InlineData("`x.Sum(1)`, `x[1..3]`, `key.Fold(1)`, `Grad.Of(f)`, `Optim.Adam(1)`, `AdamW`")]
    public void NamesThatDoNotExistAreFound(string cell, params string[] missing)
    {
        string[] page =
            ["| PyTorch | Engine |", "|---|---|", $"| `x.Summ()` | {cell} |", "`x.Summ()`"];
        Assert.Equal(missing, DocsNames.Cells(page).SelectMany(at => DocsNames.Missing(at.Cell)));
    }

    private static string[] Code(string[] lines) =>
        [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];

    private static IEnumerable<string[]> Runs(string[] lines)
    {
        int start = 0;
        for (int i = 0; i <= lines.Length; i++)
        {
            if (i < lines.Length && lines[i] != "// ...") continue;
            if (i > start) yield return lines[start..i];
            start = i + 1;
        }
    }

    private static int Find(string[] file, string[] run, int from)
    {
        for (int i = from; i + run.Length <= file.Length; i++)
            if (file.AsSpan(i, run.Length).SequenceEqual(run))
                return i;
        return -1;
    }

    [GeneratedRegex(@"\]\(([^)#]+)[^)]*\)")]
    private static partial Regex Link();
}
