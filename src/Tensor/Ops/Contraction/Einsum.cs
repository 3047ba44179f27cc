// Einstein summation, composed of diagonals, sums, products and batched matrix products. Operands
// are contracted one after another, each pair as one matrix product where anything is summed.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Sum of products over named axes, as NumPy's einsum: "ij,jk->ik" is a matrix product,
    /// "bij->b" a sum, "ii" a trace, "ii->i" a diagonal, "...ij->...ji" a transpose of the last
    /// two axes. A letter repeated within an operand takes its diagonal; letters not in the result
    /// are summed; without "->" the result has the letters that occur once, in alphabetical order,
    /// after the axes of "...", which broadcast. Operands are floats of one dtype, contracted from
    /// left to right.
    /// </summary>
    public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands)
    {
        ArgumentNullException.ThrowIfNull(equation);
        var parsed = EinsumEquation.Parse(equation, operands);
        Labelled result = Labelled.Of(operands[0], parsed.Inputs[0], parsed.Sizes);
        for (int i = 1; i < operands.Length; i++)
        {
            Labelled next = Labelled.Of(operands[i], parsed.Inputs[i], parsed.Sizes);
            var wanted = new HashSet<int>(parsed.Output);
            for (int k = i + 1; k < operands.Length; k++) wanted.UnionWith(parsed.Inputs[k]);
            result = Labelled.Contract(result, next, wanted);
        }
        return result.SumAllBut(parsed.Output).InOrder(parsed.Output);
    }
}

/// <summary>A tensor whose axes have labels, all different.</summary>
internal sealed record Labelled(Tensor Value, int[] Labels)
{
    /// <summary>
    /// Labels given, repeated ones merged into diagonals, axes that only broadcast dropped.
    /// </summary>
    public static Labelled Of(Tensor value, int[] labels, IReadOnlyDictionary<int, int> sizes)
    {
        int[] kept = [.. Enumerable.Range(0, labels.Length)
            .Where(i => value.Shape[i] == sizes[labels[i]])];
        value = value.Reshape([.. kept.Select(i => value.Shape[i])]);
        labels = [.. kept.Select(i => labels[i])];
        for (int i = 0; i < labels.Length; i++)
            while (Array.IndexOf(labels, labels[i], i + 1) is var other and > 0)
            {
                value = value.Diagonal(0, i, other);
                labels = [.. labels[..i], .. labels[(i + 1)..other], .. labels[(other + 1)..],
                    labels[i]];
            }
        return new(value, labels);
    }

    /// <summary>The axes not wanted summed away.</summary>
    public Labelled SumAllBut(IEnumerable<int> wanted)
    {
        int[] axes =
            [.. Enumerable.Range(0, Labels.Length).Where(i => !wanted.Contains(Labels[i]))];
        return axes.Length == 0 ? this : new(Value.Sum(axes), [.. Labels.Where(wanted.Contains)]);
    }

    /// <summary>The axes in the order of the labels.</summary>
    public Tensor InOrder(IEnumerable<int> labels) =>
        Value.Transpose([.. labels.Select(label => Array.IndexOf(Labels, label))]);

    /// <summary>The product of two, summed over the shared labels that are not wanted.</summary>
    public static Labelled Contract(Labelled a, Labelled b, HashSet<int> wanted)
    {
        a = a.SumAllBut([.. wanted, .. b.Labels]);
        b = b.SumAllBut([.. wanted, .. a.Labels]);
        int[] shared = [.. a.Labels.Intersect(b.Labels)];
        int[] batch = [.. shared.Where(wanted.Contains)], summed = [.. shared.Except(batch)];
        int[] left = [.. a.Labels.Except(shared)], right = [.. b.Labels.Except(shared)];
        int[] labels = [.. batch, .. left, .. right];
        if (summed.Length == 0)
        {
            Tensor x = a.Grouped([.. batch, .. left, .. right.Select(_ => One)]);
            return new(x * b.Grouped([.. batch, .. left.Select(_ => One), .. right]), labels);
        }

        // Axes that stand alone in their group are only transposed, which costs nothing.
        int[] sizes = [.. labels.Select(label => a.Size(label) ?? b.Size(label)!.Value)];
        int rows = Count(sizes[batch.Length..(batch.Length + left.Length)]);
        int columns = Count(sizes[(batch.Length + left.Length)..]);
        int sums = Count([.. summed.Select(label => a.Size(label)!.Value)]);
        int[] outer = sizes[..batch.Length];
        Tensor p = a.InOrder([.. batch, .. left, .. summed]).Reshape([.. outer, rows, sums]);
        Tensor q = b.InOrder([.. batch, .. summed, .. right]).Reshape([.. outer, sums, columns]);
        return new(p.MatMul(q).Reshape(sizes), labels);
    }

    private const int One = int.MinValue;

    /// <summary>The axes in the order of the labels, size 1 where none stands.</summary>
    private Tensor Grouped(int[] labels) => InOrder(labels.Where(label => label != One))
        .Reshape([.. labels.Select(label => label == One ? 1 : Size(label)!.Value)]);

    private int? Size(int label) =>
        Array.IndexOf(Labels, label) is var at and >= 0 ? Value.Shape[at] : null;

    private static int Count(int[] sizes)
    {
        long count = 1;
        foreach (int size in sizes) count *= size;
        return Errors.Size("Einsum", count);
    }
}
