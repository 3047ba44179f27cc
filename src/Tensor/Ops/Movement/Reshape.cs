// Reshape and what is made of it: ExpandDims, Squeeze, Flatten.
using Engine.Kernels;

namespace Engine;

internal sealed record Reshape(Shape To) : ViewPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (To, x[0].DType);

    internal override bool KeepsOrder => true;

    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].Shape == y.Shape ? x[0]
        : x[0].IsReshape && x[0].LiesInOrder ? Rewrite.To(this, x[0].Inputs) : default;

    internal override Tensor Transposed(Tensor x, Tensor g) => g.Reshape(x.Shape);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        x[0].Reshape(To.Insert(0, size));

    internal override (Layout, long)? View(Layout x, Shape result) =>
        Layouts.Reshape(x, result) is { } layout ? (layout, 0) : null;
}

public sealed partial class Tensor
{
    /// <summary>
    /// The elements in row-major order under another shape with as many elements; one size may be
    /// -1 and is worked out.
    /// </summary>
    public Tensor Reshape(params ReadOnlySpan<int> shape)
    {
        Shape to = ReshapeTo(shape);
        return to == Shape ? this : Apply(new Reshape(to), this);
    }

    /// <summary>
    /// A new axis of size 1 before position <paramref name="axis"/>; -1 appends one.
    /// </summary>
    public Tensor ExpandDims(int axis)
    {
        int at = axis < 0 ? axis + Rank + 1 : axis;
        if (at < 0 || at > Rank)
            throw Errors.Fail("ExpandDims", $"axis {axis} is out of range for shape {Shape}; "
                + $"it must lie in {-Rank - 1}..{Rank}.");
        return Reshape(Shape.Insert(at, 1));
    }

    /// <summary>Without the given axes of size 1 (all of them by default).</summary>
    public Tensor Squeeze(Axes axes = default)
    {
        if (!axes.IsAll) axes = axes.Resolve("Squeeze", Shape);
        var sizes = new List<int>(Rank);
        for (int i = 0; i < Rank; i++)
        {
            bool drop = axes.IsAll ? Shape[i] == 1 : axes.Contains(i);
            if (!drop) sizes.Add(Shape[i]);
            else if (Shape[i] != 1)
                throw Errors.Fail("Squeeze", $"axis {i} of shape {Shape} has size {Shape[i]}, "
                    + "not 1. Name only axes of size 1.");
        }
        return Reshape(sizes.ToArray());
    }

    /// <summary>All axes from <paramref name="from"/> on as one.</summary>
    public Tensor Flatten(int from = 0)
    {
        if (Rank == 0) return Reshape(1);
        from = Errors.Axis("Flatten", from, Shape);
        long rest = 1;
        foreach (int size in Shape.Sizes[from..]) rest *= size;
        return Reshape([.. Shape.Sizes[..from], Errors.Size("Flatten", rest)]);
    }

    private Shape ReshapeTo(ReadOnlySpan<int> sizes)
    {
        int[] to = sizes.ToArray();
        int free = Array.IndexOf(to, -1);
        if (free >= 0)
        {
            to[free] = 1;
            long rest = Product(to);
            to[free] = rest > 0 && Count % rest == 0 && Count / rest <= int.MaxValue
                ? (int)(Count / rest)
                : -1;
        }
        if (Product(to) != Count)
            throw Errors.Fail("Reshape", $"shape {Shape} has {Count} elements, which "
                + $"({string.Join(", ", sizes.ToArray())}) cannot hold. Sizes must multiply to "
                + $"{Count}; one may be -1.");
        return to;
    }

    /// <summary>
    /// The product of the sizes; -1 if one is negative or the product overflows.
    /// </summary>
    private static long Product(int[] sizes)
    {
        long product = 1;
        double size = 1; // the same, but does not wrap around
        foreach (int n in sizes)
        {
            if (n < 0) return -1;
            product *= n;
            size *= n;
        }
        return size < long.MaxValue ? product : -1;
    }
}
