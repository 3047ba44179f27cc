// Running sums.
using ILGPU;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <summary>From so many lines on, or for lines as short, a thread does a line.</summary>
    private const long ManyLines = 4096, ShortLine = 64;

    /// <inheritdoc/>
    public void CumSum(in Operand x, in Operand y, bool reverse)
    {
        if (x.Layout.Count == 0) return;
        if (x.Type == DType.Bool)
            throw new ArgumentException("CumSum: bools cannot be added; cast them.");
        Runner<IScanRunner>(typeof(ScanRunner<,>), Stored(x.Type), NumbersOf(x.Type))
            .Run(this, x, y, reverse);
    }

    private interface IScanRunner
    {
        void Run(GpuBackend backend, in Operand x, in Operand y, bool reverse);
    }

    private sealed class ScanRunner<T, TNumbers> : IScanRunner
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
    {
        public void Run(GpuBackend backend, in Operand x, in Operand y, bool reverse)
        {
            ReadOnlySpan<long> sizes = x.Layout.Sizes;
            var lines = new ScanLines
            {
                Count = sizes[0] * sizes[2],
                Length = sizes[1],
                Inner = sizes[2],
                Reverse = reverse ? 1 : 0,
            };
            Scan(backend, lines, backend.From<T>(x), backend.From<T>(y));
        }

        private static void Scan(
            GpuBackend backend, ScanLines lines, ArrayView<T> x, ArrayView<T> y)
        {
            if (lines.Count >= ManyLines || lines.Length <= ShortLine)
            {
                backend.LaunchFor(
                    new ScanWhole<T, TNumbers> { X = x, Y = y, Lines = lines }, lines.Count);
                return;
            }
            int tile = ScanTiles<T, TNumbers>.Tile;
            long tiles = (lines.Length + tile - 1) / tile;
            GpuBuffer sums = backend.memory.Rent(lines.Count * tiles * 8);
            GpuBuffer totals = backend.memory.Rent(lines.Count * tiles * 8);
            var kernel = new ScanTiles<T, TNumbers>
            {
                X = x,
                Y = y,
                Sums = totals.As<T>(),
                Lines = lines,
                Tiles = tiles,
                Totals = 1,
            };
            if (tiles > 1)
            {
                backend.Launch(kernel, lines.Count * tiles, backend.GroupThreads);
                var ofTiles = new ScanLines { Count = lines.Count, Length = tiles, Inner = 1 };
                Scan(backend, ofTiles, totals.As<T>(), sums.As<T>());
            }
            kernel.Totals = 0;
            kernel.Sums = sums.As<T>();
            backend.Launch(kernel, lines.Count * tiles, backend.GroupThreads);
            backend.Return(sums);
            backend.Return(totals);
        }
    }
}
