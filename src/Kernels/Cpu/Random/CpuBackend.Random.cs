// Random words by Threefry: blocks are independent of each other, so eight are computed at a time.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public void RandomBits(in Operand key, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        var job = new RandomJob
        {
            Keys = (int*)Pointer(key),
            RowStride = key.Layout.Strides[0],
            WordStride = key.Layout.Strides[1],
            Y = (byte*)Pointer(y),
            Length = y.Layout.Sizes[1],
            Wide = y.Type == DType.Int64,
        };
        long chunks = y.Layout.Sizes[0] * job.ChunksPerRow;
        bool isShort = y.Layout.Count < RandomJob.Chunk;
        Workers.Run(chunks, isShort ? chunks : 1, &RandomJob.Run, job);
    }

    private struct RandomJob
    {
        // Elements that a thread writes at once: a multiple of the 16 (8) that eight blocks give.
        public const long Chunk = 1 << 14;

        public int* Keys;
        public long RowStride;
        public long WordStride;
        public byte* Y;
        public long Length;
        public bool Wide;

        public readonly long ChunksPerRow => (Length + Chunk - 1) / Chunk;

        public static void Run(in RandomJob job, long first, long last)
        {
            for (long number = first; number < last; number++) Run(job, number);
        }

        [MethodImpl(Compiled.Once)]
        private static void Run(RandomJob job, long number)
        {
            (long row, long chunk) = Math.DivRem(number, job.ChunksPerRow);
            uint k0 = (uint)job.Keys[row * job.RowStride];
            uint k1 = (uint)job.Keys[row * job.RowStride + job.WordStride];
            long start = chunk * Chunk, end = Math.Min(job.Length, start + Chunk);
            int size = job.Wide ? 8 : 4, step = 64 / size;
            byte* y = job.Y + row * job.Length * size;
            byte* rest = stackalloc byte[64];
            for (long i = start; i < end; i += step)
            {
                // Eight counters never straddle a multiple of 2^32: they share their high word.
                long block = job.Wide ? i : i / 2;
                Vector256<uint> first = Vector256.Create((uint)(block >> 32));
                Vector256<uint> second = Vector256.Create((uint)block) + Vector256<uint>.Indices;
                Threefry.Blocks(k0, k1, ref first, ref second);

                // An int32 result has a block's first word first, an int64 has it as its high word.
                Vector256<uint> low = job.Wide ? second : first;
                Vector256<uint> high = job.Wide ? first : second;
                byte* target = end - i >= step ? y + i * size : rest;
                (Vector256.WidenLower(low) | (Vector256.WidenLower(high) << 32))
                    .Store((ulong*)target);
                (Vector256.WidenUpper(low) | (Vector256.WidenUpper(high) << 32))
                    .Store((ulong*)target + 4);
                // The row's end must not be passed: what follows may be another thread's.
                if (target == rest)
                    Unsafe.CopyBlockUnaligned(y + i * size, rest, (uint)((end - i) * size));
            }
        }
    }
}
