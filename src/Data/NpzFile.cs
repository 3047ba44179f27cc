// Several named arrays in NumPy's npz format: a zip archive of npy files.
using System.IO.Compression;

namespace Engine.Data;

/// <summary>Reads and writes npz files; the arrays are those of <see cref="NpyFile"/>.</summary>
public static class NpzFile
{
    private const string Extension = ".npy";

    /// <summary>All arrays of a file by name.</summary>
    /// <exception cref="DataException">
    /// Missing, not a zip archive, or an array is damaged.
    /// </exception>
    public static Dictionary<string, Tensor> Read(string path) =>
        DataFiles.Read(path, stream => Read(stream, path));

    /// <summary>All arrays of a stream by name; its own name is for error messages.</summary>
    /// <exception cref="DataException">Not a zip archive, or an array is damaged.</exception>
    public static Dictionary<string, Tensor> Read(Stream stream, string name)
    {
        var arrays = new Dictionary<string, Tensor>();
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                string key = entry.FullName.EndsWith(Extension, StringComparison.Ordinal)
                    ? entry.FullName[..^Extension.Length]
                    : entry.FullName;
                if (!arrays.TryAdd(key, ReadEntry(entry, $"{name}: array '{key}'")))
                    throw new DataException($"{name}: array '{key}' is there twice.");
            }
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException
            or ArgumentException or EndOfStreamException)
        {
            throw new DataException(
                $"{name}: damaged, or not an npz file: {DataFiles.OneLine(e)}", e);
        }
        return arrays;
    }

    /// <summary>Writes named arrays to a file, whole or not at all.</summary>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public static void Write(
        string path, IReadOnlyDictionary<string, Tensor> arrays, bool compress = false)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        CompressionLevel level =
            compress ? CompressionLevel.Optimal : CompressionLevel.NoCompression;
        DataFiles.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach (var (name, array) in arrays)
            {
                using Stream entry = archive.CreateEntry(name + Extension, level).Open();
                NpyFile.Write(entry, array);
            }
        });
    }

    /// <summary>Reads an array to its end and checks its CRC-32 against the archive's.</summary>
    private static Tensor ReadEntry(ZipArchiveEntry entry, string name)
    {
        using Stream stored = entry.Open();
        using var content = new Crc32Stream(stored);
        Tensor array = NpyFile.Read(content, name);
        return content.Crc32 == entry.Crc32
            ? array
            : throw new DataException(
                $"{name} is damaged: its CRC-32 is {content.Crc32:x8}, but the archive says "
                + $"{entry.Crc32:x8}. Fetch the file again.");
    }
}
