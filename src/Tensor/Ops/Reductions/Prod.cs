// Products of all elements along axes, and running products. They are composed of products of
// halves: no element is divided by, so derivatives of every order are right at zeros too.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Product over the axes (all by default), 1 if they are empty; multiplied in pairs, then pairs
    /// of pairs.
    /// </summary>
    public Tensor Prod(Axes axes = default, bool keepDims = false)
    {
        Errors.Number("Prod", this);
        axes = axes.Resolve("Prod", Shape);
        if (axes.Count == 0) return this;
        Shape kept = ReducedAxes.Kept(Shape, axes);
        int[] order =
            [.. Enumerable.Range(0, Rank).Where(i => !axes.Contains(i)), .. axes.Span];
        Tensor x = Transpose(order).Flatten(Rank - axes.Count);
        if (x.Shape[^1] == 0) return ReducedAxes.Drop(Full(kept, 1, DType), axes, keepDims);
        while (x.Shape[^1] > 1)
        {
            int size = x.Shape[^1], half = size / 2;
            Tensor pairs = x.SliceAxis(-1, 0, half) * x.SliceAxis(-1, half, 2 * half);
            x = size % 2 == 0
                ? pairs
                : Concat([pairs, x.SliceAxis(-1, size - 1, size)], -1);
        }
        return ReducedAxes.Drop(x.Reshape(kept), axes, keepDims);
    }

    /// <summary>
    /// Product of the elements up to and with each along an axis (from each on with <paramref
    /// name="reverse"/>), in log2(size) passes (Hillis and Steele, "Data parallel algorithms",
    /// 1986).
    /// </summary>
    public Tensor CumProd(int axis = -1, bool reverse = false)
    {
        Errors.Number("CumProd", this);
        axis = Errors.Axis("CumProd", axis, Shape);
        if (reverse) return Flip(axis).CumProd(axis).Flip(axis);
        Tensor x = this;
        int size = Shape[axis];
        for (int reach = 1; reach < size; reach *= 2)
        {
            Tensor start = x.SliceAxis(axis, 0, reach);
            Tensor rest = x.SliceAxis(axis, reach, size) * x.SliceAxis(axis, 0, size - reach);
            x = Concat([start, rest], axis);
        }
        return x;
    }
}
