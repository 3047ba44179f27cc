// What reductions read: the j-th of the values that one result is folded of. Where the first lies
// is found once for a result, so that the loop over j has little to compute.
//
// ILGPU takes two structs for one type if their fields are the same after nested structs are taken
// apart. An index of two numbers and one of one would then be confused with the two in the other
// order, so something else stands between them.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>The values of each result.</summary>
public interface ITerms<TSelf, TStart, TValue>
    where TSelf : struct, ITerms<TSelf, TStart, TValue>
    where TStart : unmanaged where TValue : unmanaged
{
    /// <summary>Where the values of a result begin.</summary>
    static abstract TStart Start(TSelf terms, long result);

    /// <summary>Value j of the result that begins there.</summary>
    static abstract TValue Value(TSelf terms, TStart start, long j);
}

/// <summary>What a program computes of element kept(result) + reduced(j).</summary>
public struct ProgramTerms<TProgram, TValue, TKept, TReduced>
    : ITerms<ProgramTerms<TProgram, TValue, TKept, TReduced>, long, TValue>
    where TProgram : struct, ISource<TProgram, TValue> where TValue : unmanaged
    where TKept : unmanaged, IIndex<TKept> where TReduced : unmanaged, IIndex<TReduced>
{
    /// <summary>The axes of the results.</summary>
    public TKept Kept;

    /// <summary>The program with its views.</summary>
    public TProgram Program;

    /// <summary>The axes that are reduced.</summary>
    public TReduced Reduced;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Start(ProgramTerms<TProgram, TValue, TKept, TReduced> terms, long result) =>
        TKept.At(terms.Kept, result);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TValue Value(
        ProgramTerms<TProgram, TValue, TKept, TReduced> terms, long start, long j) =>
        TProgram.Value(terms.Program, start + TReduced.At(terms.Reduced, j));
}

/// <summary>Numbers of a buffer.</summary>
public struct StoredTerms<T, TKept, TReduced>
    : ITerms<StoredTerms<T, TKept, TReduced>, long, T>
    where T : unmanaged
    where TKept : unmanaged, IIndex<TKept> where TReduced : unmanaged, IIndex<TReduced>
{
    /// <summary>The axes of the results, and where the first element lies.</summary>
    public TKept Kept;

    /// <summary>The whole buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>The axes that are reduced.</summary>
    public TReduced Reduced;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Start(StoredTerms<T, TKept, TReduced> terms, long result) =>
        TKept.At(terms.Kept, result);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value(StoredTerms<T, TKept, TReduced> terms, long start, long j) =>
        terms.Data[start + TReduced.At(terms.Reduced, j)];
}

/// <summary>The numbers of a row with their positions in it.</summary>
public struct PlacedTerms<T> : ITerms<PlacedTerms<T>, long, Placed<T>> where T : unmanaged
{
    /// <summary>The whole buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where the first lies, how far apart rows are, and the numbers of a row.</summary>
    public long Offset, RowStride, Stride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Start(PlacedTerms<T> terms, long result) =>
        terms.Offset + result * terms.RowStride;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Placed<T> Value(PlacedTerms<T> terms, long start, long j) =>
        new(terms.Data[start + j * terms.Stride], j);
}

/// <summary>Parts that a first launch left: part j of a result after all parts before it.</summary>
public struct PartTerms<TPart> : ITerms<PartTerms<TPart>, long, TPart> where TPart : unmanaged
{
    /// <summary>The parts.</summary>
    public ArrayView<TPart> Data;

    /// <summary>Number of results.</summary>
    public long Results;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Start(PartTerms<TPart> terms, long result) => result;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TPart Value(PartTerms<TPart> terms, long start, long j) =>
        terms.Data[start + j * terms.Results];
}
