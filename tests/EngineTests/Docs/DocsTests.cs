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
