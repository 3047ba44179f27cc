// Strided slices, and Pad, their transpose; flipping.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Elements Start, Start + Step, ... of each axis, Sizes of them; steps are positive.
/// </summary>
internal sealed record Slice(Axes Start, Axes Step, Shape Sizes) : ViewPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (Sizes, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g)
    {
        var after = new int[Sizes.Rank];
        for (int i = 0; i < after.Length; i++)
            after[i] = x.Shape[i] - Start[i] - Pad.Length(Sizes[i], Step[i]);
        return Tensor.Apply(new Pad(Start, Axes.Of(after), Step), g);
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(
        new Slice([0, .. Start.Span], [1, .. Step.Span], Sizes.Insert(0, size)), x[0]);

    internal override (Layout, long)? View(Layout x, Shape result) =>
        Layouts.Slice(x, Start.Span, Step.Span, result);
}

/// <summary>
/// Zeros around each axis and Step - 1 zeros between its elements; a negative pad crops.
/// </summary>
internal sealed record Pad(Axes Before, Axes After, Axes Step) : LinearPrimitive, IKernel
{
    /// <summary>Length of an axis once zeros stand between its elements.</summary>
    public static int Length(int size, int step) => size == 0 ? 0 : (size - 1) * step + 1;

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        var sizes = new int[Before.Count];
        for (int i = 0; i < sizes.Length; i++)
            sizes[i] = Errors.Size(
                "Pad", (long)Before[i] + Length(x[0].Shape[i], Step[i]) + After[i]);
        return (sizes, x[0].DType);
    }

    internal override Tensor Transposed(Tensor x, Tensor g) =>
        Tensor.Apply(new Slice(Before, Step, x.Shape), g);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => Tensor.Apply(
        new Pad([0, .. Before.Span], [0, .. After.Span], [1, .. Step.Span]), x[0]);

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        backend.Fill(y, 0);
        var sizes = new int[Before.Count];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = (int)x[0].Layout.Sizes[i];
        var (layout, offset) = Layouts.Slice(y.Layout, Before.Span, Step.Span, sizes);
        backend.Copy(x[0], y with { Offset = y.Offset + offset, Layout = layout });
    }
}

internal sealed record Flip(Axes Axes) : ViewPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor Transposed(Tensor x, Tensor g) => Tensor.Apply(this, g);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        Tensor.Apply(new Flip(Axes.Shift()), x[0]);

    internal override (Layout, long)? View(Layout x, Shape result) => Layouts.Flip(x, Axes);
}

public sealed partial class Tensor
{
    /// <summary>
    /// A part along the first axes, each a range or one element, whose axis is dropped: rows
    /// <c>x[1..3]</c>, row <c>x[2]</c>, the last one <c>x[^1]</c> or <c>x[-1]</c>, column <c>x[..,
    /// 0]</c>. Axes not named are whole.
    /// </summary>
    [IndexerName("Part")]
    public Tensor this[params ReadOnlySpan<AxisPart> parts]
    {
        get
        {
            if (parts.Length > Rank)
                throw Errors.Fail("Slice", Rank == 0
                    ? "a scalar has no first axis to index."
                    : $"{parts.Length} indices for the {Rank} axes of shape {Shape}. Give at most "
                        + "one per axis.");
            var start = new int[parts.Length];
            var stop = new int[parts.Length];
            var kept = new List<int>(Rank);
            for (int i = 0; i < Rank; i++)
            {
                if (i < parts.Length) (start[i], stop[i]) = parts[i].Of(Shape, i);
                if (i >= parts.Length) kept.Add(Shape[i]);
                else if (!parts[i].IsElement) kept.Add(stop[i] - start[i]);
            }
            Tensor slice = Slice(start, stop);
            return kept.Count == Rank ? slice : slice.Reshape(kept.ToArray());
        }
    }

    /// <summary>
    /// Elements start, start + step, ... below stop of each axis named (the first ones; others are
    /// whole). Steps are positive; use <see cref="Flip"/> to reverse.
    /// </summary>
    public Tensor Slice(
        ReadOnlySpan<int> start, ReadOnlySpan<int> stop, ReadOnlySpan<int> step = default)
    {
        if (start.Length != stop.Length || start.Length > Rank
            || (step.Length != 0 && step.Length != start.Length))
            throw Errors.Fail("Slice", $"{start.Length} starts, {stop.Length} stops and "
                + $"{step.Length} steps for the {Rank} axes of shape {Shape}. Give the same "
                + "number of each, at most one per axis.");
        var starts = new int[Rank];
        var steps = new int[Rank];
        var sizes = new int[Rank];
        for (int i = 0; i < Rank; i++)
        {
            bool named = i < start.Length;
            starts[i] = named ? start[i] : 0;
            int end = named ? stop[i] : Shape[i];
            steps[i] = named && step.Length > 0 ? step[i] : 1;
            if (starts[i] < 0 || end < starts[i] || end > Shape[i] || steps[i] < 1)
                throw Errors.Fail("Slice", $"{starts[i]}..{end} by {steps[i]} does not lie within "
                    + $"axis {i} of shape {Shape}. Bounds must satisfy 0 <= start <= stop <= "
                    + $"{Shape[i]}, the step be positive.");
            sizes[i] = end == starts[i] ? 0 : (end - starts[i] - 1) / steps[i] + 1;
        }
        Shape shape = sizes;
        return shape == Shape
            ? this
            : Apply(new Slice(Axes.Of(starts), Axes.Of(steps), shape), this);
    }

    /// <summary>Elements start, start + step, ... below stop of one axis.</summary>
    internal Tensor SliceAxis(int axis, int start, int stop, int step = 1)
    {
        if (axis < 0) axis += Rank;
        var starts = new int[axis + 1];
        int[] stops = Shape.Sizes[..(axis + 1)].ToArray();
        var steps = new int[axis + 1];
        Array.Fill(steps, 1);
        (starts[axis], stops[axis], steps[axis]) = (start, stop, step);
        return Slice(starts, stops, steps);
    }

    /// <summary>
    /// A value around each axis: before[i] of it in front of axis i, after[i] behind.
    /// </summary>
    public Tensor Pad(ReadOnlySpan<int> before, ReadOnlySpan<int> after, double value = 0)
    {
        if (before.Length != Rank || after.Length != Rank)
            throw Errors.Fail("Pad", $"{before.Length} and {after.Length} widths for the {Rank} "
                + $"axes of shape {Shape}. Give one of each per axis.");
        foreach (int width in (ReadOnlySpan<int>)[.. before, .. after])
            if (width < 0)
                throw Errors.Fail("Pad", $"width {width} is negative for shape {Shape}. "
                    + "Slice to make an axis shorter.");
        var step = new int[Rank];
        Array.Fill(step, 1);
        var pad = new Pad(Axes.Of(before), Axes.Of(after), Axes.Of(step));
        Tensor padded = Apply(pad, this);
        if (value == 0) return padded;
        Tensor inside = Apply(pad, Full(Shape, 1, DType.Bool));
        return Where(inside, padded, padded.Like("Pad", value));
    }

    /// <summary>The elements of the axes in reverse order (all axes by default).</summary>
    public Tensor Flip(Axes axes = default) =>
        Apply(new Flip(axes.Resolve("Flip", Shape)), this);
}
