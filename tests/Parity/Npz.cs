// Reads NumPy's npz archives of little-endian float64, float32 and int64 arrays: just enough for
// dumps of the peer's parameters and gradients.
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Engine.Parity;

internal static partial class Npz
{
    public static Dictionary<string, Tensor> Read(string path)
    {
        using ZipArchive archive = ZipFile.OpenRead(path);
        var arrays = new Dictionary<string, Tensor>();
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream stream = entry.Open();
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            arrays[entry.Name.Replace(".npy", "")] = Array(copy.ToArray());
        }
        return arrays;
    }

    private static Tensor Array(byte[] file)
    {
        int length = BitConverter.ToUInt16(file, 8);
        string header = Encoding.ASCII.GetString(file, 10, length);
        Assert.Contains("'fortran_order': False", header);
        string sizes = Sizes().Match(header).Groups[1].Value;
        int[] shape = [.. sizes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(size => int.Parse(size, CultureInfo.InvariantCulture))];
        ReadOnlySpan<byte> data = file.AsSpan(10 + length);
        return header switch
        {
            _ when header.Contains("<f8") => Tensor.From(MemoryMarshal.Cast<byte, double>(data), shape),
            _ when header.Contains("<f4") => Tensor.From(MemoryMarshal.Cast<byte, float>(data), shape),
            _ when header.Contains("<i8") => Tensor.From(MemoryMarshal.Cast<byte, long>(data), shape),
            _ => throw new NotSupportedException(header),
        };
    }

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex Sizes();
}
