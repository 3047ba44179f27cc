// Bad indices: kernels note the first one, and the next download of anything throws.
using System.Runtime.InteropServices;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    // Of each launch since the notes were read: rows there are, and indices of each batch.
    private readonly List<(long Rows, long Indices)> noting = [];
    private GpuBuffer? notes;
    private string? badIndex;

    /// <summary>Where a launch that reads (batch, indices) places of so many rows notes.</summary>
    private IndexNotes NotesFor(long rows, long indices)
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
            noting.Add((rows, indices));
            return new() { Words = notes.As<long>(), Launch = noting.Count - 1 };
        }
    }

    /// <summary>Throws for an index that a kernel found outside, once.</summary>
    private void ThrowBadIndex()
    {
        lock (gate)
        {
            if (noting.Count > 0) ReadNotes();
            if (badIndex is not { } text) return;
            badIndex = null;
            throw new IndexOutOfRangeException(text);
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
            (long rows, long indices) = noting[(int)(key >> IndexNotes.PlaceBits)];
            (long b, long i) = Math.DivRem(key & ((1L << IndexNotes.PlaceBits) - 1), indices);
            badIndex ??= $"index {index} at ({b}, {i}) is outside 0 .. {rows - 1}.";
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
}
