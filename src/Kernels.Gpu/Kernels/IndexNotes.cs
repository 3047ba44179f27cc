// What kernels write down about indices that are outside: they cannot throw.
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>
/// The first bad index since the notes were last read: of the earliest launch, and in that at the
/// smallest place. Each of four words holds the launch, the place and 16 bits of the index, most
/// significant first; since all take the minimum, all are of one note, whatever the threads' order.
/// </summary>
public struct IndexNotes
{
    /// <summary>Words of a note.</summary>
    public const int Count = 4;

    /// <summary>Bits of the index in each word, and of the place.</summary>
    public const int IndexBits = 16, PlaceBits = 35;

    /// <summary>Launches that have numbers of their own.</summary>
    public const int Launches = 1 << 12;

    /// <summary>The words; <see cref="long.MaxValue"/> where nothing is noted.</summary>
    public ArrayView<long> Words;

    /// <summary>Number of this launch since the notes were last read.</summary>
    public long Launch;

    /// <summary>Notes that the index at a place, b m + i, is outside.</summary>
    public static void Bad(IndexNotes notes, long place, long index)
    {
        long key = ((notes.Launch << PlaceBits) | place) << IndexBits;
        for (int word = 0; word < Count; word++)
            Atomic.Min(
                ref notes.Words[word],
                key | ((index >> (word * IndexBits)) & ((1L << IndexBits) - 1)));
    }
}
