// The three ways to combine elements, as lane operators, and the choice between them.
using System.Numerics;
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

/// <summary>Work that is written for any reduction, element type and width of vectors.</summary>
internal interface IReduceWork
{
    void Run<TOp, V, T>() where TOp : struct, IReduceOp
        where V : struct, IKernelLanes<V, T> where T : unmanaged, INumber<T>;
}

/// <summary>Chooses the operator, the element type and the widest vectors.</summary>
internal static class ReduceOps
{
    public static void Run<TWork>(ReduceKind kind, DType type, ref TWork work)
        where TWork : struct, IReduceWork
    {
        switch (kind)
        {
            case ReduceKind.Sum: Run<SumOp, TWork>(kind, type, ref work); break;
            case ReduceKind.Max: Run<MaxOp, TWork>(kind, type, ref work); break;
            default: Run<MinOp, TWork>(kind, type, ref work); break;
        }
    }

    private static void Run<TOp, TWork>(ReduceKind kind, DType type, ref TWork work)
        where TOp : struct, IReduceOp where TWork : struct, IReduceWork
    {
        switch (type)
        {
            case DType.Float32: Run<TOp, float, TWork>(ref work); break;
            case DType.Float64: Run<TOp, double, TWork>(ref work); break;
            case DType.Int32: Run<TOp, int, TWork>(ref work); break;
            case DType.Int64: Run<TOp, long, TWork>(ref work); break;
            default: throw new ArgumentException($"Reduce: {kind} of bool; cast it first.");
        }
    }

    private static void Run<TOp, T, TWork>(ref TWork work) where TOp : struct, IReduceOp
        where T : unmanaged, INumber<T> where TWork : struct, IReduceWork
    {
        var any = new AnyWidth<TOp, T, TWork>(ref work);
        Widest.Run<AnyWidth<TOp, T, TWork>, T>(ref any);
    }

    private readonly ref struct AnyWidth<TOp, T, TWork>(ref TWork work) : IAnyWidth<T>
        where TOp : struct, IReduceOp where T : unmanaged, INumber<T>
        where TWork : struct, IReduceWork
    {
        private readonly ref TWork work = ref work;

        public void Run<V>() where V : struct, IKernelLanes<V, T> => work.Run<TOp, V, T>();
    }
}
