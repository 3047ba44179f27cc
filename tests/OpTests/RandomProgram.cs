// A random tensor program: lines of operations on earlier lines, printed as one would write it.
using System.Globalization;
using System.Text;

namespace Engine.OpTests;

/// <summary>
/// One line: an operation on earlier lines, or an input where there is no operation. In the text
/// {0}, {1}, ... stand for the operands.
/// </summary>
internal sealed record RandomLine(string Text, int[] Operands, Func<Tensor[], Tensor>? Apply);

/// <summary>
/// A program with the values of its inputs (float64 and int64, in order of their lines). Its
/// results are the lines named.
/// </summary>
internal sealed record RandomProgram(
    long Seed, RandomLine[] Lines, Tensor[] Inputs, int[] Results)
{
    /// <summary>Number of operations.</summary>
    public int Operations => Lines.Count(line => line.Apply is not null);

    /// <summary>The values of all lines for some inputs.</summary>
    public Tensor[] Values(Tensor[] inputs)
    {
        var values = new Tensor[Lines.Length];
        int next = 0;
        for (int i = 0; i < values.Length; i++)
            values[i] = Lines[i].Apply is { } apply
                ? apply(Array.ConvertAll(Lines[i].Operands, k => values[k]))
                : inputs[next++];
        return values;
    }

    /// <summary>The results for some inputs.</summary>
    public Tensor[] Run(Tensor[] inputs)
    {
        Tensor[] values = Values(inputs);
        return Array.ConvertAll(Results, k => values[k]);
    }

    /// <summary>A number that depends smoothly on every element of every result.</summary>
    public Tensor Loss(Tensor[] inputs)
    {
        Tensor? loss = null;
        foreach (Tensor y in Run(inputs))
        {
            Tensor term = (0.5 * y.Square() + y).Sum() / Math.Max(1, y.Count);
            loss = loss is null ? term : 1.1 * loss + term;
        }
        return loss!;
    }

    /// <summary>What some lines need, with them as the results.</summary>
    public RandomProgram Only(params int[] results)
    {
        var needed = new HashSet<int>(results);
        for (int i = Lines.Length - 1; i >= 0; i--)
            if (needed.Contains(i))
                needed.UnionWith(Lines[i].Operands);
        int[] kept = [.. needed.Order()];
        int[] At(int[] lines) => Array.ConvertAll(lines, k => Array.IndexOf(kept, k));
        int[] inputs = [.. Enumerable.Range(0, Lines.Length).Where(k => Lines[k].Apply is null)];
        return this with
        {
            Lines = [.. kept.Select(k => Lines[k] with { Operands = At(Lines[k].Operands) })],
            Inputs = [.. Inputs.Where((_, i) => needed.Contains(inputs[i]))],
            Results = At(results),
        };
    }

    /// <summary>The program with a line made an input, which has the value of that line.</summary>
    public RandomProgram Cut(int cut)
    {
        List<Tensor> inputs = [.. Inputs];
        inputs.Insert(Lines[..cut].Count(line => line.Apply is null), Values(Inputs)[cut].Eval());
        RandomLine[] lines = [.. Lines];
        lines[cut] = new RandomLine("", [], null);
        return (this with { Lines = lines, Inputs = [.. inputs] }).Only(Results);
    }

    /// <summary>
    /// A smaller program that still fails: the first line that does by itself, or else as few of the
    /// results as do; and as much of what leads to them made inputs as can be.
    /// </summary>
    public RandomProgram Shrunk(Func<RandomProgram, bool> fails)
    {
        RandomProgram small = this;
        Tensor[] values = Values(Inputs);
        int[] alone = [.. Enumerable.Range(0, Lines.Length).Where(k =>
            Lines[k].Apply is not null && values[k].DType.IsFloat())];
        int first = Array.FindIndex(alone, k => fails(Only(k)));
        if (first >= 0) small = Only(alone[first]);
        for (int i = small.Results.Length - 1; i >= 0 && small.Results.Length > 1; i--)
            if (small.Only([.. small.Results.Where((_, k) => k != i)]) is var fewer && fails(fewer))
                small = fewer;
        for (int i = small.Lines.Length - 1; i >= 0; i--)
            if (i < small.Lines.Length && small.Lines[i].Apply is not null
                && !small.Results.Contains(i) && small.Cut(i) is var cut && fails(cut))
                small = cut;
        return small;
    }

    /// <summary>The program as C#, with the shape of every line.</summary>
    public override string ToString()
    {
        Tensor[] values = Values(Inputs);
        var text = new StringBuilder($"// seed {Seed}");
        for (int i = 0; i < Lines.Length; i++)
        {
            object[] names = [.. Lines[i].Operands.Select(k => (object)$"v{k}")];
            string right = Lines[i].Apply is null
                ? Literal(values[i])
                : string.Format(CultureInfo.InvariantCulture, Lines[i].Text, names);
            text.Append($"\nTensor v{i} = {right}; // {values[i].DType.Name()} {values[i].Shape}");
        }
        return text.Append($"\nreturn [{string.Join(", ", Results.Select(k => $"v{k}"))}];")
            .ToString();
    }

    private static string Literal(Tensor x) => x.Count > 24
        ? "input"
        : $"Tensor.From([{string.Join(", ", x.ToDoubles().Select(Number))}], "
            + $"[{string.Join(", ", x.Shape.Sizes.ToArray())}])";

    private static string Number(double value) =>
        value.ToString("R", CultureInfo.InvariantCulture);
}
