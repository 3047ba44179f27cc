// The machine's limits, measured: arithmetic by chains of fused multiply-adds in registers, memory
// by the triad a = b + s c (McCalpin's STREAM) over as many bytes as the work in question touches,
// so that work which fits a cache is held against that cache.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Engine.Kernels;

namespace Engine.Benchmarks;

/// <summary>Rates of some threads together: GFLOP/s of float32, and GB/s.</summary>
internal static unsafe class Machine
{
    private const int Tries = 8;

    /// <summary>GFLOP/s of float32 multiply-adds, each thread on a core.</summary>
    public static double Peak(int threads)
    {
        double best = Math.Max(Peak<Lanes256<float>>(threads), Peak<Lanes128<float>>(threads));
        return Vector512.IsHardwareAccelerated
            ? Math.Max(best, Peak<Lanes512<float>>(threads))
            : best;
    }

    /// <summary>GB/s of the triad over a working set of that many bytes.</summary>
    public static double Bandwidth(double workingSet, int threads)
    {
        // Three arrays a thread; beyond half a gigabyte memory is memory.
        long bytes = (long)Math.Clamp(workingSet / (3 * threads), 4096, 160e6) & ~63L;
        int repeats = (int)Math.Clamp(48e6 / bytes, 1, 100_000);
        var arrays = new nint[3 * threads];
        for (int i = 0; i < arrays.Length; i++)
        {
            arrays[i] = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            NativeMemory.Clear((void*)arrays[i], (nuint)bytes);
        }
        double seconds = Best(threads, t =>
        {
            float* a = (float*)arrays[3 * t], b = (float*)arrays[3 * t + 1];
            float* c = (float*)arrays[3 * t + 2];
            for (int i = 0; i < repeats; i++)
                Triad<Lanes256<float>>(a, b, c, (nint)(bytes / sizeof(float)));
        });
        foreach (nint array in arrays) NativeMemory.AlignedFree((void*)array);
        return 3.0 * bytes * threads * repeats / seconds / 1e9;
    }

    /// <summary>
    /// Seconds that steps need at least, each bound by its arithmetic or by its memory.
    /// </summary>
    public static double Limit(
        IEnumerable<(double Operations, double Bytes)> work, double gflops, double gbs) =>
        work.Sum(step => Math.Max(step.Operations / gflops, step.Bytes / gbs)) / 1e9;

    private static double Peak<V>(int threads) where V : struct, IFloatLanes<V>
    {
        const int rounds = 200_000;
        var sums = new double[threads];
        double seconds = Best(threads, t => sums[t] = Chains<V>(rounds));
        return 10.0 * 2 * V.Count * rounds * threads / seconds / 1e9;
    }

    /// <summary>Seconds until all threads are done, the best of several tries.</summary>
    private static double Best(int threads, Action<int> work)
    {
        double best = double.MaxValue;
        using var barrier = new Barrier(threads);
        void Run(int thread)
        {
            for (int i = 0; i < Tries; i++)
            {
                barrier.SignalAndWait();
                long start = Stopwatch.GetTimestamp();
                work(thread);
                barrier.SignalAndWait();
                if (thread == 0)
                    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        Thread[] others =
            [.. Enumerable.Range(1, threads - 1).Select(t => new Thread(() => Run(t)))];
        foreach (Thread other in others) other.Start();
        Run(0);
        foreach (Thread other in others) other.Join();
        return best;
    }

    // Ten chains hide the latency of a multiply-add on every core of the last ten years.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Chains<V>(int rounds) where V : struct, IFloatLanes<V>
    {
        V m = V.Const(0.999), c = V.Const(0.001);
        V a0 = c, a1 = m, a2 = c, a3 = m, a4 = c, a5 = m, a6 = c, a7 = m, a8 = c, a9 = m;
        for (int i = 0; i < rounds; i++)
        {
            a0 = V.Fma(a0, m, c);
            a1 = V.Fma(a1, m, c);
            a2 = V.Fma(a2, m, c);
            a3 = V.Fma(a3, m, c);
            a4 = V.Fma(a4, m, c);
            a5 = V.Fma(a5, m, c);
            a6 = V.Fma(a6, m, c);
            a7 = V.Fma(a7, m, c);
            a8 = V.Fma(a8, m, c);
            a9 = V.Fma(a9, m, c);
        }
        return V.Sum(a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Triad<V>(float* a, float* b, float* c, nint n)
        where V : struct, IFloatLanes<V>
    {
        V s = V.Const(3);
        for (nint i = 0; i < n; i += V.Count)
            V.Store(V.Fma(s, V.Load(c, i), V.Load(b, i)), a, i);
    }
}
