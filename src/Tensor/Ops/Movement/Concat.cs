// Tensors one after another along an axis: Concat, Stack.
using Engine.Kernels;

namespace Engine;

internal sealed record Concat(int Axis) : Primitive, IKernel
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        long size = 0;
        foreach (Tensor part in x) size += part.Shape[Axis];
        return (x[0].Shape.With(Axis, Errors.Size("Concat", size)), x[0].DType);
    }

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need)
    {
        var result = new Tensor?[x.Length];
        int[] start = new int[y.Rank], stop = g.Shape.Sizes.ToArray();
        for (int i = 0, at = 0; i < x.Length; i++)
        {
            start[Axis] = at;
            stop[Axis] = at += x[i].Shape[Axis];
            if (need[i]) result[i] = g.Slice(start, stop);
        }
        return result;
    }

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx)
    {
        var parts = new Tensor[x.Length];
        for (int i = 0; i < x.Length; i++) parts[i] = dx[i] ?? x[i].Like("Concat", 0);
        return Tensor.Apply(this, parts);
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size)
    {
        var parts = new Tensor[x.Length];
        for (int i = 0; i < x.Length; i++) parts[i] = Batched(x[i], batched[i], size);
        return Tensor.Apply(new Concat(Axis + 1), parts);
    }

    internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

    LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y)
    {
        long at = 0, stride = y.Layout.Strides[Axis];
        foreach (ref readonly Operand part in x)
        {
            var layout = new Layout(part.Layout.Sizes.ToArray(), y.Layout.Strides.ToArray());
            backend.Copy(part, y with { Offset = y.Offset + at * stride, Layout = layout });
            at += part.Layout.Sizes[Axis];
        }
    }
}

public sealed partial class Tensor
{
    /// <summary>
    /// Tensors one after another along an axis; their other sizes and dtypes must agree.
    /// </summary>
    public static Tensor Concat(ReadOnlySpan<Tensor> parts, int axis = 0)
    {
        if (parts.Length == 0)
            throw Errors.Fail("Concat", "no tensors given. Give at least one.");
        Tensor first = parts[0];
        axis = Errors.Axis("Concat", axis, first.Shape);
        foreach (Tensor part in parts)
        {
            Errors.SameDType("Concat", first, part);
            if (part.Rank != first.Rank || part.Shape.With(axis, 0) != first.Shape.With(axis, 0))
                throw Errors.Fail("Concat", $"shapes {first.Shape} and {part.Shape} differ in more "
                    + $"than axis {axis}. Slice or reshape one.");
        }
        return parts.Length == 1 ? first : Apply(new Concat(axis), parts);
    }

    /// <summary>Tensors of one shape along a new axis.</summary>
    public static Tensor Stack(ReadOnlySpan<Tensor> parts, int axis = 0)
    {
        var expanded = new Tensor[parts.Length];
        for (int i = 0; i < expanded.Length; i++)
        {
            if (parts[i].Shape != parts[0].Shape)
                throw Errors.Fail("Stack", $"shapes {parts[0].Shape} and {parts[i].Shape} differ. "
                    + "Stack needs equal shapes; Concat joins along an existing axis.");
            expanded[i] = parts[i].ExpandDims(axis);
        }
        return Concat(expanded, axis);
    }
}
