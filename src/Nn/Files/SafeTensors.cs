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
    /// <summary>
    /// Writes each leaf under its path, with optional text metadata, to which each part that is no
    /// tensor is added: "static:Norm.Epsilon". <see cref="Load"/> compares them.
    /// </summary>
    public static void Save<T>(
        Stream stream, T tree, IReadOnlyDictionary<string, string>? metadata = null) where T : ITree
        => Save(stream, StateDict.Of(tree, names: path => path), Statics.With(metadata, tree));

    /// <summary>
    /// <see cref="Save{T}(Stream, T, IReadOnlyDictionary{string, string})"/> to a file, whole or
    /// not at all.
    /// </summary>
    public static void Save<T>(
        string path, T tree, IReadOnlyDictionary<string, string>? metadata = null) where T : ITree
        => Save(path, StateDict.Of(tree, names: p => p), Statics.With(metadata, tree));

    /// <summary>
    /// Writes named tensors, such as those of <see cref="StateDict.Of"/> for other programs, to a
    /// file, whole or not at all.
    /// </summary>
    public static void Save(
        string path, IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        try
        {
            AtomicFile.Write(path, stream => Save(stream, tensors, metadata));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.Fail("SafeTensors", $"{path} cannot be written: {Errors.OneLine(e)}", e);
        }
    }

    /// <summary>
    /// Writes named tensors of at most 2 GB each, with optional text metadata, for which the name
    /// __metadata__ is reserved.
    /// </summary>
    /// <exception cref="EngineException">A tensor is too large or has that name.</exception>
    public static void Save(
        Stream stream, IReadOnlyDictionary<string, Tensor> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        byte[] header = Header(tensors, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (Tensor tensor in tensors.Values) stream.Write(tensor.ToRaw());
    }

    /// <summary>
    /// A tree with the structure of <paramref name="like"/> and the values of a file: every leaf
    /// must be there with its shape and dtype, and nothing else. A leaf's name is its path, or what
    /// <paramref name="names"/>, such as <see cref="StateDict.PyTorchName"/>, makes of it.
    /// </summary>
    /// <remarks>
    /// Parts that are no tensors, such as a stride, must be those that the file was saved with;
    /// files of other programs do not say. Leaves may be left out: <see cref="LoadPart"/>.
    /// </remarks>
    /// <exception cref="EngineException">Missing, damaged or of another model.</exception>
    public static T Load<T>(string path, T like, Func<string, string>? names = null)
        where T : ITree
    {
        string source = $"SafeTensors: {path}";
        var (tensors, metadata) = Read(path);
        var reader = new StateReader(source, tensors, names ?? (p => p));
        T loaded = reader.Fill(like, like.Paths());
        reader.CheckNothingLeft();
        Statics.Check(source, metadata, like, _ => true);
        return loaded;
    }

    /// <summary>
    /// The tree <paramref name="like"/> with those leaves from a file whose paths are chosen, such
    /// as a pre-trained body under another head; the other leaves stay. Every chosen leaf must be
    /// in the file with its shape and dtype. What else the file holds is told.
    /// </summary>
    /// <exception cref="EngineException">
    /// Missing, damaged or of another model, or no leaf is chosen.
    /// </exception>
    public static (T Model, IReadOnlyList<string> LeftOver) LoadPart<T>(
        string path, T like, Func<string, bool> where, Func<string, string>? names = null)
        where T : ITree
    {
        ArgumentNullException.ThrowIfNull(where);
        string source = $"SafeTensors: {path}";
        var (tensors, metadata) = Read(path);
        var reader = new StateReader(source, tensors, names ?? (p => p));
        T loaded = reader.FillPart(like, like.Paths(), where);
        HashSet<string> owners = [.. like.Paths().Where(where).Select(Statics.Parent)];
        Statics.Check(source, metadata, like, owners.Contains);
        return (loaded, reader.LeftOver);
    }

    /// <summary>All tensors of a file by name, and its metadata.</summary>
    /// <exception cref="EngineException">Missing, damaged, or no safetensors file.</exception>
    public static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Read(
        string path)
    {
        using SafeTensorsFile file = SafeTensorsFile.Open(path);
        return (file.Names.ToDictionary(name => name, file.Read), new(file.Metadata));
    }

    private static byte[] Header(
        IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafeTensorsHeader.MetadataName);
                foreach (var (key, value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (var (name, tensor) in tensors)
            {
                Check(name, tensor);
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
        return header.ToArray();
    }

    /// <summary>Refuses what could not be read again, before anything is written.</summary>
    private static void Check(string name, Tensor tensor)
    {
        if (name == SafeTensorsHeader.MetadataName)
            throw Errors.Fail("SafeTensors",
                $"'{name}' is the name of a file's metadata, not of a tensor. Choose another.");
        long bytes = tensor.Count * tensor.DType.Size();
        if (bytes > Array.MaxLength)
            throw Errors.Fail("SafeTensors", $"'{name}' of {tensor.Shape} takes {bytes} bytes; "
                + $"tensors above {Array.MaxLength} bytes are not written. Split it.");
    }

    private static string NameOf(DType type) => type switch
    {
        DType.Float32 => "F32",
        DType.Float64 => "F64",
        DType.Int32 => "I32",
        DType.Int64 => "I64",
        _ => "BOOL",
    };
}
