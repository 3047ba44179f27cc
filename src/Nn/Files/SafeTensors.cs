// Safetensors files: an 8-byte little-endian header length, a JSON header naming each tensor's
// dtype, shape and byte range, then the raw little-endian elements. Readable by PyTorch, JAX, ...
using System.Buffers.Binary;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>
/// Saves and loads trees and named tensors as safetensors (format: Hugging Face). Errors are
/// <see cref="EngineException"/>s that name the file and what is wrong with it.
/// </summary>
public static class SafeTensors
{
    private const long HeaderLimit = 100_000_000;

    /// <summary>Writes each leaf under its path, with optional text metadata.</summary>
    public static void Save<T>(
        Stream stream, T tree, IReadOnlyDictionary<string, string>? metadata = null) where T : ITree
    {
        IReadOnlyList<string> paths = tree.Paths();
        IReadOnlyList<Tensor> leaves = tree.Leaves();
        var tensors = new Dictionary<string, Tensor>();
        for (int i = 0; i < paths.Count; i++) tensors.Add(paths[i], leaves[i]);
        Write(stream, tensors, metadata);
    }

    /// <summary>
    /// <see cref="Save{T}(Stream, T, IReadOnlyDictionary{string, string})"/> to a file, whole or
    /// not at all.
    /// </summary>
    public static void Save<T>(
        string path, T tree, IReadOnlyDictionary<string, string>? metadata = null) where T : ITree
    {
        string part = path + ".part";
        try
        {
            using (var stream = new FileStream(part, FileMode.Create, FileAccess.Write))
                Save(stream, tree, metadata);
            File.Move(part, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(part)) File.Delete(part);
            throw new EngineException($"SafeTensors: {path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>
    /// A tree with the structure of <paramref name="like"/> and the values of a file: every leaf's
    /// path must be there with its shape and dtype, and nothing else.
    /// </summary>
    public static T Load<T>(string path, T like) where T : ITree
    {
        Dictionary<string, Tensor> file = Read(path).Tensors;
        IReadOnlyList<string> paths = like.Paths();
        IReadOnlyList<Tensor> leaves = like.Leaves();
        var loaded = new Tensor[leaves.Count];
        for (int i = 0; i < loaded.Length; i++)
        {
            if (!file.Remove(paths[i], out Tensor? tensor))
                throw new EngineException($"SafeTensors: {path} holds no '{paths[i]}', which the "
                    + "model needs. Was it saved by another kind of model?");
            if (tensor.Shape != leaves[i].Shape || tensor.DType != leaves[i].DType)
                throw new EngineException($"SafeTensors: '{paths[i]}' in {path} is "
                    + $"{tensor.DType.Name()} {tensor.Shape}, but the model needs "
                    + $"{leaves[i].DType.Name()} {leaves[i].Shape}. Build the model with the sizes "
                    + "it was saved with.");
            loaded[i] = tensor;
        }
        if (file.Count > 0)
            throw new EngineException($"SafeTensors: {path} holds '{file.Keys.Order().First()}', "
                + "which the model lacks. Was it saved by another kind of model?");
        return like.WithLeaves(loaded);
    }

    /// <summary>All tensors of a file by name, and its metadata.</summary>
    public static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Read(
        string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"SafeTensors: {path} cannot be read: {e.Message}", e);
        }
        try
        {
            return Parse(bytes);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException
            or KeyNotFoundException or OverflowException or EngineException)
        {
            throw new EngineException(
                $"SafeTensors: {path} is damaged or no safetensors file: {OneLine(e.Message)}", e);
        }
    }

    private static (Dictionary<string, Tensor>, Dictionary<string, string>) Parse(byte[] bytes)
    {
        if (bytes.Length < 8)
            throw new FormatException($"it has {bytes.Length} bytes, not even 8.");
        long length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (length < 2 || length > HeaderLimit || length > bytes.Length - 8)
            throw new FormatException(
                $"its header claims {length} bytes, but {bytes.Length - 8} follow.");
        ReadOnlySpan<byte> data = bytes.AsSpan(8 + (int)length);
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, (int)length));
        var tensors = new Dictionary<string, Tensor>();
        var metadata = new Dictionary<string, string>();
        long covered = 0;
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.NameEquals("__metadata__"))
            {
                foreach (JsonProperty item in entry.Value.EnumerateObject())
                    metadata[item.Name] = item.Value.GetString() ?? "";
                continue;
            }
            Tensor tensor = ReadTensor(entry, data);
            if (!tensors.TryAdd(entry.Name, tensor))
                throw new FormatException($"'{entry.Name}' is there twice.");
            covered += tensor.Count * tensor.DType.Size();
        }
        if (covered != data.Length)
            throw new FormatException(
                $"its tensors take {covered} bytes, but {data.Length} follow the header.");
        return (tensors, metadata);
    }

    private static Tensor ReadTensor(JsonProperty entry, ReadOnlySpan<byte> data)
    {
        DType type = TypeOf(entry.Value.GetProperty("dtype").GetString(), entry.Name);
        int[] sizes = [.. entry.Value.GetProperty("shape").EnumerateArray()
            .Select(s => s.GetInt32())];
        long[] range = [.. entry.Value.GetProperty("data_offsets").EnumerateArray()
            .Select(o => o.GetInt64())];
        long count = type.Size();
        foreach (int size in sizes) count = checked(count * size);
        if (range.Length != 2 || range[0] < 0 || range[1] < range[0] || range[1] > data.Length
            || range[1] - range[0] != count)
            throw new FormatException($"'{entry.Name}' of ({string.Join(", ", sizes)}) "
                + $"{type.Name()} needs {count} bytes, but its offsets are "
                + $"[{string.Join(", ", range)}] of {data.Length}.");
        return Tensor.FromRaw(data[(int)range[0]..(int)range[1]], sizes, type);
    }

    private static void Write(
        Stream stream, Dictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor) in tensors)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", NameOf(tensor.DType));
                json.WriteStartArray("shape");
                foreach (int size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Count * tensor.DType.Size());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0) header.WriteByte((byte)' '); // data starts aligned
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
        foreach (Tensor tensor in tensors.Values) stream.Write(tensor.ToRaw());
    }

    private static DType TypeOf(string? name, string tensor) => name switch
    {
        "F32" => DType.Float32,
        "F64" => DType.Float64,
        "I32" => DType.Int32,
        "I64" => DType.Int64,
        "BOOL" => DType.Bool,
        _ => throw new FormatException($"'{tensor}' has dtype {name}; F32, F64, I32, I64 and BOOL "
            + "are understood."),
    };

    private static string NameOf(DType type) => type switch
    {
        DType.Float32 => "F32",
        DType.Float64 => "F64",
        DType.Int32 => "I32",
        DType.Int64 => "I64",
        _ => "BOOL",
    };

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
