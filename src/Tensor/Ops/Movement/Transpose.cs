// Axes in another order: Transpose, MoveAxis, SwapAxes.
using Engine.Kernels;

namespace Engine;

internal sealed record Transpose(Axes Permutation) : ViewPrimitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x)
    {
        var sizes = new int[Permutation.Count];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = x[0].Shape[Permutation[i]];
        return (sizes, x[0].DType);
    }

    internal override Rewrite Simplify(PlanNode[] x, Tensor y)
    {
        if (Permutation.Span.SequenceEqual(Identity(Permutation.Count))) return x[0];
        if (x[0].Primitive is not Transpose first) return default;
        var permutation = new int[Permutation.Count];
        for (int i = 0; i < permutation.Length; i++)
            permutation[i] = first.Permutation[Permutation[i]];
        return Rewrite.To(new Transpose(Axes.Of(permutation)), x[0].Inputs);
    }

    private static int[] Identity(int rank) => [.. Enumerable.Range(0, rank)];

    internal override Tensor Transposed(Tensor x, Tensor g)
    {
        var inverse = new int[Permutation.Count];
        for (int i = 0; i < inverse.Length; i++) inverse[Permutation[i]] = i;
        // The gradient of W in x Wᵀ is the transpose of xᵀ g. As gᵀ x it needs no transposing.
        return g.State is { Primitive: MatMul product, Inputs: [var a, var b] }
            && SwapsMatrixAxes(inverse)
            ? Tensor.Apply(product, b.SwapAxes(-1, -2), a.SwapAxes(-1, -2))
            : g.Transpose(inverse);
    }

    private static bool SwapsMatrixAxes(int[] permutation)
    {
        int rank = permutation.Length;
        for (int i = 0; i < rank - 2; i++)
            if (permutation[i] != i)
                return false;
        return rank >= 2 && permutation[^1] == rank - 2;
    }

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
        x[0].Transpose([0, .. Permutation.Shift().Span]);

    internal override (Layout, long)? View(Layout x, Shape result) =>
        (Layouts.Permute(x, Permutation), 0);
}

public sealed partial class Tensor
{
    /// <summary>Axes in reverse order; a matrix transposed.</summary>
    public Tensor Transpose()
    {
        var permutation = new int[Rank];
        for (int i = 0; i < permutation.Length; i++) permutation[i] = Rank - 1 - i;
        return Transpose(permutation);
    }

    /// <summary>Axis i of the result is axis permutation[i] of this.</summary>
    public Tensor Transpose(params ReadOnlySpan<int> permutation)
    {
        var axes = new int[permutation.Length];
        var seen = new bool[Rank];
        bool identity = true, valid = axes.Length == Rank;
        for (int i = 0; i < axes.Length && valid; i++)
        {
            axes[i] = Errors.Axis("Transpose", permutation[i], Shape);
            valid = !seen[axes[i]];
            seen[axes[i]] = true;
            identity &= axes[i] == i;
        }
        if (!valid)
            throw Errors.Fail("Transpose", $"[{string.Join(", ", permutation.ToArray())}] is not "
                + $"a permutation of the {Rank} axes of shape {Shape}. Name each axis once.");
        return identity ? this : Apply(new Transpose(Axes.Of(axes)), this);
    }

    /// <summary>The axis moved to another position, the others in their order.</summary>
    public Tensor MoveAxis(int from, int to)
    {
        from = Errors.Axis("MoveAxis", from, Shape);
        to = Errors.Axis("MoveAxis", to, Shape);
        var order = new List<int>(Rank);
        for (int i = 0; i < Rank; i++)
            if (i != from)
                order.Add(i);
        order.Insert(to, from);
        return Transpose(order.ToArray());
    }

    /// <summary>Two axes exchanged.</summary>
    public Tensor SwapAxes(int a, int b)
    {
        a = Errors.Axis("SwapAxes", a, Shape);
        b = Errors.Axis("SwapAxes", b, Shape);
        var order = new int[Rank];
        for (int i = 0; i < order.Length; i++) order[i] = i == a ? b : i == b ? a : i;
        return Transpose(order);
    }
}
