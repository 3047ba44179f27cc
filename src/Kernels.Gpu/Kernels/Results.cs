// Where reductions leave what they have folded: as the parts of a later launch, or as results.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Takes what was folded.</summary>
public interface IResults<TSelf, TPart>
    where TSelf : struct, IResults<TSelf, TPart> where TPart : unmanaged
{
    /// <summary>Stores result i.</summary>
    static abstract void Store(TSelf results, long i, TPart part);
}

/// <summary>Keeps parts as they are.</summary>
public struct Parts<TPart> : IResults<Parts<TPart>, TPart> where TPart : unmanaged
{
    /// <summary>The parts.</summary>
    public ArrayView<TPart> Data;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Parts<TPart> results, long i, TPart part) => results.Data[i] = part;
}

/// <summary>One output, through an epilogue.</summary>
public struct Result1<TFold, TValue, TPart, TAfter>
    : IResults<Result1<TFold, TValue, TPart, TAfter>, TPart>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged where TAfter : struct, IAfter<TAfter, TValue>
{
    /// <summary>The output.</summary>
    public View<TValue, Dense> A;

    /// <summary>The epilogue.</summary>
    public TAfter After;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(
        Result1<TFold, TValue, TPart, TAfter> results, long i, TPart part) =>
        View<TValue, Dense>.Store(
            results.A, i, TAfter.Value(results.After, TFold.Result(part), i));
}

/// <summary>Two outputs.</summary>
public struct Result2<TFold, TValue, TPart>
    : IResults<Result2<TFold, TValue, TPart>, Pack2<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    /// <summary>The outputs.</summary>
    public View<TValue, Dense> A, B;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Result2<TFold, TValue, TPart> results, long i, Pack2<TPart> part)
    {
        View<TValue, Dense>.Store(results.A, i, TFold.Result(part.A));
        View<TValue, Dense>.Store(results.B, i, TFold.Result(part.B));
    }
}

/// <summary>Three outputs.</summary>
public struct Result3<TFold, TValue, TPart>
    : IResults<Result3<TFold, TValue, TPart>, Pack3<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    /// <summary>The outputs.</summary>
    public View<TValue, Dense> A, B, C;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Result3<TFold, TValue, TPart> results, long i, Pack3<TPart> part)
    {
        View<TValue, Dense>.Store(results.A, i, TFold.Result(part.A));
        View<TValue, Dense>.Store(results.B, i, TFold.Result(part.B));
        View<TValue, Dense>.Store(results.C, i, TFold.Result(part.C));
    }
}

/// <summary>Four outputs.</summary>
public struct Result4<TFold, TValue, TPart>
    : IResults<Result4<TFold, TValue, TPart>, Pack4<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    /// <summary>The outputs.</summary>
    public View<TValue, Dense> A, B, C, D;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Result4<TFold, TValue, TPart> results, long i, Pack4<TPart> part)
    {
        View<TValue, Dense>.Store(results.A, i, TFold.Result(part.A));
        View<TValue, Dense>.Store(results.B, i, TFold.Result(part.B));
        View<TValue, Dense>.Store(results.C, i, TFold.Result(part.C));
        View<TValue, Dense>.Store(results.D, i, TFold.Result(part.D));
    }
}

/// <summary>Positions alone.</summary>
public struct Places<T> : IResults<Places<T>, Placed<T>> where T : unmanaged
{
    /// <summary>The output.</summary>
    public View<long, Dense> A;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Places<T> results, long i, Placed<T> part) =>
        View<long, Dense>.Store(results.A, i, part.Place);
}
