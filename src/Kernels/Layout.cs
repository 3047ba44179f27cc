// How the elements of a view lie in a buffer: sizes and strides, in elements. A broadcast axis has
// stride 0, a flipped one a negative stride. Immutable; shared by plans.
namespace Engine.Kernels;

/// <summary>Sizes and strides of a view, both in elements, outermost axis first.</summary>
public sealed class Layout
{
    /// <summary>
    /// Most axes a view may have: kernels keep a counter for each in buffers of this size.
    /// </summary>
    public const int MaxRank = 32;

    private readonly long[] sizes;
    private readonly long[] strides;

    /// <summary>A layout of the given sizes and strides (equal in number; not copied).</summary>
    public Layout(long[] sizes, long[] strides)
    {
        if (sizes.Length != strides.Length)
            throw new ArgumentException(
                $"Layout: {sizes.Length} sizes need as many strides, not {strides.Length}.");
        if (sizes.Length > MaxRank)
            throw new ArgumentException(
                $"Layout: {sizes.Length} axes are more than the {MaxRank} that kernels take.");
        this.sizes = sizes;
        this.strides = strides;
        Count = 1;
        foreach (long size in sizes) Count *= size;
        IsContiguous = Contiguity(sizes, strides);
        IsUniform = true;
        for (int i = 0; i < sizes.Length; i++) IsUniform &= sizes[i] <= 1 || strides[i] == 0;
        IsTransposed = Transposition(sizes, strides);
    }

    /// <summary>Number of axes.</summary>
    public int Rank => sizes.Length;

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Whether the elements lie one after another in row-major order.</summary>
    public bool IsContiguous { get; }

    /// <summary>Whether all elements are one element of the buffer: a broadcast scalar.</summary>
    public bool IsUniform { get; }

    /// <summary>
    /// Whether elements are contiguous along an axis, but not the innermost: as in a matrix that is
    /// read transposed.
    /// </summary>
    public bool IsTransposed { get; }

    /// <summary>Sizes of the axes.</summary>
    public ReadOnlySpan<long> Sizes => sizes;

    /// <summary>Strides of the axes, in elements.</summary>
    public ReadOnlySpan<long> Strides => strides;

    /// <summary>The row-major layout of the given sizes.</summary>
    public static Layout Contiguous(params ReadOnlySpan<long> sizes)
    {
        var strides = new long[sizes.Length];
        long stride = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= sizes[i];
        }
        return new Layout(sizes.ToArray(), strides);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"({string.Join(", ", sizes)}) strides ({string.Join(", ", strides)})";

    private static bool Transposition(long[] sizes, long[] strides)
    {
        int last = sizes.Length - 1;
        while (last >= 0 && sizes[last] == 1) last--;
        if (last < 0 || strides[last] is 0 or 1) return false;
        for (int i = 0; i < last; i++)
            if (sizes[i] > 1 && strides[i] == 1)
                return true;
        return false;
    }

    private static bool Contiguity(long[] sizes, long[] strides)
    {
        if (Array.IndexOf(sizes, 0) >= 0) return true;
        long expected = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            if (sizes[i] != 1 && strides[i] != expected) return false;
            expected *= sizes[i];
        }
        return true;
    }
}
