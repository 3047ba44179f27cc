// What a list of class names says of each class beside its name.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// Reads a line for each class: [train | val | test] [folders/][group/]name. Folders that all
/// classes are in say nothing and are left out.
/// </summary>
internal static class ClassNames
{
    private static readonly (string Word, SplitPart Part)[] Words =
    [
        ("train ", SplitPart.Train), ("val ", SplitPart.Validation),
        ("validation ", SplitPart.Validation), ("test ", SplitPart.Test),
    ];

    /// <summary>Name, group ("" if none) and part (null unless every line begins with one).</summary>
    public static ImmutableArray<(string Name, string Group, SplitPart? Part)> Read(
        IReadOnlyList<string> lines)
    {
        // A class may be called "train": the first word is a part only if that of every line is.
        var parts = lines.Select(PartOf).ToArray();
        bool given = parts.All(p => p is not null);
        string[][] paths =
        [
            .. lines.Zip(parts, (line, p) => given ? line.Trim()[p!.Value.Word.Length..] : line)
                .Select(path => path.Trim().Split('/')),
        ];
        int shared = 0;
        while (paths.All(p => p.Length > shared + 2 && p[shared] == paths[0][shared])) shared++;

        return
        [
            .. paths.Zip(parts, (p, part) => (
                p[^1], string.Join('/', p[..^1].Skip(shared)), given ? part?.Part : null)),
        ];
    }

    private static (string Word, SplitPart Part)? PartOf(string line)
    {
        foreach (var entry in Words)
        {
            if (line.TrimStart().StartsWith(entry.Word, StringComparison.Ordinal)) return entry;
        }

        return null;
    }
}
