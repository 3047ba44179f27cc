// mini-ImageNet as Ravi and Larochelle (2017) publish its split: train.csv, val.csv and test.csv
// with the columns filename and label, and the files in images, or in images/LABEL.
using System.Collections.Immutable;
using Engine.Data;

namespace Engine.Images;

internal static class CsvLayout
{
    private static readonly (SplitPart Part, string File)[] Tables =
    [
        (SplitPart.Train, "train.csv"), (SplitPart.Validation, "val.csv"),
        (SplitPart.Test, "test.csv"),
    ];

    /// <summary>The layout of a folder that holds images and train.csv; null if it does not.</summary>
    /// <exception cref="DataException">A table has other columns, or names no file.</exception>
    public static Layout? Find(string folder)
    {
        string? images = Folders.Find(folder, "images");
        if (images is null || !File.Exists(Path.Combine(folder, "train.csv"))) return null;
        return new Layout(
            from table in Tables
            let path = Path.Combine(folder, table.File)
            where File.Exists(path)
            from c in Classes(path, images, table.Part)
            select c);
    }

    private static IEnumerable<LayoutClass> Classes(string table, string images, SplitPart part)
    {
        string[] lines = Folders.Lines(table);
        string[] columns = lines is [var head, ..] ? head.ToLowerInvariant().Split(',') : [];
        int file = Array.IndexOf(columns, "filename"), label = Array.IndexOf(columns, "label");
        if (file < 0 || label < 0)
            throw new DataException($"{table}: the first line should be filename,label.");
        var rows = lines[1..].Select((line, i) =>
        {
            string[] values = line.Split(',');
            return values.Length == columns.Length
                ? (File: values[file].Trim(), Label: values[label].Trim())
                : throw new DataException(
                    $"{table}: row {i + 1} has {values.Length} values, but there are "
                    + $"{columns.Length} columns.");
        });
        return
            from row in rows
            group row.File by row.Label into c
            orderby c.Key
            select new LayoutClass(c.Key, "", part, Files(table, images, c.Key, c));
    }

    /// <summary>Where the files of a class are; none may lie outside of the images.</summary>
    private static ImmutableArray<string> Files(
        string table, string images, string label, IEnumerable<string> names)
    {
        string[] places = [images, Path.Combine(images, label)];
        return [.. names.Order(StringComparer.Ordinal).Select(name =>
            Path.GetFileName(name) == name && Path.GetFileName(label) == label
            && places.Select(p => Path.Combine(p, name)).FirstOrDefault(File.Exists) is { } path
                ? path
                : throw new DataException(
                    $"{table}: names {name} of class '{label}', but {images} has no such file."))];
    }
}
