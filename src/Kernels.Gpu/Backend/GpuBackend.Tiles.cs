// Which tile a product is computed by, and into how many parts its depth is split.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <summary>
    /// Products of matrices rows x depth and depth x columns, one for each batch. Where the results
    /// are too few for a device and the depth is long, parts of the depth are summed side by side
    /// and added in a second launch.
    /// </summary>
    private readonly struct Products<T, TNumbers, TA, TB, TTarget>(
        GpuBackend backend, TA a, TB b, TTarget target)
        where T : unmanaged where TNumbers : unmanaged, INumbers<TNumbers, T>
        where TA : struct, ITileOperand<TA, T> where TB : struct, ITileOperand<TB, T>
        where TTarget : struct, ITileTarget<TTarget, T>
    {
        // Groups that keep a large device busy. A constant, not this device's: orders of sums
        // depend on it.
        private const long WantedGroups = 256;

        // The shortest part of the depth that is worth a group and a second launch.
        private const int LeastPart = 256;

        // Kernels count rows, columns and depth in 32 bits, and may go past the last by a tile.
        private const int Most = int.MaxValue - 1024;

        public void Run(long rows, long columns, long depth, long batches)
        {
            if (rows > Most || columns > Most || depth > Most || batches > Most / WantedGroups)
                throw new NotSupportedException(
                    $"GPU: {batches} products of {rows} x {depth} and {depth} x {columns} need a "
                    + $"size above {Most}. Use a smaller batch.");
            var sizes = new Sizes((int)rows, (int)columns, (int)depth, (int)batches);
            if (backend.GroupThreads >= MostThreads)
            {
                if (columns <= 16) By<Tile64x16>(sizes);
                else if (rows <= 16) By<Tile16x64>(sizes);
                else if (rows <= 32) By<Tile32x64>(sizes);
                else By<Tile64x64>(sizes);
            }
            else if (columns <= 4) By<Tile16x4>(sizes);
            else if (rows <= 4) By<Tile4x16>(sizes);
            else By<Tile8x8>(sizes);
        }

        private void By<TTile>(in Sizes sizes) where TTile : struct, ITile
        {
            int parts = (int)Math.Min(
                WantedGroups / Tiles<TTile>(sizes), sizes.Depth / LeastPart);
            if (parts < 2)
            {
                Launch<TTile, TTarget>(target, sizes, 1, sizes.Depth);
                return;
            }

            int partDepth = Pieces(Pieces(sizes.Depth, parts), TTile.Depth) * TTile.Depth;
            parts = Pieces(sizes.Depth, partDepth);
            int count = sizes.Rows * sizes.Columns * sizes.Batches;
            DeviceBuffer scratch = backend.Rent((long)parts * count * Unsafe.SizeOf<T>());
            var sums = new DepthParts<T>
            {
                Data = backend.Own(scratch).As<T>(),
                Rows = sizes.Rows,
                Columns = sizes.Columns,
            };
            Launch<TTile, DepthParts<T>>(sums, sizes, parts, partDepth);
            var sum = new SumOfParts<T, TNumbers, TTarget>
            {
                From = sums,
                Target = target,
                Count = count,
                Parts = parts,
            };
            backend.LaunchFor(sum, count);
            backend.Return(scratch);
        }

        private void Launch<TTile, TTo>(in TTo to, in Sizes sizes, int parts, int partDepth)
            where TTile : struct, ITile where TTo : struct, ITileTarget<TTo, T>
        {
            var kernel = new TiledProduct<T, TNumbers, TTile, TA, TB, TTo>
            {
                A = a,
                B = b,
                Target = to,
                Rows = sizes.Rows,
                Columns = sizes.Columns,
                Depth = sizes.Depth,
                Batches = sizes.Batches,
                Parts = parts,
                PartDepth = partDepth,
            };
            backend.Launch(
                kernel, Tiles<TTile>(sizes) * parts,
                TiledProduct<T, TNumbers, TTile, TA, TB, TTo>.Threads);
        }

        private static long Tiles<TTile>(in Sizes sizes) where TTile : struct, ITile =>
            (long)Pieces(sizes.Rows, TTile.Rows) * Pieces(sizes.Columns, TTile.Columns)
            * sizes.Batches;

        private static int Pieces(int size, int piece) => (size + piece - 1) / piece;
    }

    private readonly record struct Sizes(int Rows, int Columns, int Depth, int Batches);
}
