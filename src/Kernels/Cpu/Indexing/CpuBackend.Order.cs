// Order: the position of the maximum, and the permutation that sorts.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    private const long OrderPart = 1 << 15;

    /// <inheritdoc/>
    public void ArgMax(in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        delegate*<in OrderJob, long, long, void> body = x.Type switch
        {
            DType.Float32 => &OrderJob.ArgMax<float>,
            DType.Float64 => &OrderJob.ArgMax<double>,
            DType.Int32 => &OrderJob.ArgMax<int>,
            DType.Int64 => &OrderJob.ArgMax<long>,
            _ => throw new ArgumentException("ArgMax: bools have no order; cast them."),
        };
        Run(x, y, body);
    }

    /// <inheritdoc/>
    public void ArgSort(in Operand x, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        delegate*<in OrderJob, long, long, void> body = x.Type switch
        {
            DType.Float32 => &OrderJob.ArgSort<float>,
            DType.Float64 => &OrderJob.ArgSort<double>,
            DType.Int32 => &OrderJob.ArgSort<int>,
            DType.Int64 => &OrderJob.ArgSort<long>,
            _ => throw new ArgumentException("ArgSort: bools have no order; cast them."),
        };
        Run(x, y, body);
    }

    private void Run(
        in Operand x, in Operand y, delegate*<in OrderJob, long, long, void> body)
    {
        var job = new OrderJob
        {
            X = Pointer(x),
            Y = (long*)Pointer(y),
            Length = x.Layout.Sizes[1],
            RowStride = x.Layout.Strides[0],
            Stride = x.Layout.Strides[1],
        };
        long rows = x.Layout.Sizes[0], each = Math.Max(1, OrderPart / Math.Max(1, job.Length));
        Workers.Run(rows, each, body, job);
    }

    private struct OrderJob
    {
        public void* X;
        public long* Y;
        public long Length;
        public long RowStride;
        public long Stride;

        [MethodImpl(Compiled.Once)]
        public static void ArgMax<T>(in OrderJob job, long first, long last)
            where T : unmanaged, INumber<T>
        {
            for (long row = first; row < last; row++)
            {
                T* x = (T*)job.X + row * job.RowStride;
                bool vectors = job.Stride == 1 && job.Length >= 32
                    && Vector256.IsHardwareAccelerated;
                job.Y[row] = vectors
                    ? FirstMax<Lanes256<T>, T>(x, (nint)job.Length)
                    : FirstMax(x, (nint)job.Stride, job.Length);
            }
        }

        [MethodImpl(Compiled.Once)]
        private static long FirstMax<T>(T* x, nint stride, long n) where T : unmanaged, INumber<T>
        {
            T best = *x;
            long at = 0;
            for (long i = 1; i < n; i++)
            {
                T value = x[i * stride];
                if (!(value > best) && (!T.IsNaN(value) || T.IsNaN(best))) continue;
                best = value;
                at = i;
            }

            return at;
        }

        // Two passes, first the maximum and then its position: faster than one that keeps both.
        [MethodImpl(Compiled.Once)]
        private static long FirstMax<V, T>(T* x, nint n)
            where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T>
        {
            V max = V.Load(x, 0), other = V.Load(x, n - V.Count);
            nint i = V.Count;
            for (; i <= n - 2 * V.Count; i += 2 * V.Count)
            {
                max = V.Max(max, V.Load(x, i));
                other = V.Max(other, V.Load(x, i + V.Count));
            }

            for (; i <= n - V.Count; i += V.Count) max = V.Max(max, V.Load(x, i));
            max = V.Max(max, other);
            T* lanes = stackalloc T[V.Count];
            V.Store(max, lanes, 0);
            T best = lanes[0];
            for (int lane = 1; lane < V.Count; lane++) best = T.Max(best, lanes[lane]);

            bool nan = T.IsNaN(best);
            V wanted = V.Broadcast(&best, 0);
            for (i = 0; i <= n - V.Count; i += V.Count)
            {
                V v = V.Load(x, i);
                if (V.Any(nan ? ~V.Equal(v, v) : V.Equal(v, wanted))) break;
            }

            while (nan ? !T.IsNaN(x[i]) : x[i] != best) i++;
            return i;
        }

        // Sorts keys that order as unsigned numbers, each with its position. With the position no
        // two are equal, so that any sort is stable. A 32-bit key and its position share a 64-bit
        // word.
        public static void ArgSort<T>(in OrderJob job, long first, long last)
            where T : unmanaged, INumber<T>
        {
            int n = checked((int)job.Length);
            void* scratch = NativeMemory.Alloc((nuint)n, 16);
            for (long row = first; row < last; row++)
            {
                T* x = (T*)job.X + row * job.RowStride;
                long* y = job.Y + row * n;
                if (sizeof(T) == 4)
                {
                    var keys = new Span<ulong>(scratch, n);
                    for (int i = 0; i < n; i++)
                        keys[i] = SortKey(x[i * job.Stride]) << 32 | (uint)i;
                    keys.Sort();
                    for (int i = 0; i < n; i++) y[i] = (uint)keys[i];
                }
                else
                {
                    var keys = new Span<(ulong Key, long At)>(scratch, n);
                    for (int i = 0; i < n; i++) keys[i] = (SortKey(x[i * job.Stride]), i);
                    keys.Sort(default(KeyOrder));
                    for (int i = 0; i < n; i++) y[i] = keys[i].At;
                }
            }

            NativeMemory.Free(scratch);
        }

        // Floats: NaN last, -0 equal to 0, negative ones reversed.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong SortKey<T>(T x) where T : unmanaged, INumber<T>
        {
            if (T.IsNaN(x)) return sizeof(T) == 4 ? uint.MaxValue : ulong.MaxValue;
            x += T.Zero;
            if (sizeof(T) == 4)
            {
                int bits = Unsafe.BitCast<T, int>(x);
                bool flip = typeof(T) == typeof(float) && bits < 0;
                return (uint)(flip ? ~bits : bits ^ int.MinValue);
            }

            long wide = Unsafe.BitCast<T, long>(x);
            bool flipWide = typeof(T) == typeof(double) && wide < 0;
            return (ulong)(flipWide ? ~wide : wide ^ long.MinValue);
        }
    }

    private readonly struct KeyOrder : IComparer<(ulong Key, long At)>
    {
        public int Compare((ulong Key, long At) a, (ulong Key, long At) b) =>
            a.Key != b.Key ? a.Key.CompareTo(b.Key) : a.At.CompareTo(b.At);
    }
}
