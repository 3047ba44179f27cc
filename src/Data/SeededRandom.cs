// Random numbers for drawing tasks: xoshiro256** (Blackman and Vigna, "Scrambled linear
// pseudorandom number generators", 2021), its state filled by SplitMix64. Not System.Random, whose
// numbers differ between versions and platforms. Numbers for tensors come from Key, not from here.
using System.Numerics;

namespace Engine.Data;

/// <summary>
/// A stream of numbers determined by (seed, index): stream i is the same whatever was drawn from
/// other streams, on every platform.
/// </summary>
public sealed class SeededRandom
{
    private ulong a;
    private ulong b;
    private ulong c;
    private ulong d;

    /// <summary>The stream number <paramref name="index"/> of a seed.</summary>
    public SeededRandom(long seed, long index = 0)
    {
        // The seed is mixed twice before the index is added, so that (1, 0) and (0, 1) differ.
        ulong state = Mix(Mix((ulong)seed + Golden) ^ (ulong)index);
        a = Mix(state += Golden);
        b = Mix(state += Golden);
        c = Mix(state += Golden);
        d = Mix(state + Golden);
    }

    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(b * 5, 7) * 9;
        ulong t = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= t;
        d = BitOperations.RotateLeft(d, 45);
        return result;
    }

    /// <summary>A whole number in 0 .. bound - 1, each equally likely.</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);

        // Lemire, "Fast random integer generation in an interval" (2019), with rejection.
        uint limit = (uint)bound;
        ulong product = (NextBits() >> 32) * limit;
        if ((uint)product < limit)
        {
            uint threshold = (0 - limit) % limit;
            while ((uint)product < threshold) product = (NextBits() >> 32) * limit;
        }

        return (int)(product >> 32);
    }

    /// <summary>A number in [0, 1), a multiple of 2^-53.</summary>
    public double Uniform() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number in [low, high).</summary>
    public double Uniform(double low, double high) => low + ((high - low) * Uniform());

    /// <summary>
    /// A number of the normal distribution of mean 0 and deviation 1 (Box and Muller, 1958).
    /// </summary>
    public double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform())) * Math.Cos(2 * Math.PI * Uniform());

    /// <summary>Different numbers out of 0 .. total - 1, in random order.</summary>
    public int[] Choose(int count, int total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, total);
        var all = new int[total];
        for (int i = 0; i < total; i++) all[i] = i;
        for (int i = 0; i < count; i++)
        {
            int j = i + Below(total - i);
            (all[i], all[j]) = (all[j], all[i]);
        }

        return all[..count];
    }

    // SplitMix64's finaliser (Steele, Lea and Flood, 2014).
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
