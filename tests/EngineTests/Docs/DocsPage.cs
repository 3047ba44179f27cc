// A page of the documentation as the tests see it: its fenced blocks, in order.
namespace Engine.Tests.Docs;

/// <summary>
/// A fenced block. A csharp block without a source is part of the page's program; one with a source
/// is an excerpt of that file. A text block after a program block is what that one prints.
/// </summary>
internal sealed record DocsBlock(string Language, string? Source, int Line, string[] Lines)
{
    public bool IsProgram => Language == "csharp" && Source is null;

    public string Text => string.Join('\n', Lines);
}

/// <summary>A page and its blocks.</summary>
internal sealed record DocsPage(string Name, DocsBlock[] Blocks)
{
    public static DocsPage Read(string path)
    {
        string[] lines = File.ReadAllLines(path);
        var blocks = new List<DocsBlock>();
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            string[] info = lines[i][3..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int end = Array.IndexOf(lines, "```", i + 1);
            Assert.True(end > i, $"{path}:{i + 1}: the block has no end");
            blocks.Add(new DocsBlock(
                info.ElementAtOrDefault(0) ?? "", info.ElementAtOrDefault(1), i + 1,
                lines[(i + 1)..end]));
            i = end;
        }
        return new DocsPage(Path.GetFileName(path), [.. blocks]);
    }

    /// <summary>The blocks of the page's program, each with what it must print.</summary>
    public IEnumerable<(DocsBlock Program, string Output)> Program()
    {
        for (int i = 0; i < Blocks.Length; i++)
            if (Blocks[i].IsProgram)
                yield return (Blocks[i],
                    i + 1 < Blocks.Length && Blocks[i + 1].Language == "text"
                        ? Blocks[i + 1].Text
                        : "");
    }
}
