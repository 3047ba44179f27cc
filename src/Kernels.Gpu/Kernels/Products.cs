// Small matrix products as a reduction: a result is the sum of products of numbers of a row and a
// column. Reduce.cs folds them; Terms.cs says why the indices do not stand side by side.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>The products of which a matrix product is the sum.</summary>
public struct ProductTerms<TNumbers, T, TA, TB>
    : ITerms<ProductTerms<TNumbers, T, TA, TB>, Pack2<long>, T>
    where TNumbers : unmanaged, INumbers<TNumbers, T> where T : unmanaged
    where TA : unmanaged, IIndex<TA> where TB : unmanaged, IIndex<TB>
{
    /// <summary>Where the row of a result begins; an axis along the columns has stride 0.</summary>
    public TA RowOf;

    /// <summary>The whole buffers.</summary>
    public ArrayView<T> A, B;

    /// <summary>Where the column of a result begins; an axis along the rows has stride 0.</summary>
    public TB ColumnOf;

    /// <summary>How far the numbers of a row of A, and of a column of B, are apart.</summary>
    public long StepA, StepB;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pack2<long> Start(ProductTerms<TNumbers, T, TA, TB> terms, long result) =>
        new(TA.At(terms.RowOf, result), TB.At(terms.ColumnOf, result));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value(
        ProductTerms<TNumbers, T, TA, TB> terms, Pack2<long> start, long j) => TNumbers.Mul(
            terms.A[start.A + j * terms.StepA], terms.B[start.B + j * terms.StepB]);
}
