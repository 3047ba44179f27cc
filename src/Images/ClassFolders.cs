// The plain form: a folder for each class, or a folder for each group with the folders of its
// classes in it. A class's name is that of its folder.
using Engine.Data;

namespace Engine.Images;

internal static class ClassFolders
{
    /// <summary>The classes of a folder, all for the same part.</summary>
    /// <exception cref="DataException">There are none, or one has no images.</exception>
    public static IEnumerable<LayoutClass> In(string folder, SplitPart? part)
    {
        string[] folders = Folders.FoldersIn(folder);
        if (folders.Length == 0)
        {
            throw new DataException(Folders.FilesIn(folder).Length == 0
                ? $"{folder}: is empty; it should hold a folder of images for each class."
                : $"{folder}: holds files but no folders; put the images of each class into a "
                    + "folder named after it.");
        }

        return folders.SelectMany(f => GroupOrClass(f, part));
    }

    /// <summary>The class whose images a folder holds.</summary>
    /// <exception cref="DataException">It holds none.</exception>
    public static LayoutClass Class(string folder, string group, SplitPart? part)
    {
        string[] files = Folders.FilesIn(folder);
        return files.Length > 0
            ? new LayoutClass(Path.GetFileName(folder), group, part, [.. files])
            : throw new DataException(
                $"{folder}: holds no images; put those of the class there, or remove the folder.");
    }

    private static IEnumerable<LayoutClass> GroupOrClass(string folder, SplitPart? part)
    {
        string[] classes = Folders.FoldersIn(folder);
        if (classes.Length == 0) return [Class(folder, group: "", part)];
        if (Folders.FilesIn(folder) is [var file, ..])
        {
            throw new DataException(
                $"{file}: stands beside folders of classes; put it into one of them, or take it "
                + "out.");
        }

        return classes.Select(c => Class(c, Path.GetFileName(folder), part));
    }
}
