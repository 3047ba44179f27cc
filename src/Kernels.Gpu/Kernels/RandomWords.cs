// Random words by Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011): a thread a block of two words.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Where the keys of a launch lie: two int32 words a row, of any strides.</summary>
public struct RandomKeys
{
    /// <summary>The words, from the first key on.</summary>
    public ArrayView<int> Words;

    /// <summary>From key to key, and from word to word.</summary>
    public long RowStride, WordStride;

    /// <summary>
    /// The two words of block <paramref name="block"/> of a row, the first one high.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Block(RandomKeys keys, long row, long block)
    {
        long place = row * keys.RowStride;
        uint k0 = (uint)keys.Words[place], k1 = (uint)keys.Words[place + keys.WordStride];
        uint k2 = 0x1BD11BDAu ^ k0 ^ k1;
        uint x = (uint)(block >> 32) + k0, y = (uint)block + k1;
        First(ref x, ref y);
        x += k1;
        y += k2 + 1;
        Second(ref x, ref y);
        x += k2;
        y += k0 + 2;
        First(ref x, ref y);
        x += k0;
        y += k1 + 3;
        Second(ref x, ref y);
        x += k1;
        y += k2 + 4;
        First(ref x, ref y);
        x += k2;
        y += k0 + 5;
        return ((ulong)x << 32) | y;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void First(ref uint x, ref uint y)
    {
        Round(ref x, ref y, 13);
        Round(ref x, ref y, 15);
        Round(ref x, ref y, 26);
        Round(ref x, ref y, 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Second(ref uint x, ref uint y)
    {
        Round(ref x, ref y, 17);
        Round(ref x, ref y, 29);
        Round(ref x, ref y, 16);
        Round(ref x, ref y, 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref uint x, ref uint y, int bits)
    {
        x += y;
        y = ((y << bits) | (y >> (32 - bits))) ^ x;
    }
}

/// <summary>Rows of int32 words: element i is word i % 2 of block i / 2.</summary>
public struct RandomWords : IGroupKernel<RandomWords>
{
    /// <summary>A key for each row.</summary>
    public RandomKeys Keys;

    /// <summary>(rows, Length), contiguous.</summary>
    public ArrayView<int> Y;

    /// <summary>Words of a row, blocks of a row, and blocks of all rows.</summary>
    public long Length, Blocks, Count;

    /// <inheritdoc/>
    public static void Run(RandomWords kernel)
    {
        for (long n = Thread.Number; n < kernel.Count; n += Thread.Count)
        {
            long row = n / kernel.Blocks, block = n - row * kernel.Blocks;
            ulong words = RandomKeys.Block(kernel.Keys, row, block);
            long place = row * kernel.Length + 2 * block;
            kernel.Y[place] = (int)(words >> 32);
            if (2 * block + 1 < kernel.Length) kernel.Y[place + 1] = (int)words;
        }
    }
}

/// <summary>Rows of int64: element i is block i, its first word high.</summary>
public struct RandomPairs : IGroupKernel<RandomPairs>
{
    /// <summary>A key for each row.</summary>
    public RandomKeys Keys;

    /// <summary>(rows, Length), contiguous.</summary>
    public ArrayView<long> Y;

    /// <summary>Elements of a row, and of all rows.</summary>
    public long Length, Count;

    /// <inheritdoc/>
    public static void Run(RandomPairs kernel)
    {
        for (long n = Thread.Number; n < kernel.Count; n += Thread.Count)
        {
            long row = n / kernel.Length;
            kernel.Y[n] = (long)RandomKeys.Block(kernel.Keys, row, n - row * kernel.Length);
        }
    }
}
