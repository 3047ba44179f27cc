// The axes of a view in the form of which indices are made: innermost first, those of size 1 left
// out, and neighbours that lie as one axis merged into one.
namespace Engine.Kernels.Gpu;

/// <summary>Sizes and strides, innermost axis first.</summary>
internal sealed class MergedAxes
{
    /// <summary>Most axes an index takes.</summary>
    public const int Most = 6;

    private readonly List<(long Size, long Stride)> axes = [];

    public long Count { get; private set; } = 1;

    public int Rank => axes.Count;

    public static MergedAxes Of(Layout layout)
    {
        var merged = new MergedAxes();
        for (int axis = layout.Rank - 1; axis >= 0; axis--)
            merged.Add(layout.Sizes[axis], layout.Strides[axis]);
        return merged;
    }

    /// <summary>Adds the next axis outwards.</summary>
    public void Add(long size, long stride)
    {
        Count *= size;
        if (size == 1) return;
        if (axes.Count > 0 && stride == axes[^1].Size * axes[^1].Stride)
            axes[^1] = (axes[^1].Size * size, axes[^1].Stride);
        else axes.Add((size, stride));
    }

    /// <summary>Which index finds the elements, and the index, boxed.</summary>
    public object Index(long offset)
    {
        if (axes.Count == 0 || (axes.Count == 1 && axes[0].Stride == 0))
            return new Uniform { Offset = offset };
        if (axes.Count == 1)
            return axes[0].Stride == 1 ? new Dense { Offset = offset }
                : new Strided1 { Offset = offset, Stride = axes[0].Stride };
        if (Count > int.MaxValue) return Large(offset);
        return axes.Count switch
        {
            2 => new Strided2 { Offset = offset, First = At(0), Stride = axes[1].Stride },
            3 => new Strided3
            {
                Offset = offset,
                First = At(0),
                Second = At(1),
                Stride = axes[2].Stride,
            },
            _ => Strided6(offset),
        };
    }

    /// <summary>An index for any of up to six axes and less than 2^31 elements.</summary>
    public Strided6 Strided6(long offset)
    {
        Check();
        return new()
        {
            Offset = offset,
            First = At(0),
            Second = At(1),
            Third = At(2),
            Fourth = At(3),
            Fifth = At(4),
            Stride = Stride(5),
        };
    }

    private Large6 Large(long offset)
    {
        Check();
        return new()
        {
            Offset = offset,
            N1 = Size(0),
            N2 = Size(1),
            N3 = Size(2),
            N4 = Size(3),
            N5 = Size(4),
            S1 = Stride(0),
            S2 = Stride(1),
            S3 = Stride(2),
            S4 = Stride(3),
            S5 = Stride(4),
            Stride = Stride(5),
        };
    }

    private void Check()
    {
        if (axes.Count > Most)
            throw new NotSupportedException(
                $"GPU: a view of {axes.Count} axes that do not lie as fewer; a kernel takes "
                + $"{Most}.");
    }

    private Axis At(int axis) => Axis.Of(Size(axis), Stride(axis));

    private long Size(int axis) => axis < axes.Count ? axes[axis].Size : 1;

    private long Stride(int axis) => axis < axes.Count ? axes[axis].Stride : 0;
}
