// Views of views: how broadcasting, transposing, slicing, flipping and reshaping change a layout.
using Engine.Kernels;

namespace Engine;

/// <summary>Layout arithmetic; offsets are in elements.</summary>
internal static class Layouts
{
    public static Layout Contiguous(Shape shape) => Layout.Contiguous(shape.ToLong());

    /// <summary>Every element the same one.</summary>
    public static Layout Repeated(Shape shape) => new(shape.ToLong(), new long[shape.Rank]);

    /// <summary>Axes of size 1 repeated to the sizes of the shape (same rank).</summary>
    public static Layout Broadcast(Layout layout, Shape shape)
    {
        long[] strides = layout.Strides.ToArray();
        for (int i = 0; i < strides.Length; i++)
            if (layout.Sizes[i] != shape[i])
                strides[i] = 0;
        return new Layout(shape.ToLong(), strides);
    }

    public static Layout Permute(Layout layout, Axes permutation)
    {
        var sizes = new long[layout.Rank];
        var strides = new long[layout.Rank];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = layout.Sizes[permutation[i]];
            strides[i] = layout.Strides[permutation[i]];
        }
        return new Layout(sizes, strides);
    }

    /// <summary>
    /// Elements start, start + step, ... of each axis, as many as the shape says.
    /// </summary>
    public static (Layout Layout, long Offset) Slice(
        Layout layout, ReadOnlySpan<int> start, ReadOnlySpan<int> step, Shape shape)
    {
        long offset = 0;
        long[] strides = layout.Strides.ToArray();
        for (int i = 0; i < strides.Length; i++)
        {
            if (shape.Count > 0) offset += start[i] * strides[i];
            strides[i] *= step[i];
        }
        return (new Layout(shape.ToLong(), strides), offset);
    }

    public static (Layout Layout, long Offset) Flip(Layout layout, Axes axes)
    {
        long offset = 0;
        long[] strides = layout.Strides.ToArray();
        foreach (int axis in axes)
        {
            if (layout.Count > 0) offset += (layout.Sizes[axis] - 1) * strides[axis];
            strides[axis] = -strides[axis];
        }
        return (new Layout(layout.Sizes.ToArray(), strides), offset);
    }

    /// <summary>
    /// The same elements in the same order under another shape, or null where no strides do it:
    /// runs of axes that lie regularly are merged and cut anew.
    /// </summary>
    public static Layout? Reshape(Layout layout, Shape shape)
    {
        if (layout.IsContiguous) return Contiguous(shape);
        long[] sizes = shape.ToLong();
        var strides = new long[sizes.Length];
        var (fromSizes, fromStrides) = Squeezed(layout);
        int from = 0, to = 0;
        while (from < fromSizes.Count || to < sizes.Length)
        {
            int fromEnd = from, toEnd = to;
            long fromCount = from < fromSizes.Count ? fromSizes[fromEnd++] : 1;
            long toCount = to < sizes.Length ? sizes[toEnd++] : 1;
            while (fromCount != toCount)
            {
                if (fromCount < toCount)
                {
                    // The next axis must continue the run.
                    if (fromStrides[fromEnd - 1] != fromSizes[fromEnd] * fromStrides[fromEnd])
                        return null;
                    fromCount *= fromSizes[fromEnd++];
                }
                else
                {
                    toCount *= sizes[toEnd++];
                }
            }
            while (toEnd < sizes.Length && sizes[toEnd] == 1) toEnd++;
            long stride = fromEnd > from ? fromStrides[fromEnd - 1] : 0;
            for (int i = toEnd - 1; i >= to; i--)
            {
                strides[i] = stride;
                stride *= sizes[i];
            }
            from = fromEnd;
            to = toEnd;
        }
        return new Layout(sizes, strides);
    }

    private static (List<long> Sizes, List<long> Strides) Squeezed(Layout layout)
    {
        var sizes = new List<long>(layout.Rank);
        var strides = new List<long>(layout.Rank);
        for (int i = 0; i < layout.Rank; i++)
        {
            if (layout.Sizes[i] == 1) continue;
            sizes.Add(layout.Sizes[i]);
            strides.Add(layout.Strides[i]);
        }
        return (sizes, strides);
    }
}
