// Sums over axes, and means.
using Engine.Kernels;

namespace Engine;

/// <summary>Sum over axes, which stay with size 1.</summary>
internal sealed record Sum(Axes Axes) : LinearPrimitive, IEpilogueKernel, ICollector
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (ReducedAxes.Kept(x[0].Shape, Axes), x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => g.ExpandTo(x.Shape);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(new Sum(Axes.Shift()), x[0]);

    internal override void Lower(Lowering plan, PlanNode node) =>
        plan.Collect(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IEpilogueKernel.Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue) =>
        backend.Reduce(ReduceKind.Sum, x[0], y, epilogue);

    void ICollector.Collect(
        IBackend backend, TileProgram program, Layout sizes, ReadOnlySpan<Operand> x,
        ReadOnlySpan<Operand> y, in Epilogue epilogue) =>
        backend.Reduce(ReduceKind.Sum, program, sizes, x, y, epilogue);
}

/// <summary>What reductions share.</summary>
internal static class ReducedAxes
{
    /// <summary>The shape with the axes reduced to size 1.</summary>
    public static Shape Kept(Shape shape, Axes axes)
    {
        int[] sizes = shape.Sizes.ToArray();
        foreach (int axis in axes) sizes[axis] = 1;
        return sizes;
    }

    /// <summary>Number of elements reduced to one.</summary>
    public static long Count(Shape shape, Axes axes)
    {
        long count = 1;
        foreach (int axis in axes) count *= shape[axis];
        return count;
    }

    /// <summary>Drops the reduced axes unless they are to stay.</summary>
    public static Tensor Drop(Tensor kept, Axes axes, bool keepDims)
    {
        if (keepDims) return kept;
        var sizes = new List<int>(kept.Rank);
        for (int i = 0; i < kept.Rank; i++)
            if (!axes.Contains(i))
                sizes.Add(kept.Shape[i]);
        return kept.Reshape(sizes.ToArray());
    }

    /// <summary>Refuses to take an extremum or mean of nothing.</summary>
    public static void NotEmpty(string op, Shape shape, Axes axes)
    {
        if (Count(shape, axes) == 0)
            throw Errors.Fail(op, $"axes {axes} of shape {shape} hold no elements. "
                + "A mean or extremum needs at least one.");
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Sum over the axes (all by default); they are dropped unless kept with size 1.
    /// </summary>
    public Tensor Sum(Axes axes = default, bool keepDims = false)
    {
        Errors.Number("Sum", this);
        axes = axes.Resolve("Sum", Shape);
        if (axes.Count == 0) return this;
        // A sign is taken out of the sum: one pass over memory less in every gradient of a
        // difference. This stands here and not in Simplify, because a plan can replace a node but
        // not make two of one, and because plain evaluation, which does not simplify, gains too.
        return state is { Primitive: Engine.Neg, Inputs: [var inner] }
            ? -inner.Sum(axes, keepDims)
            : ReducedAxes.Drop(Apply(new Sum(axes), this), axes, keepDims);
    }

    /// <summary>Mean over the axes (all by default).</summary>
    public Tensor Mean(Axes axes = default, bool keepDims = false)
    {
        Errors.Float("Mean", this);
        axes = axes.Resolve("Mean", Shape);
        ReducedAxes.NotEmpty("Mean", Shape, axes);
        return Sum(axes, keepDims) * (1.0 / ReducedAxes.Count(Shape, axes));
    }
}
