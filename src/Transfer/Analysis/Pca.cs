// Principal components: the directions in which samples vary most.
namespace Engine.Transfer;

/// <summary>Projects features to few dimensions.</summary>
public static class Pca
{
    /// <summary>
    /// Features (N, F) to their first principal components (N, count), float64, in the order of the
    /// variance that they hold; in each the loading of largest size is positive, so that signs do
    /// not depend on the machine. Takes the smaller of the covariance (F, F) and the inner products
    /// (N, N).
    /// </summary>
    /// <exception cref="EngineException">There are fewer components than are asked for.</exception>
    public static Tensor Project(Tensor features, int count = 2)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Rank != 2 || count < 1
            || count > Math.Min(features.Shape[0], features.Shape[1]))
            throw Errors.Fail("Pca", $"{features.Shape} has no {count} components. Give features "
                + "(N, F) with at least that many rows and columns.");
        Tensor x = features.Cast(DType.Float64);
        Tensor centred = (x - x.Mean(0, keepDims: true)).Eval();
        bool wide = x.Shape[1] > x.Shape[0];
        Tensor square = wide
            ? centred.MatMul(centred.Transpose()) : centred.Transpose().MatMul(centred);
        var (values, vectors) = square.Eigh();
        int size = values.Shape[0];
        // Eigh has the smallest first.
        Tensor order = size - 1 - Tensor.Arange(count);
        Tensor chosen = vectors.Take(order, 1);
        // The inner products have the projections for eigenvectors, but for their length.
        Tensor directions = wide ? centred.Transpose().MatMul(chosen) : chosen;
        Tensor length = directions.Square().Sum(0, keepDims: true).Sqrt();
        // A direction in which nothing varies is rounding alone, and none: its projection is 0.
        Tensor unit = Tensor.Where(
            length > 1e-7 * length.Max(), directions / Tensor.Where(length > 0, length, 1), 0);
        Tensor largest = unit.TakeAlongAxis(unit.Abs().ArgMax(0).ExpandDims(0), 0);
        return (centred.MatMul(unit) * (1 - 2 * (largest < 0).Cast(DType.Float64))).Eval();
    }
}
