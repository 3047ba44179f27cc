// A safetensors file that is open: its bytes are mapped into memory, not read, until a tensor is
// asked for.
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Engine.Nn;

/// <summary>
/// A safetensors file whose tensors are read one by one, each when it is asked for: what is not
/// needed of a large file takes no memory. Disposing closes the file; tensors stay valid.
/// </summary>
public sealed unsafe class SafeTensorsFile : IDisposable
{
    private const long HeaderLimit = 100_000_000;

    private readonly string path;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor? view;
    private readonly SafeTensorsHeader header;
    private readonly byte* start;
    private readonly long dataOffset;
    private bool disposed;

    private SafeTensorsFile(string path, MemoryMappedFile file, long length)
    {
        this.path = path;
        this.file = file;
        try
        {
            view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            long size = BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(start, 8));
            if (size < 2 || size > HeaderLimit || size > length - 8)
                throw new FormatException(
                    $"its header claims {size} bytes, but {length - 8} follow.");
            dataOffset = 8 + size;
            byte[] json = new ReadOnlySpan<byte>(start + 8, (int)size).ToArray();
            header = SafeTensorsHeader.Parse(json, length - dataOffset);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="EngineException">Missing, damaged, or no safetensors file.</exception>
    public static SafeTensorsFile Open(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            long length = stream.Length;
            if (length < 8) throw new FormatException($"it has {length} bytes, not even 8.");
            var file = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None,
                leaveOpen: true);
            return new SafeTensorsFile(path, file, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.Fail("SafeTensors", $"{path} cannot be read: {Errors.OneLine(e)}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException
            or KeyNotFoundException or OverflowException)
        {
            throw Damaged(path, e);
        }
    }

    /// <summary>The names of the tensors.</summary>
    public IReadOnlyCollection<string> Names => header.Entries.Keys;

    /// <summary>The text metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>
    /// Reads a tensor; half precision (F16, BF16) becomes float32.
    /// </summary>
    /// <exception cref="EngineException">No such tensor, or its bytes are wrong.</exception>
    public Tensor Read(string name)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!header.Entries.TryGetValue(name, out SafeTensorsEntry? entry))
            throw Errors.Fail("SafeTensors", $"{path} holds no '{name}'. It holds "
                + $"{string.Join(", ", header.Entries.Keys.Order().Take(8))}.");
        if (entry.Length > int.MaxValue)
            throw Errors.Fail("SafeTensors", $"'{name}' in {path} takes {entry.Length} bytes; "
                + $"tensors above {int.MaxValue} bytes cannot be read. Split it.");
        var bytes = new ReadOnlySpan<byte>(start + dataOffset + entry.Start, (int)entry.Length);
        try
        {
            return ToTensor(entry, bytes);
        }
        catch (EngineException e)
        {
            throw Damaged(path, e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        if (start is not null) view!.SafeMemoryMappedViewHandle.ReleasePointer();
        view?.Dispose();
        file.Dispose();
    }

    private static Tensor ToTensor(SafeTensorsEntry entry, ReadOnlySpan<byte> bytes) =>
        entry.Type switch
        {
            "F16" => Widen<Half>(bytes, entry.Sizes, x => (float)x),
            "BF16" => Widen<ushort>(
                bytes, entry.Sizes, x => BitConverter.UInt32BitsToSingle((uint)x << 16)),
            "F64" => Tensor.FromRaw(bytes, entry.Sizes, DType.Float64),
            "I64" => Tensor.FromRaw(bytes, entry.Sizes, DType.Int64),
            "F32" => Tensor.FromRaw(bytes, entry.Sizes, DType.Float32),
            "I32" => Tensor.FromRaw(bytes, entry.Sizes, DType.Int32),
            _ => Tensor.FromRaw(bytes, entry.Sizes, DType.Bool),
        };

    private static Tensor Widen<T>(ReadOnlySpan<byte> bytes, int[] sizes, Func<T, float> widen)
        where T : unmanaged
    {
        var values = new float[bytes.Length / 2];
        for (int i = 0; i < values.Length; i++)
            values[i] = widen(MemoryMarshal.Read<T>(bytes[(2 * i)..]));
        return Tensor.From(values, sizes);
    }

    private static EngineException Damaged(string path, Exception e) =>
        Errors.Fail("SafeTensors",
            $"{path} is damaged or no safetensors file: {Errors.OneLine(e)}", e);
}
