// The transpose of 8 x 8 floats in registers, where the machine has 256-bit shuffles.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

/// <summary>Transposes blocks of 8 x 8 floats.</summary>
internal static unsafe class Transpose8
{
    public static bool IsSupported
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx.IsSupported;
    }

    /// <summary>to[j * toRow + i] = from[i * fromRow + j], 8 by 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run(float* from, nint fromRow, float* to, nint toRow)
    {
        float* high = from + 4 * fromRow;
        Vector256<float> r0 = Vector256.Load(from), r1 = Vector256.Load(from + fromRow);
        Vector256<float> r2 = Vector256.Load(from + 2 * fromRow);
        Vector256<float> r3 = Vector256.Load(from + 3 * fromRow);
        Vector256<float> r4 = Vector256.Load(high), r5 = Vector256.Load(high + fromRow);
        Vector256<float> r6 = Vector256.Load(high + 2 * fromRow);
        Vector256<float> r7 = Vector256.Load(high + 3 * fromRow);
        Vector256<float> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1);
        Vector256<float> a2 = Avx.UnpackLow(r2, r3), a3 = Avx.UnpackHigh(r2, r3);
        Vector256<float> a4 = Avx.UnpackLow(r4, r5), a5 = Avx.UnpackHigh(r4, r5);
        Vector256<float> a6 = Avx.UnpackLow(r6, r7), a7 = Avx.UnpackHigh(r6, r7);
        r0 = Avx.Shuffle(a0, a2, 0x44);
        r1 = Avx.Shuffle(a0, a2, 0xEE);
        r2 = Avx.Shuffle(a1, a3, 0x44);
        r3 = Avx.Shuffle(a1, a3, 0xEE);
        r4 = Avx.Shuffle(a4, a6, 0x44);
        r5 = Avx.Shuffle(a4, a6, 0xEE);
        r6 = Avx.Shuffle(a5, a7, 0x44);
        r7 = Avx.Shuffle(a5, a7, 0xEE);
        high = to + 4 * toRow;
        Avx.Permute2x128(r0, r4, 0x20).Store(to);
        Avx.Permute2x128(r1, r5, 0x20).Store(to + toRow);
        Avx.Permute2x128(r2, r6, 0x20).Store(to + 2 * toRow);
        Avx.Permute2x128(r3, r7, 0x20).Store(to + 3 * toRow);
        Avx.Permute2x128(r0, r4, 0x31).Store(high);
        Avx.Permute2x128(r1, r5, 0x31).Store(high + toRow);
        Avx.Permute2x128(r2, r6, 0x31).Store(high + 2 * toRow);
        Avx.Permute2x128(r3, r7, 0x31).Store(high + 3 * toRow);
    }
}
