// Rearrangements composed of slices, reshapes and Concat: Split, Roll, Repeat, Tile.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// That many equal parts along an axis, whose size they must divide (NumPy's split).
    /// </summary>
    public Tensor[] Split(int sections, int axis = 0)
    {
        axis = Errors.Axis("Split", axis, Shape);
        if (sections < 1 || Shape[axis] % sections != 0)
            throw Errors.Fail("Split", $"axis {axis} of shape {Shape} does not divide into "
                + $"{sections} equal parts. Give the size of each part instead.");
        var sizes = new int[sections];
        Array.Fill(sizes, Shape[axis] / sections);
        return Split(sizes, axis);
    }

    /// <summary>Parts of the given sizes along an axis, which they must fill.</summary>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int axis = 0)
    {
        axis = Errors.Axis("Split", axis, Shape);
        long total = 0;
        bool valid = true;
        foreach (int size in sizes)
        {
            valid &= size >= 0;
            total += size;
        }
        if (!valid || total != Shape[axis])
            throw Errors.Fail("Split", $"parts of [{string.Join(", ", sizes.ToArray())}] do not "
                + $"fill axis {axis} of shape {Shape}. Sizes must add up to {Shape[axis]}.");
        var parts = new Tensor[sizes.Length];
        for (int i = 0, at = 0; i < parts.Length; at += sizes[i++])
            parts[i] = SliceAxis(axis, at, at + sizes[i]);
        return parts;
    }

    /// <summary>
    /// The elements moved <paramref name="shift"/> places along an axis, those pushed out at one
    /// end coming in at the other.
    /// </summary>
    public Tensor Roll(int shift, int axis = -1)
    {
        axis = Errors.Axis("Roll", axis, Shape);
        int size = Shape[axis];
        if (size == 0 || shift % size == 0) return this;
        int cut = size - (shift % size + size) % size;
        return Concat([SliceAxis(axis, cut, size), SliceAxis(axis, 0, cut)], axis);
    }

    /// <summary>
    /// Each element <paramref name="count"/> times along an axis: 1, 2 becomes 1, 1, 2, 2 (NumPy's
    /// repeat, PyTorch's repeat_interleave).
    /// </summary>
    public Tensor Repeat(int count, int axis)
    {
        axis = Errors.Axis("Repeat", axis, Shape);
        if (count < 0)
            throw Errors.Fail("Repeat", $"cannot repeat axis {axis} of shape {Shape} {count} "
                + "times. Give 0 or more.");
        int size = Errors.Size("Repeat", (long)Shape[axis] * count);
        return ExpandDims(axis + 1).BroadcastTo(Shape.Insert(axis + 1, count))
            .Reshape(Shape.With(axis, size));
    }

    /// <summary>
    /// Copies of the whole side by side, counts[i] of them along axis i: 1, 2 becomes 1, 2, 1, 2.
    /// Counts are aligned at the right; missing ones are 1 (NumPy's tile, PyTorch's repeat).
    /// </summary>
    public Tensor Tile(params ReadOnlySpan<int> counts)
    {
        int rank = Math.Max(Rank, counts.Length);
        var pairs = new int[2 * rank];
        var repeated = new int[2 * rank];
        var sizes = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int size = i <= Rank ? Shape[^i] : 1, count = i <= counts.Length ? counts[^i] : 1;
            if (count < 0)
                throw Errors.Fail("Tile", $"cannot make ({string.Join(", ", counts.ToArray())}) "
                    + $"copies of shape {Shape}. Give 0 or more along each axis.");
            (pairs[^(2 * i)], pairs[^(2 * i - 1)]) = (1, size);
            (repeated[^(2 * i)], repeated[^(2 * i - 1)]) = (count, size);
            sizes[^i] = Errors.Size("Tile", (long)size * count);
        }
        return Reshape(pairs).BroadcastTo(repeated).Reshape(sizes);
    }
}
