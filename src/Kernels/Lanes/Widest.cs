// Which lanes a kernel runs on: the widest vectors of the machine. Only kernels
// that shuffle vectors of 256 bits (pooling, order) ask for a width besides.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>Work on elements T that is written for lanes of any width.</summary>
internal interface IAnyWidth<T> where T : unmanaged
{
    /// <summary>Does the work, or notes the loop that does it.</summary>
    void Run<V>() where V : struct, IKernelLanes<V, T>;
}

/// <summary>Runs work on the widest lanes; the JIT leaves nothing of the choice.</summary>
internal static class Widest
{
    /// <summary>
    /// Runs it on vectors of at most <paramref name="bits"/> bits, or on single numbers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TWork, T>(ref TWork work, int bits = 512)
        where TWork : struct, IAnyWidth<T>, allows ref struct where T : unmanaged, INumber<T>
    {
        if (Vector512.IsHardwareAccelerated && bits >= 512) work.Run<Lanes512<T>>();
        else if (Vector256.IsHardwareAccelerated) work.Run<Lanes256<T>>();
        else if (Vector128.IsHardwareAccelerated) work.Run<Lanes128<T>>();
        else work.Run<Lanes1<T>>();
    }
}
