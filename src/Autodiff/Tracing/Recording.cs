// Where every transform of a function begins: it runs the function once on stand-ins and records
// what became of them. Derivatives take aliases, which have the arguments' values; batching takes
// placeholders, which have none.
namespace Engine;

/// <summary>A function's result on stand-ins, with the tape that leads from them to it.</summary>
/// <param name="Result">What the function returned.</param>
/// <param name="Outputs">The tensors of the result, in order.</param>
/// <param name="Tape">What the function did to the stand-ins, which are its arguments.</param>
/// <param name="Leaves">The tensors of the argument, in order.</param>
/// <param name="Chosen">Which of these have stand-ins.</param>
internal sealed record Recording<R>(
    R Result, List<Tensor> Outputs, Tape Tape, IReadOnlyList<Tensor> Leaves, bool[] Chosen)
{
    /// <summary>
    /// The device of the argument's data, where derivatives that depend on no data belong too; null
    /// if it has none.
    /// </summary>
    public Device? Home => Evaluator.HomeOf(Leaves);

    /// <summary>
    /// A derivative for every tensor of the argument: those of the stand-ins (null is zero), and
    /// symbolic zeros for the others. Their shapes are the tensors' own, after the axes of
    /// <paramref name="rows"/> (of a Jacobian; a gradient has none).
    /// </summary>
    public Tensor[] ForAllLeaves(Tensor?[] derivatives, Shape rows = default)
    {
        var all = new Tensor[Leaves.Count];
        for (int i = 0, next = 0; i < all.Length; i++)
            all[i] = Chosen[i]
                ? derivatives[next++] ?? Leaves[i].Like("Grad", 0)
                : Tensor.Apply(new SymbolicZero(
                    [.. rows.Sizes, .. Leaves[i].Shape.Sizes], Leaves[i].DType));
        return all;
    }

    /// <summary>
    /// Of a direction shaped like the argument, the tensors along which the stand-ins move.
    /// </summary>
    public Tensor[] Directions<T>(string op, T direction)
    {
        List<Tensor> all = Structure.Leaves(direction);
        if (Leaves.Count != all.Count)
            throw Errors.Fail(op, $"the argument has {Leaves.Count} tensors, but the direction "
                + $"{all.Count}. Pass one shaped like the argument.");
        Tensor[] moved = [.. all.Where((_, i) => Chosen[i])];
        for (int i = 0; i < moved.Length; i++) Vjp.Match(op, Tape.Arguments[i], moved[i]);
        return moved;
    }
}

/// <summary>Runs functions on stand-ins.</summary>
internal static class Recording
{
    /// <summary>
    /// To differentiate f: its float leaves, those that <paramref name="where"/> chooses by path,
    /// become aliases. It must choose one: else a misspelt path would freeze all without a word.
    /// </summary>
    public static Recording<R> OnAliases<A, R>(
        string transform, Func<A, R> f, A x, Func<string, bool>? where = null)
    {
        List<Tensor> leaves = Structure.Leaves(x);
        List<string>? paths = where is null ? null : Structure.Paths(x);
        var chosen = new bool[leaves.Count];
        for (int i = 0; i < chosen.Length; i++)
            chosen[i] = leaves[i].DType.IsFloat() && (where is null || where(paths![i]));
        if (paths is not null && !chosen.Contains(true))
            throw Errors.Fail(transform, "where chooses none of the float leaves ["
                + string.Join(", ", paths.Where((_, i) => leaves[i].DType.IsFloat()))
                + "]. It is asked about each of these paths; let it be true of one.");
        return OnAliases(transform, f, x, leaves, chosen);
    }

    /// <summary>To differentiate f by chosen leaves, which become aliases.</summary>
    public static Recording<R> OnAliases<A, R>(
        string transform, Func<A, R> f, A x, IReadOnlyList<Tensor> leaves, bool[] chosen) =>
        Run(transform, f, x, leaves, chosen, static (trace, leaf) => trace.Alias(leaf));

    /// <summary>
    /// To run f for every element of a batch, which is the first axis of the leaves marked: one
    /// element of these becomes a placeholder.
    /// </summary>
    public static Recording<R> OnElements<A, R>(
        Func<A, R> f, A x, IReadOnlyList<Tensor> leaves, bool[] batched) =>
        Run("Vmap", f, x, leaves, batched, static (trace, leaf) =>
            trace.Placeholder(leaf, leaf.Shape.Remove(0)));

    private static Recording<R> Run<A, R>(
        string transform, Func<A, R> f, A x, IReadOnlyList<Tensor> leaves, bool[] chosen,
        Func<Trace, Tensor, Tensor> standIn)
    {
        using var trace = new Trace(transform);
        var arguments = new List<Tensor>();
        var inputs = new Tensor[leaves.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = chosen[i] ? standIn(trace, leaves[i]) : leaves[i];
            if (chosen[i]) arguments.Add(inputs[i]);
        }
        R result = f(Structure.WithLeaves(x, inputs));
        List<Tensor> outputs = Structure.Leaves(result);
        return new(result, outputs, Tape.Record(trace, arguments, outputs), leaves, chosen);
    }
}
