// The axes of a reduction: those of the results and those that are folded, each merged as far as
// they lie as one.
namespace Engine.Kernels.Gpu;

/// <summary>Kept and reduced axes of a view.</summary>
internal sealed class ReducedAxes
{
    private ReducedAxes()
    {
    }

    public MergedAxes Kept { get; } = new();

    public MergedAxes Reduced { get; } = new();

    /// <summary>Results that lie side by side, by the sizes alone.</summary>
    public long Besides { get; private set; } = 1;

    /// <summary>Whether neighbours in memory belong to different results.</summary>
    public bool Across { get; private set; }

    /// <summary>Whether an index can find all elements.</summary>
    public bool Fit => Kept.Rank <= MergedAxes.Most && Reduced.Rank <= MergedAxes.Most;

    /// <summary>Axes where y has size 1 are reduced.</summary>
    public static ReducedAxes Of(Layout x, Layout y)
    {
        var axes = new ReducedAxes();
        bool inner = true;
        long kept = long.MaxValue, reduced = long.MaxValue;
        for (int axis = x.Rank - 1; axis >= 0; axis--)
        {
            long size = x.Sizes[axis], stride = x.Strides[axis];
            if (size == 1) continue;
            long apart = stride == 0 ? long.MaxValue : Math.Abs(stride);
            if (y.Sizes[axis] == 1)
            {
                axes.Reduced.Add(size, stride);
                reduced = Math.Min(reduced, apart);
                inner = false;
                continue;
            }
            axes.Kept.Add(size, stride);
            kept = Math.Min(kept, apart);
            if (inner) axes.Besides *= size;
        }
        axes.Across = kept < reduced;
        return axes;
    }

    /// <summary>The axes of a view in an order that puts the reduced ones last.</summary>
    public static int[] Order(Layout x, Layout y)
    {
        IEnumerable<int> all = Enumerable.Range(0, x.Rank);
        return [.. all.OrderBy(axis => y.Sizes[axis] == 1 && x.Sizes[axis] != 1)];
    }
}
