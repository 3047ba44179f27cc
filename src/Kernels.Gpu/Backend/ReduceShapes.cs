// How many threads share a result, and in how many parts its values are folded. Sizes decide, not
// how the values lie in memory nor how large the device is: so the bits of a sum are the same
// whichever way its input came about.
using System.Numerics;

namespace Engine.Kernels.Gpu;

internal static class ReduceShapes
{
    // Values a thread should have before others share its work, and before it is cut into parts.
    private const long EnoughValues = 16;

    // Groups that keep a large device busy, each of a thread's full share.
    private const long FewGroups = 128, ManyGroups = 1024;

    // Neighbouring threads that should read neighbouring elements: a warp.
    private const int Side = 32;

    // Fewer parts are not worth a second launch.
    private const long FewestParts = 4;

    /// <param name="results">Number of results.</param>
    /// <param name="count">Values of each.</param>
    /// <param name="besides">
    /// Results whose values lie side by side in an array of these sizes; 1 where the values of one
    /// result do.
    /// </param>
    /// <param name="threads">Threads of a group, a power of two.</param>
    public static ReduceShape Of(long results, long count, long besides, int threads)
    {
        long side = Math.Min(Math.Min(Side, threads), PowerOf2(besides));
        long most = threads / side;
        long lanes = Math.Clamp(PowerOf2((count + EnoughValues - 1) / EnoughValues), 1, most);
        while (lanes < most && lanes < count && results * lanes < FewGroups * threads) lanes *= 2;

        long groups = (results * lanes + threads - 1) / threads;
        long parts = Math.Min(count / (EnoughValues * lanes), ManyGroups / groups);
        if (parts < FewestParts) parts = 1;
        long partCount = (count + parts - 1) / parts;
        return new()
        {
            Results = results,
            Count = count,
            Parts = (count + partCount - 1) / partCount,
            PartCount = partCount,
            Lanes = (int)lanes,
        };
    }

    /// <summary>The shape of folding what another left in parts.</summary>
    public static ReduceShape OfParts(in ReduceShape shape, int threads) =>
        Of(shape.Results, shape.Parts, shape.Results, threads) with { Across = 1 };

    private static long PowerOf2(long n) => (long)BitOperations.RoundUpToPowerOf2((ulong)n);
}
