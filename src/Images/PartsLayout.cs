// A folder for each part of the split: train, val and test, with the folders of their classes in
// them. mini-ImageNet is often given so.
using Engine.Data;

namespace Engine.Images;

internal static class PartsLayout
{
    /// <summary>
    /// The layout of a folder that holds train and at least one of the other parts; null if it does
    /// not.
    /// </summary>
    public static Layout? Find(string folder)
    {
        var parts = new[]
        {
            (Part: SplitPart.Train, Folder: Folders.Find(folder, "train")),
            (Part: SplitPart.Validation,
                Folder: Folders.Find(folder, "val", "validation", "valid")),
            (Part: SplitPart.Test, Folder: Folders.Find(folder, "test")),
        };
        if (parts[0].Folder is null || parts.Count(p => p.Folder is not null) < 2) return null;
        return new Layout(
            from part in parts
            where part.Folder is not null
            from c in ClassFolders.In(part.Folder, part.Part)
            select c);
    }
}
