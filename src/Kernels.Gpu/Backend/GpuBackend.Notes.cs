// Bad indices: kernels note the first one, and the next download of anything throws.
using System.Runtime.InteropServices;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    // The launches since the notes were read.
    private readonly List<Noting> noting = [];

    // The chunks in which calls are made now, the outermost first.
    private (int Chunk, int Chunks)[] chunks = [];
    private GpuBuffer? notes;
    private LateIndexException? badIndex;

    /// <inheritdoc/>
    public void BeginChunk(int chunk, int chunks)
    {
        lock (gate) this.chunks = [.. this.chunks, (chunk, chunks)];
    }

    /// <inheritdoc/>
    public void EndChunk()
    {
        lock (gate) chunks = chunks[..^1];
    }

    /// <summary>Where a launch that reads (batch, indices) places of so many rows notes.</summary>
    private IndexNotes NotesFor(string op, long rows, long indices)
    {
        lock (gate)
        {
            // A number for each launch, so that the earliest is named: they are read before those
            // run out.
            if (noting.Count == IndexNotes.Launches) ReadNotes();
            if (notes is null)
            {
                notes = memory.Rent(IndexNotes.Count * sizeof(long));
                ClearNotes();
            }
            noting.Add(new(op, rows, indices, chunks));
            return new() { Words = notes.As<long>(), Launch = noting.Count - 1 };
        }
    }

    /// <summary>Throws for an index that a kernel found outside, once.</summary>
    private void ThrowBadIndex()
    {
        lock (gate)
        {
            if (noting.Count > 0) ReadNotes();
            if (badIndex is not { } late) return;
            badIndex = null;
            throw late;
        }
    }

    private void ReadNotes()
    {
        Span<long> words = stackalloc long[IndexNotes.Count];
        Read(notes!, 0, MemoryMarshal.AsBytes(words));
        if (words[0] != long.MaxValue)
        {
            long index = 0, key = words[0] >> IndexNotes.IndexBits;
            for (int word = 0; word < IndexNotes.Count; word++)
                index |= (words[word] & ((1L << IndexNotes.IndexBits) - 1))
                    << (word * IndexNotes.IndexBits);
            Noting by = noting[(int)(key >> IndexNotes.PlaceBits)];
            (long batch, long place) =
                Math.DivRem(key & ((1L << IndexNotes.PlaceBits) - 1), by.Indices);
            badIndex ??= new(by.Op, index, batch, place, by.Rows, by.Chunks);
            ClearNotes();
        }
        noting.Clear();
    }

    private void ClearNotes()
    {
        Span<long> empty = stackalloc long[IndexNotes.Count];
        empty.Fill(long.MaxValue);
        Upload(MemoryMarshal.AsBytes(empty), notes!, 0);
    }

    /// <summary>
    /// A launch that may note: the operation that asked, the rows there are, the indices of a
    /// batch, and the chunks of the call.
    /// </summary>
    private sealed record Noting(
        string Op, long Rows, long Indices, (int Chunk, int Chunks)[] Chunks);
}
