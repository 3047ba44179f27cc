// Where a number is computed. ILGPU moves what has no effect next to its use, into a loop even
// where it is the same in all rounds; it does not move an instruction of its caller.
using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

public static partial class Ieee
{
    /// <summary>x, computed before the loops that follow.</summary>
    [MethodImpl(Inline)]
    public static int Here(int x) => x;

    /// <inheritdoc cref="Here(int)"/>
    [MethodImpl(Inline)]
    public static long Here(long x) => x;

    [MethodImpl(Inline)]
    private static int PtxHere(int x)
    {
        CudaAsm.Emit("mov.b32 %0, %1;", out int r, x);
        return r;
    }

    // In halves: registers of 64 bits that an instruction writes stay in memory.
    [MethodImpl(Inline)]
    private static long PtxHere(long x) =>
        ((long)PtxHere((int)(x >> 32)) << 32) | (uint)PtxHere((int)x);
}
