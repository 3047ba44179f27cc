// CIFAR-FS (Bertinetto et al., 2019) as published: cifar100/data/CLASS/*.png and the lists
// cifar100/splits/bertinetto/train.txt, val.txt and test.txt, a class a line.
using Engine.Data;

namespace Engine.Images;

internal static class CifarFsLayout
{
    private static readonly (SplitPart Part, string File)[] Lists =
    [
        (SplitPart.Train, "train.txt"), (SplitPart.Validation, "val.txt"),
        (SplitPart.Test, "test.txt"),
    ];

    /// <summary>
    /// The layout of a folder that holds cifar100, or data and splits; null if it does not. Classes
    /// that no list names are left out.
    /// </summary>
    /// <exception cref="DataException">A list names what has no folder.</exception>
    public static Layout? Find(string folder)
    {
        string root = Folders.Find(folder, "cifar100") ?? folder;
        string? data = Folders.Find(root, "data");
        string? splits = Folders.Find(root, "splits/bertinetto", "splits")
            ?? Folders.Find(folder, "splits/bertinetto", "splits");
        if (data is null || splits is null) return null;

        var folders = Folders.FoldersIn(data).ToDictionary(f => Path.GetFileName(f));
        var classes = new List<LayoutClass>();
        foreach (var (part, file) in Lists)
        {
            string list = Path.Combine(splits, file);
            if (part == SplitPart.Validation && !File.Exists(list)) continue;
            foreach (string name in Folders.Lines(list))
            {
                classes.Add(folders.TryGetValue(name, out string? of)
                    ? ClassFolders.Class(of, group: "", part)
                    : throw new DataException(
                        $"{list}: names class '{name}', but {data} has no such folder."));
            }
        }

        return new Layout(classes);
    }
}
