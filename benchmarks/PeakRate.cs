// The machine's limit for arithmetic: chains of fused multiply-adds in registers.
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Benchmarks;

internal static class PeakRate
{
    /// <summary>GFLOP/s of float32 multiply-adds on one core, the best of several tries.</summary>
    public static double Measure()
    {
        double best = 0;
        for (int i = 0; i < 20; i++)
        {
            long start = Stopwatch.GetTimestamp();
            const int rounds = 200_000;
            Chains(rounds);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            best = Math.Max(best, 10.0 * 2 * Vector<float>.Count * rounds / seconds / 1e9);
        }
        return best;
    }

    // Ten chains hide the latency of a multiply-add on every core of the last ten years.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector<float> Chains(int rounds)
    {
        Vector<float> m = new(0.999f), c = new(0.001f);
        Vector<float> a0 = c, a1 = m, a2 = c, a3 = m, a4 = c;
        Vector<float> a5 = m, a6 = c, a7 = m, a8 = c, a9 = m;
        for (int i = 0; i < rounds; i++)
        {
            a0 = Vector.FusedMultiplyAdd(a0, m, c);
            a1 = Vector.FusedMultiplyAdd(a1, m, c);
            a2 = Vector.FusedMultiplyAdd(a2, m, c);
            a3 = Vector.FusedMultiplyAdd(a3, m, c);
            a4 = Vector.FusedMultiplyAdd(a4, m, c);
            a5 = Vector.FusedMultiplyAdd(a5, m, c);
            a6 = Vector.FusedMultiplyAdd(a6, m, c);
            a7 = Vector.FusedMultiplyAdd(a7, m, c);
            a8 = Vector.FusedMultiplyAdd(a8, m, c);
            a9 = Vector.FusedMultiplyAdd(a9, m, c);
        }
        return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9;
    }
}
