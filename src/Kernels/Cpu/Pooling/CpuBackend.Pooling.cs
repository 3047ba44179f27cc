// Max-pooling and its transpose. What a tile program computes is pooled plane by plane, while it
// lies in L1.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const int PoolElementsPerPart = 32768;

    // Elements of the next planes that are prefetched: more would push each other out of L1 before
    // they are read.
    private const int PoolAhead = 8192;

    /// <summary>
    /// Planes, in memory or computed by tiles; the values they are pooled to; and the position of
    /// each value in its plane. Backwards, values are written to their positions in the planes.
    /// </summary>
    private struct PoolJob
    {
        public PoolShape Shape;
        public void* Images;
        public BoundTileProgram Tiles;
        public void* Values;
        public int* Positions;

        /// <summary>The BoundEpilogue of the values, or null.</summary>
        public void* After;
        public bool IsDouble;

        public readonly int Width => IsDouble ? sizeof(double) : sizeof(float);

        public readonly nint Plane => (nint)Shape.Height * Shape.Width;

        public readonly nint Pooled => (nint)Shape.OutHeight * Shape.OutWidth;
    }

    /// <inheritdoc/>
    public void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y)
    {
        var job = new PoolJob { Images = Pointer(x), IsDouble = x.Type == DType.Float64 };
        Pool(ref job, shape, x.Type, y, &PoolStored);
    }

    /// <inheritdoc/>
    public void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default)
    {
        List<DeviceBuffer>? copies = null;
        inputs = InOrder(inputs, ref copies);
        byte* memory = stackalloc byte[BoundTileProgram.MemoryFor(inputs, 0)];
        var job = new PoolJob
        {
            Tiles = BoundTileProgram.Bind(program, inputs, [], memory),
            Values = Pointer(values),
            IsDouble = values.Type == DType.Float64,
        };
        BoundEpilogue after = default;
        if (epilogue.Program is not null)
        {
            byte* room = stackalloc byte[BoundEpilogue.MemoryFor(epilogue)];
            after = BoundEpilogue.Bind(epilogue, values, room);
            job.After = Unsafe.AsPointer(ref after);
        }
        Pool(ref job, shape, values.Type, positions, &PoolComputed);
        Return(copies);
    }

    private void Pool(
        ref PoolJob job, in PoolShape shape, DType type, in Operand positions,
        delegate*<in PoolJob, long, long, void> body)
    {
        if (positions.Layout.Count == 0) return;
        if (!type.IsFloat())
            throw new NotSupportedException($"MaxPool: no kernel for {type.Name()}.");
        job.Shape = shape;
        job.Positions = (int*)Pointer(positions);
        Run(job, positions.Layout.Sizes[0], body);
    }

    private void Run(
        in PoolJob job, long planes, delegate*<in PoolJob, long, long, void> body) =>
        Workers.Run(planes, Math.Max(1, PoolElementsPerPart / Math.Max(1, job.Plane)), body, job);

    private static void PoolStored(in PoolJob job, long first, long last) => PoolPlanes(
        job, (byte*)job.Images + first * job.Plane * job.Width, first, last - first);

    /// <summary>As many planes at once as fit a tile; a larger plane tile by tile.</summary>
    [SkipLocalsInit]
    private static void PoolComputed(in PoolJob job, long first, long last)
    {
        CompiledTileProgram compiled = job.Tiles.Form;
        TileSequence sequence = job.Tiles.Sequence;
        nint together = Math.Max(1, sequence.Tile / job.Plane);
        byte* scratch = ThreadScratch.Get(
            sequence.ScratchBytes + together * job.Plane * job.Width + sequence.TileBytes);
        byte* planes = scratch + sequence.ScratchBytes;
        void** registers = stackalloc void*[compiled.FrameLength];
        job.Tiles.Begin(registers, scratch, sequence.Tile);
        for (long plane = first; plane < last; plane += together)
        {
            nint count = (nint)Math.Min(together, last - plane), size = count * job.Plane;
            job.Tiles.Prefetch((plane + count) * job.Plane, Math.Min(size, PoolAhead));
            for (nint i = 0; i < size; i += sequence.Tile)
            {
                nint n = Math.Min(sequence.Tile, size - i);
                byte* target = planes + i * job.Width;
                job.Tiles.Evaluate(registers, scratch, plane * job.Plane + i, n, &target, 0);
                void* computed = registers[compiled.Outputs[0]];
                if (computed != target)
                    Buffer.MemoryCopy(computed, target, n * job.Width, n * job.Width);
            }
            PoolPlanes(job, planes, plane, count);
            if (job.After != null)
                Unsafe.AsRef<BoundEpilogue>(job.After)
                    .Run(plane * job.Pooled, (plane + count) * job.Pooled);
        }
    }

    private static void PoolPlanes(in PoolJob job, void* x, long plane, long count)
    {
        long first = plane * job.Pooled;
        int* positions = job.Positions + first;
        byte* values = job.Values is null ? null : (byte*)job.Values + first * job.Width;
        if (job.IsDouble)
            PoolLoops.Windows(job.Shape, (double*)x, (double*)values, positions, count);
        else if (job.Shape is { Window: 2, Stride: 2, Padding: 0 }
            && Vector256.IsHardwareAccelerated)
            PoolLoops.Pairs(job.Shape, (float*)x, (float*)values, positions, count);
        else PoolLoops.Windows(job.Shape, (float*)x, (float*)values, positions, count);
    }

    /// <inheritdoc/>
    public void MaxUnpool(
        in PoolShape shape, in Operand g, in Operand positions, in Operand y)
    {
        long planes = y.Layout.Sizes[0], from = (long)shape.OutHeight * shape.OutWidth;
        if (shape is { Window: 2, Stride: 2, Padding: 0 } && g.Type == DType.Float32
            && Vector256.IsHardwareAccelerated && g.Layout.Count > 0)
        {
            var job = new PoolJob
            {
                Shape = shape,
                Images = Pointer(y),
                Values = Pointer(g),
                Positions = (int*)Pointer(positions),
            };
            Run(job, planes, &Unpool);
            return;
        }
        ScatterAdd(
            g with { Layout = Layout.Contiguous(planes, from, 1) },
            positions with { Layout = Layout.Contiguous(planes, from) },
            y with { Layout = Layout.Contiguous(planes, (long)shape.Height * shape.Width, 1) });
    }

    private static void Unpool(in PoolJob job, long first, long last) => PoolLoops.Unpair(
        job.Shape, (float*)job.Values + first * job.Pooled,
        job.Positions + first * job.Pooled, (float*)job.Images + first * job.Plane,
        last - first);
}
