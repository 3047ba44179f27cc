// Threefry-2x32 with 20 rounds: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011. Counter-based: any element can be
// computed without those before it.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>The block function, one block or eight at once.</summary>
internal static class Threefry
{
    private const uint Parity = 0x1BD11BDA;

    private static ReadOnlySpan<byte> Rotations => [13, 15, 26, 6, 17, 29, 16, 24];

    /// <summary>One block, written as in the paper.</summary>
    public static (uint First, uint Second) Block(uint k0, uint k1, uint c0, uint c1)
    {
        ReadOnlySpan<uint> keys = [k0, k1, Parity ^ k0 ^ k1];
        uint x = c0 + k0, y = c1 + k1;
        for (int round = 0; round < 20; round++)
        {
            x += y;
            y = BitOperations.RotateLeft(y, Rotations[round % 8]) ^ x;
            if (round % 4 != 3) continue;
            int injection = round / 4 + 1;
            x += keys[injection % 3];
            y += keys[(injection + 1) % 3] + (uint)injection;
        }

        return (x, y);
    }

    /// <summary>
    /// Eight blocks at once: a counter in each lane of (x, y), replaced by its words.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Blocks(uint k0, uint k1, ref Vector256<uint> x, ref Vector256<uint> y)
    {
        uint k2 = Parity ^ k0 ^ k1;
        x += Vector256.Create(k0);
        y += Vector256.Create(k1);
        Rounds(ref x, ref y, 13, 15, 26, 6, k1, k2 + 1);
        Rounds(ref x, ref y, 17, 29, 16, 24, k2, k0 + 2);
        Rounds(ref x, ref y, 13, 15, 26, 6, k0, k1 + 3);
        Rounds(ref x, ref y, 17, 29, 16, 24, k1, k2 + 4);
        Rounds(ref x, ref y, 13, 15, 26, 6, k2, k0 + 5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rounds(
        ref Vector256<uint> x, ref Vector256<uint> y, int a, int b, int c, int d, uint kx, uint ky)
    {
        x += y;
        y = ((y << a) | (y >>> (32 - a))) ^ x;
        x += y;
        y = ((y << b) | (y >>> (32 - b))) ^ x;
        x += y;
        y = ((y << c) | (y >>> (32 - c))) ^ x;
        x += y;
        y = ((y << d) | (y >>> (32 - d))) ^ x;
        x += Vector256.Create(kx);
        y += Vector256.Create(ky);
    }
}
