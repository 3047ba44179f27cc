// Where the maxima of pooling windows are. Values and gradients then follow by gather and scatter.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const int PoolElementsPerPart = 32768;

    private struct PoolJob
    {
        public PoolShape Shape;
        public void* X;
        public int* Y;
        public bool IsDouble;
        public long Planes, PlanesPerPart;
    }

    /// <inheritdoc/>
    public void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        if (!x.Type.IsFloat())
            throw new NotSupportedException($"MaxPool: no kernel for {x.Type.Name()}.");
        long planes = y.Layout.Sizes[0];
        long plane = Math.Max(1, (long)shape.Height * shape.Width);
        var job = new PoolJob
        {
            Shape = shape,
            X = Pointer(x),
            Y = (int*)Pointer(y),
            IsDouble = x.Type == DType.Float64,
            Planes = planes,
            PlanesPerPart = Math.Clamp(PoolElementsPerPart / plane, 1, planes),
        };
        long parts = (planes + job.PlanesPerPart - 1) / job.PlanesPerPart;
        Workers.Run(checked((int)parts), &PoolPart, &job);
    }

    private static void PoolPart(void* context, int part)
    {
        ref PoolJob job = ref *(PoolJob*)context;
        long start = part * job.PlanesPerPart;
        long end = Math.Min(start + job.PlanesPerPart, job.Planes);
        nint input = (nint)job.Shape.Height * job.Shape.Width;
        nint output = (nint)job.Shape.OutHeight * job.Shape.OutWidth;
        bool halves = job.Shape is { Window: 2, Stride: 2, Padding: 0 }
            && Vector256.IsHardwareAccelerated;
        for (nint plane = (nint)start; plane < end; plane++)
        {
            int* y = job.Y + plane * output;
            if (job.IsDouble) PoolPlane(job.Shape, (double*)job.X + plane * input, y);
            else if (halves) PoolHalves(job.Shape, (float*)job.X + plane * input, y);
            else PoolPlane(job.Shape, (float*)job.X + plane * input, y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PoolPlane<T>(in PoolShape s, T* x, int* y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (int i = 0; i < s.OutHeight; i++)
            for (int j = 0; j < s.OutWidth; j++)
            {
                int top = i * s.Stride - s.Padding, left = j * s.Stride - s.Padding;
                int bottom = Math.Min(top + s.Window, s.Height);
                int right = Math.Min(left + s.Window, s.Width);
                // A window all in the padding points to the nearest element.
                top = Math.Clamp(top, 0, s.Height - 1);
                left = Math.Clamp(left, 0, s.Width - 1);
                int best = top * s.Width + left;
                T value = x[best];
                for (int h = top; h < bottom; h++)
                    for (int w = left; w < right; w++)
                    {
                        T other = x[h * s.Width + w];
                        if (value >= other || T.IsNaN(value)) continue;
                        (best, value) = (h * s.Width + w, other);
                    }
                *y++ = best;
            }
    }

    /// <summary>Windows of 2 x 2 without overlap, eight at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PoolHalves(in PoolShape s, float* x, int* y)
    {
        int width = s.Width, outWidth = s.OutWidth;
        Vector256<int> steps = Vector256<int>.Indices * 2;
        for (int i = 0; i < s.OutHeight; i++)
            for (int j = 0; j < outWidth; j += 8)
            {
                int corner = 2 * i * width + 2 * j;
                Vector256<int> best = steps + Vector256.Create(corner);
                Halves(x + corner, out Vector256<float> value, out Vector256<float> other);
                Vector256<int> place = best;
                Replace(ref value, ref best, other, place + Vector256.Create(1));
                Halves(x + corner + width, out other, out Vector256<float> last);
                Replace(ref value, ref best, other, place + Vector256.Create(width));
                Replace(ref value, ref best, last, place + Vector256.Create(width + 1));
                int count = Math.Min(8, outWidth - j);
                if (count == 8) best.Store(y);
                else Vec256<float>.Store(best.AsSingle(), (float*)y, count);
                y += count;
            }
    }

    /// <summary>The even and the odd ones of sixteen elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(float* p, out Vector256<float> even, out Vector256<float> odd)
    {
        Vector256<int> order = Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7);
        Vector256<float> a = Vector256.Shuffle(Vector256.Load(p), order);
        Vector256<float> b = Vector256.Shuffle(Vector256.Load(p + 8), order);
        even = Vector256.Create(a.GetLower(), b.GetLower());
        odd = Vector256.Create(a.GetUpper(), b.GetUpper());
    }

    /// <summary>Takes the other where it is larger or the first NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Replace(
        ref Vector256<float> value, ref Vector256<int> best,
        Vector256<float> other, Vector256<int> place)
    {
        Vector256<float> take = Vector256.AndNot(
            Vector256.Equals(value, value), Vector256.GreaterThanOrEqual(value, other));
        value = Vector256.ConditionalSelect(take, other, value);
        best = Vector256.ConditionalSelect(take.AsInt32(), place, best);
    }
}
