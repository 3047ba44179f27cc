// The three ways to combine elements, as lane operators.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>How a reduction combines two elements, and what it starts from.</summary>
internal interface IReduceOp
{
    /// <summary>Whether float results are summed in float64 over blocks.</summary>
    static abstract bool IsSum { get; }

    static abstract V Start<V>() where V : struct, ILanes<V>;

    static abstract V Combine<V>(V a, V b) where V : struct, ILanes<V>;
}

internal readonly struct SumOp : IReduceOp
{
    public static bool IsSum => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Start<V>() where V : struct, ILanes<V> => V.Const(0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Combine<V>(V a, V b) where V : struct, ILanes<V> => a + b;
}

internal readonly struct MaxOp : IReduceOp
{
    public static bool IsSum => false;

    // Const saturates, so this is the smallest integer too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Start<V>() where V : struct, ILanes<V> => V.Const(double.NegativeInfinity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Combine<V>(V a, V b) where V : struct, ILanes<V> => V.Max(a, b);
}

internal readonly struct MinOp : IReduceOp
{
    public static bool IsSum => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Start<V>() where V : struct, ILanes<V> => V.Const(double.PositiveInfinity);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Combine<V>(V a, V b) where V : struct, ILanes<V> => V.Min(a, b);
}
