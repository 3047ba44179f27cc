// The header of a safetensors file: JSON that names each tensor's dtype, shape and byte range.
// Nothing in it is trusted.
using System.Text.Json;

namespace Engine.Nn;

/// <summary>
/// A tensor as the header describes it: bytes Start .. Start + Length of the data.
/// </summary>
internal sealed record SafeTensorsEntry(
    string Name, string Type, int[] Sizes, long Start, long Length);

/// <summary>What a header says.</summary>
internal sealed record SafeTensorsHeader(
    Dictionary<string, SafeTensorsEntry> Entries, Dictionary<string, string> Metadata)
{
    /// <summary>The header's key for text metadata; no tensor can have this name.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>
    /// Reads the header of a file with that many bytes of data, each of which is one tensor's.
    /// </summary>
    /// <exception cref="FormatException">The header contradicts itself or the data.</exception>
    public static SafeTensorsHeader Parse(ReadOnlyMemory<byte> json, long dataLength)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var header = new SafeTensorsHeader([], []);
        foreach (JsonProperty item in document.RootElement.EnumerateObject())
        {
            if (item.NameEquals(MetadataName))
                foreach (JsonProperty text in item.Value.EnumerateObject())
                    header.Metadata[text.Name] = text.Value.GetString() ?? "";
            else if (!header.Entries.TryAdd(item.Name, ReadEntry(item)))
                throw new FormatException($"'{item.Name}' is there twice.");
        }
        header.CheckCover(dataLength);
        return header;
    }

    /// <summary>Bytes of an element of a dtype by its name.</summary>
    public static int ElementSize(string? type, string tensor) => type switch
    {
        "F64" or "I64" => 8,
        "F32" or "I32" => 4,
        "F16" or "BF16" => 2,
        "BOOL" => 1,
        _ => throw new FormatException($"'{tensor}' has dtype {type}; F64, F32, F16, BF16, I64, "
            + "I32 and BOOL are understood."),
    };

    private static SafeTensorsEntry ReadEntry(JsonProperty item)
    {
        string? type = item.Value.GetProperty("dtype").GetString();
        int[] sizes = [.. item.Value.GetProperty("shape").EnumerateArray()
            .Select(s => s.GetInt32())];
        long[] range = [.. item.Value.GetProperty("data_offsets").EnumerateArray()
            .Select(o => o.GetInt64())];
        string shape = $"({string.Join(", ", sizes)})";
        if (sizes.Any(size => size < 0))
            throw new FormatException($"'{item.Name}' has a negative size: {shape}.");
        long bytes = ElementSize(type, item.Name);
        foreach (int size in sizes) bytes = checked(bytes * size);
        if (range.Length != 2 || range[0] < 0 || range[1] != checked(range[0] + bytes))
            throw new FormatException($"'{item.Name}' of {shape} {type} needs "
                + $"{bytes} bytes, but its offsets are [{string.Join(", ", range)}].");
        return new(item.Name, type!, sizes, range[0], bytes);
    }

    /// <summary>Tensors lie one behind the other, from the first byte to the last.</summary>
    private void CheckCover(long dataLength)
    {
        long end = 0;
        foreach (SafeTensorsEntry entry in Entries.Values.OrderBy(e => (e.Start, e.Length)))
        {
            if (entry.Start != end)
                throw new FormatException($"'{entry.Name}' begins at {entry.Start}, but the tensor "
                    + $"before it ends at {end}.");
            end += entry.Length;
        }
        if (end != dataLength)
            throw new FormatException(
                $"its tensors take {end} bytes, but {dataLength} follow the header.");
    }
}
