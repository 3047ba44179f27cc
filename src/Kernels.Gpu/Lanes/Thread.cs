// Where a thread of a kernel is, and what its lanes cannot do.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>One thread of a launch.</summary>
public static class Thread
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>Its number in the whole launch.</summary>
    public static long Number
    {
        [MethodImpl(Inline)]
        get => (long)Grid.IdxX * Group.DimX + Group.IdxX;
    }

    /// <summary>Threads in the whole launch.</summary>
    public static long Count
    {
        [MethodImpl(Inline)]
        get => (long)Grid.DimX * Group.DimX;
    }

    internal static NotSupportedException NoPointers() =>
        new("Lanes of a GPU thread have no addresses; kernels load and store through views.");
}
