// What a folder of images holds, before an image is read: the classes and their files. Each form in
// which data sets are published is one file here that finds it, or answers that it is another.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Images;

/// <summary>A class and the files of its images, in the order of their names.</summary>
internal sealed record LayoutClass(
    string Name, string Group, SplitPart? Part, ImmutableArray<string> Files);

/// <summary>The classes of a folder, and how their images are read as a rule.</summary>
internal sealed record Layout(ImmutableArray<LayoutClass> Classes, ImageOptions Options)
{
    public Layout(IEnumerable<LayoutClass> classes)
        : this([.. classes], new ImageOptions())
    {
    }

    /// <summary>The layout of a folder.</summary>
    /// <exception cref="DataException">It holds no classes, or they contradict.</exception>
    public static Layout Of(string folder) =>
        OmniglotLayout.Find(folder)
        ?? CifarFsLayout.Find(folder)
        ?? CsvLayout.Find(folder)
        ?? PartsLayout.Find(folder)
        ?? new Layout(ClassFolders.In(folder, part: null));

    /// <summary>
    /// The same, once it is clear that no class is both trained and tested on: then tasks of
    /// classes never seen, which few-shot figures are about, would not be that.
    /// </summary>
    /// <exception cref="DataException">A class has two parts.</exception>
    public Layout Checked(string folder)
    {
        var parts = new Dictionary<(string, string), SplitPart?>();
        foreach (LayoutClass c in Classes)
        {
            if (parts.TryAdd((c.Group, c.Name), c.Part)) continue;
            throw new DataException(
                $"{folder}: class '{c.Name}' is both in the {PartName(parts[(c.Group, c.Name)])} "
                + $"and in the {PartName(c.Part)} part; the parts of a few-shot set share no "
                + "class. Give the folder of one part by itself, and split its classes.");
        }

        return this;
    }

    private static string PartName(SplitPart? part) => part switch
    {
        SplitPart.Train => "training",
        SplitPart.Validation => "validation",
        _ => "test",
    };
}
