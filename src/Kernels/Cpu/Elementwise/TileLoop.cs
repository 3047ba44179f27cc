// The loop of all element-wise kernels, and the bodies that fit it to each shape of operator.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Loads, computes and stores the lanes from element i on.</summary>
internal unsafe interface ITileBody
{
    /// <summary>
    /// Whether the body is an instruction or two, so that the loop around it is worth unrolling.
    /// </summary>
    static virtual bool IsShort => true;

    static abstract void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V>;
}

/// <summary>Runs a body over a tile in whole vectors, the widest the hardware has.</summary>
internal static unsafe class TileLoop
{
    public static void Run<TBody, T>(void* a, void* b, void* c, void* result, nint n)
        where TBody : struct, ITileBody where T : unmanaged, INumber<T>
    {
        var tile = new Tile<TBody, T>(a, b, c, result, n);
        Widest.Run<Tile<TBody, T>, T>(ref tile);
    }

    // Two methods, because one method with both loops was too large for the JIT to inline bodies.
    private readonly struct Tile<TBody, T>(void* a, void* b, void* c, void* result, nint n)
        : IAnyWidth<T> where TBody : struct, ITileBody where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>() where V : struct, IKernelLanes<V, T>
        {
            if (TBody.IsShort) Unrolled<TBody, V>(a, b, c, result, n);
            else Loop<TBody, V>(a, b, c, result, n);
        }
    }

    // The last vector may reach beyond n: tiles have room for it.
    [MethodImpl(Compiled.Once)]
    internal static void Loop<TBody, V>(void* a, void* b, void* c, void* result, nint n)
        where TBody : struct, ITileBody where V : struct, IFloatLanes<V>
    {
        for (nint i = 0; i < n; i += V.Count) TBody.Step<V>(a, b, c, result, i);
    }

    [MethodImpl(Compiled.Once)]
    private static void Unrolled<TBody, V>(void* a, void* b, void* c, void* result, nint n)
        where TBody : struct, ITileBody where V : struct, IFloatLanes<V>
    {
        nint i = 0;
        for (; i <= n - 4 * V.Count; i += 4 * V.Count)
        {
            TBody.Step<V>(a, b, c, result, i);
            TBody.Step<V>(a, b, c, result, i + V.Count);
            TBody.Step<V>(a, b, c, result, i + 2 * V.Count);
            TBody.Step<V>(a, b, c, result, i + 3 * V.Count);
        }
        for (; i < n; i += V.Count) TBody.Step<V>(a, b, c, result, i);
    }
}

/// <summary>result = TOp(a) on float lanes.</summary>
internal readonly unsafe struct UnaryBody<TOp> : ITileBody where TOp : struct, IUnaryOp
{
    public static bool IsShort => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i)), result, i);
}

/// <summary>result = TOp(a) on number lanes.</summary>
internal readonly unsafe struct NumberUnaryBody<TOp> : ITileBody
    where TOp : struct, INumberUnaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i)), result, i);
}

/// <summary>result = TOp(a, b) on float lanes.</summary>
internal readonly unsafe struct BinaryBody<TOp> : ITileBody where TOp : struct, IBinaryOp
{
    public static bool IsShort => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i), V.Load(b, i)), result, i);
}

/// <summary>result = TOp(a, b) on number lanes.</summary>
internal readonly unsafe struct NumberBinaryBody<TOp> : ITileBody
    where TOp : struct, INumberBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i), V.Load(b, i)), result, i);
}

/// <summary>result = TOp(the one element at a, b): the loop takes its load out.</summary>
internal readonly unsafe struct FirstUniformBody<TOp> : ITileBody
    where TOp : struct, INumberBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Broadcast(a, 0), V.Load(b, i)), result, i);
}

/// <summary>result = TOp(a, the one element at b).</summary>
internal readonly unsafe struct SecondUniformBody<TOp> : ITileBody
    where TOp : struct, INumberBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i), V.Broadcast(b, 0)), result, i);
}

/// <summary>result = mask of TOp(a, b).</summary>
internal readonly unsafe struct CompareBody<TOp> : ITileBody where TOp : struct, ICompareOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i), V.Load(b, i)), result, i);
}

/// <summary>result = TOp(a, b) on masks; unary operators get the same mask twice.</summary>
internal readonly unsafe struct MaskBody<TOp> : ITileBody where TOp : struct, IMaskOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(TOp.Invoke(V.Load(a, i), V.Load(b, i)), result, i);
}

/// <summary>result = b where the mask a is set, c elsewhere.</summary>
internal readonly unsafe struct SelectBody : ITileBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(V.Select(V.Load(a, i), V.Load(b, i), V.Load(c, i)), result, i);
}

/// <summary>result = mask of a != 0 (NaN is not 0).</summary>
internal readonly unsafe struct NotZeroBody : ITileBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(~V.Equal(V.Load(a, i), V.Const(0)), result, i);
}

/// <summary>result = 1 where the mask a is set, 0 elsewhere.</summary>
internal readonly unsafe struct OneWhereBody : ITileBody
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Step<V>(void* a, void* b, void* c, void* result, nint i)
        where V : struct, IFloatLanes<V> =>
        V.Store(V.Load(a, i) & V.Const(1), result, i);
}
