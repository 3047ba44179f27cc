// Scans: running sums along an axis, in either direction.
using System.Numerics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long ScanPart = 1 << 15;

    /// <inheritdoc/>
    public void CumSum(in Operand x, in Operand y, bool reverse)
    {
        if (x.Layout.Count == 0) return;
        ReadOnlySpan<long> sizes = x.Layout.Sizes;
        var job = new ScanJob
        {
            X = Pointer(x),
            Y = Pointer(y),
            Rows = (nint)sizes[1],
            Inner = (nint)sizes[2],
            Reverse = reverse,
        };
        delegate*<in ScanJob, long, long, void> body = x.Type switch
        {
            DType.Float32 => &ScanJob.Sum<float>,
            DType.Float64 => &ScanJob.Sum<double>,
            DType.Int32 => &ScanJob.Sum<int>,
            DType.Int64 => &ScanJob.Sum<long>,
            _ => throw new ArgumentException("CumSum: bools cannot be added; cast them."),
        };
        Workers.Run(sizes[0], Math.Max(1, ScanPart / (sizes[1] * sizes[2])), body, job);
    }

    /// <summary>Scans of contiguous (batch, rows, inner) along the rows.</summary>
    private struct ScanJob
    {
        public void* X;
        public void* Y;
        public nint Rows;
        public nint Inner;
        public bool Reverse;

        public static void Sum<T>(in ScanJob job, long start, long end)
            where T : unmanaged, INumber<T>
        {
            nint inner = job.Inner, step = job.Reverse ? -inner : inner;
            for (long b = start; b < end; b++)
            {
                nint first = (nint)b * job.Rows * inner
                    + (job.Reverse ? (job.Rows - 1) * inner : 0);
                T* x = (T*)job.X + first, y = (T*)job.Y + first;
                for (nint j = 0; j < inner; j++) y[j] = x[j];
                for (nint i = 1; i < job.Rows; i++)
                {
                    x += step;
                    for (nint j = 0; j < inner; j++) y[step + j] = y[j] + x[j];
                    y += step;
                }
            }
        }
    }
}
