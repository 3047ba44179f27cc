// Draws random programs: lines are added one by one and computed at once, so that every operation
// gets operands that fit it and values that stay of order one.
namespace Engine.OpTests;

/// <summary>Tries to add a line to a draft; false if nothing there fits.</summary>
internal delegate bool RandomOp(RandomDraft draft);

/// <summary>A program in the making.</summary>
internal sealed class RandomDraft(long seed)
{
    private const int MaxCount = 600;

    private readonly Random random = new((int)seed);
    private readonly List<RandomLine> lines = [];
    private readonly List<Tensor> values = [];
    private readonly List<Tensor> inputs = [];

    /// <summary>The program of a seed: 5 to 40 operations drawn from those given.</summary>
    public static RandomProgram Program(long seed, IReadOnlyList<RandomOp> ops)
    {
        var draft = new RandomDraft(seed);
        for (int i = draft.Below(3); i >= 0; i--) draft.Input(draft.Shape());
        int length = 5 + draft.Below(36) * (draft.Below(3) + 1) / 3;
        while (draft.lines.Count < length) ops[draft.Below(ops.Count)](draft);
        return draft.Finish(seed);
    }

    public int Below(int n) => random.Next(n);

    public bool Coin => random.Next(2) == 0;

    public T Any<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    public Shape ShapeOf(int line) => values[line].Shape;

    /// <summary>A new input of normal numbers.</summary>
    public int Input(Shape shape)
    {
        double[] numbers = [.. Enumerable.Range(0, (int)shape.Count).Select(_ => Normal())];
        return Keep(new RandomLine("", [], null), Tensor.From(numbers, shape), isInput: true);
    }

    /// <summary>A new input of whole numbers below n.</summary>
    public int Indices(Shape shape, int n)
    {
        long[] numbers = [.. Enumerable.Range(0, (int)shape.Count).Select(_ => (long)Below(n))];
        return Keep(new RandomLine("", [], null), Tensor.From(numbers, shape), isInput: true);
    }

    /// <summary>
    /// A float line whose shape fits, more often a late one; -1 if there is none.
    /// </summary>
    public int Find(Func<Shape, bool>? fits = null)
    {
        int[] found = [.. values.Index()
            .Where(v => v.Item.DType == DType.Float64 && (fits?.Invoke(v.Item.Shape) ?? true))
            .Select(v => v.Index)];
        if (found.Length == 0) return -1;
        return found[Math.Max(Below(found.Length), Below(found.Length))];
    }

    /// <summary>Adds a line; values too large go through a tanh first.</summary>
    public bool Add(string text, Func<Tensor[], Tensor> apply, params int[] operands)
    {
        if (Array.IndexOf(operands, -1) >= 0) return false;
        Tensor y = apply(Array.ConvertAll(operands, k => values[k]));
        if (y.Count > MaxCount) return false;
        int line = Keep(new RandomLine(text, operands, apply), y.Eval(), isInput: false);
        if (y.Count > 0 && y.DType == DType.Float64 && !(y.Abs().Max().Item() < 6))
            Add("{0}.Tanh()", x => x[0].Tanh(), line);
        return true;
    }

    private int Keep(RandomLine line, Tensor value, bool isInput)
    {
        lines.Add(line);
        values.Add(value);
        if (isInput) inputs.Add(value);
        return lines.Count - 1;
    }

    private Shape Shape()
    {
        var sizes = new int[Any(0, 1, 1, 2, 2, 2, 3, 3, 4)];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = Any(1, 2, 3, 3, 4, 5);
        if (sizes.Length is 1 or 2 && Below(4) == 0) sizes[^1] = Any(8, 17, 33);
        if (sizes.Length > 0 && Below(60) == 0) sizes[0] = 0;
        return sizes;
    }

    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()))
        * Math.Cos(2 * Math.PI * random.NextDouble());

    private RandomProgram Finish(long seed)
    {
        var read = lines.SelectMany(line => line.Operands).ToHashSet();
        int[] results = [.. Enumerable.Range(0, lines.Count).Where(k =>
            lines[k].Apply is not null && !read.Contains(k) && values[k].DType == DType.Float64)];
        return new RandomProgram(seed, [.. lines], [.. inputs], results);
    }
}
