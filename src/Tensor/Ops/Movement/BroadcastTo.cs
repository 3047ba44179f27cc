// Axes of size 1 repeated without copying; the transpose is a sum over them.
using Engine.Kernels;

namespace Engine;

/// <summary>Repeats axes of size 1; input and result have the same rank.</summary>
internal sealed record BroadcastTo(Shape To) : ViewPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (To, x[0].DType);

    internal override Rewrite Simplify(PlanNode[] x, Tensor y) =>
        x[0].Shape == y.Shape ? x[0]
        : x[0].Primitive is BroadcastTo ? Rewrite.To(this, x[0].Inputs) : default;

    internal override Tensor Transposed(Tensor x, Tensor g)
    {
        var axes = new List<int>();
        for (int i = 0; i < To.Rank; i++)
            if (x.Shape[i] != To[i])
                axes.Add(i);
        return Total(g, Axes.Of(axes.ToArray()));
    }

    /// <summary>
    /// The sum over the axes, with a factor that is constant along them taken out: in (x - mean) *
    /// scale + shift, the gradients of mean and shift then share one sum. A factor that was
    /// evaluated outside its transform is not recognised, which changes last bits only.
    /// </summary>
    private static Tensor Total(Tensor g, Axes axes)
    {
        if (g.State is { Primitive: Neg, Inputs: [var opposite] }) return -Total(opposite, axes);
        if (g.State is { Primitive: Mul, Inputs: [var a, var b] })
        {
            if (Repeated(b, axes) is { } second) return a.Sum(axes, keepDims: true) * second;
            if (Repeated(a, axes) is { } first) return first * b.Sum(axes, keepDims: true);
        }
        return g.Sum(axes, keepDims: true);
    }

    /// <summary>
    /// The tensor that a factor repeats along all of the axes; null if it does not. Constants are
    /// left in: taking one out saves no pass, and would keep a product from having an epilogue.
    /// </summary>
    private static Tensor? Repeated(Tensor factor, Axes axes)
    {
        if (factor.State is not { Primitive: BroadcastTo, Inputs: [var inner] }
            || inner.State.Primitive is Constant)
            return null;
        foreach (int axis in axes)
            if (inner.Shape[axis] != 1) return null;
        return inner;
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(new BroadcastTo(To.Insert(0, size)), x[0]);

    internal override (Layout, long)? View(Layout x, Shape result) =>
        (Layouts.Broadcast(x, result), 0);
}

public sealed partial class Tensor
{
    /// <summary>
    /// Repeated to a shape (no copy): aligned at the right, each size must be equal or 1 here.
    /// </summary>
    public Tensor BroadcastTo(Shape shape)
    {
        if (shape == Shape) return this;
        bool fits = shape.Rank >= Rank;
        for (int i = 1; i <= Rank && fits; i++)
            fits = Shape[^i] == shape[^i] || Shape[^i] == 1;
        if (!fits)
            throw Errors.Fail("BroadcastTo", $"shape {Shape} does not repeat to {shape}: aligned "
                + "at the right, sizes must be equal or 1 in the first. Reshape it first.");
        return ExpandTo(shape);
    }

    /// <summary>Repeated to a shape it is known to broadcast to.</summary>
    internal Tensor ExpandTo(Shape shape)
    {
        if (shape == Shape) return this;
        Tensor x = this;
        if (x.Rank < shape.Rank)
        {
            var sizes = new int[shape.Rank];
            for (int i = 1; i <= sizes.Length; i++) sizes[^i] = i <= Rank ? Shape[^i] : 1;
            x = x.Reshape(sizes);
        }
        return x.Shape == shape ? x : Apply(new BroadcastTo(shape), x);
    }

    /// <summary>Repeated along a new axis of that size.</summary>
    internal Tensor Insert(int axis, int size)
    {
        Tensor x = Reshape(Shape.Insert(axis, 1));
        return size == 1 ? x : Apply(new BroadcastTo(Shape.Insert(axis, size)), x);
    }
}
