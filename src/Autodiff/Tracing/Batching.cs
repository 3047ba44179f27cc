// How Vmap runs: batch axes to the front, one trace, one batched walk a chunk, batch axes to where
// results want them.
namespace Engine;

/// <summary>An argument of a batched function: its axis and the paths of its tensors.</summary>
internal readonly record struct BatchArgument(Axis Axis, List<string> Paths);

/// <summary>One run of a batched function.</summary>
internal static class Batching<A, R>
{
    private const string Op = "Vmap";

    // About half of a core's L2 cache for the largest tensor of a chunk.
    private const long ChunkBytes = 512 << 10;

    /// <summary>
    /// Runs f over the batch and evaluates the results; x holds the tensors of all arguments, in
    /// order.
    /// </summary>
    public static R Run(
        Func<A, R> f, A x, BatchArgument[] arguments, Axis outAxis, int chunk)
    {
        R result = Build(f, x, arguments, outAxis, chunk);
        Evaluator.EvaluateResults([.. Structure.Leaves(result)]);
        return result;
    }

    /// <summary>The results, not evaluated.</summary>
    public static R Build(
        Func<A, R> f, A x, BatchArgument[] arguments, Axis outAxis, int chunk)
    {
        if (chunk < 0)
            throw Errors.Fail(Op, $"chunk {chunk} is negative. 0 chooses by shapes.");
        List<Tensor> leaves = Structure.Leaves(x);
        bool[] batched = Prepare(leaves, arguments, out int size);
        var trace = BatchTrace<R>.Run(f, x, leaves, batched);

        if (chunk == 0) chunk = Chunk(trace.LargestBytes, size);
        List<Tensor> values = leaves.Where((_, i) => batched[i]).ToList();
        Tensor?[] batches = chunk >= size
            ? trace.Batch(values, size)
            : Chunked(trace, values, size, chunk);
        List<string> paths = Structure.Paths(trace.Result);
        var results = new Tensor[batches.Length];
        for (int i = 0; i < results.Length; i++)
            results[i] = Placed(
                trace.Outputs[i], batches[i], outAxis.At(paths[i]), size, paths[i]);
        return Structure.WithLeaves(trace.Result, results);
    }

    /// <summary>
    /// Elements to take at once, from shapes alone: sums depend on it, and must not depend on the
    /// machine.
    /// </summary>
    private static int Chunk(long elementBytes, int size)
    {
        long fit = Math.Max(1, ChunkBytes / Math.Max(1, elementBytes));
        if (size <= fit) return Math.Max(1, size);
        // Chunks of one size need no second plan for the rest.
        for (int chunk = (int)fit; 2 * chunk > fit; chunk--)
            if (size % chunk == 0)
                return chunk;
        long chunks = (size + fit - 1) / fit;
        return (int)((size + chunks - 1) / chunks);
    }

    /// <summary>Moves each batch axis to the front and finds the batch's size.</summary>
    private static bool[] Prepare(List<Tensor> leaves, BatchArgument[] arguments, out int size)
    {
        var batched = new bool[leaves.Count];
        size = -1;
        string first = "";
        for (int argument = 0, i = 0; argument < arguments.Length; argument++)
            foreach (string path in arguments[argument].Paths)
            {
                Axis axis = arguments[argument].Axis.At(path);
                Tensor leaf = leaves[i];
                batched[i] = !axis.IsShared;
                if (batched[i])
                {
                    string name = $"argument {argument}{Errors.Leaf(path)} {leaf.DType.Name()} "
                        + $"{leaf.Shape}";
                    int from = InRange(axis.Number, leaf.Rank, name,
                        "Share what has no batch axis: Axis.Shared, or null in Axis.By.");
                    leaves[i] = leaf.MoveAxis(from, 0);
                    string text = $"axis {axis} of {name}";
                    if (size < 0) (size, first) = (leaf.Shape[from], text);
                    if (leaf.Shape[from] != size)
                        throw Errors.Fail(Op, $"{first} has {size} elements, but {text} has "
                            + $"{leaf.Shape[from]}; batch sizes must agree. Check the in-axes.");
                }
                i++;
            }
        if (size < 0)
            throw Errors.Fail(Op, "no argument is batched. Give at least one an in-axis.");
        return batched;
    }

    /// <summary>
    /// A result with the batch where it is wanted; one that no element changes is repeated unless
    /// it is shared.
    /// </summary>
    private static Tensor Placed(Tensor output, Tensor? batch, Axis axis, int size, string path)
    {
        string name = $"the result{Errors.Leaf(path)} {output.DType.Name()} {output.Shape}";
        if (batch is { IsSymbolicZero: true }) batch = null;
        if (axis.IsShared)
            return batch is null ? output : throw Errors.Fail(Op, $"{name} differs between "
                + "elements and cannot be shared. Give it an out-axis.");
        int to = InRange(
            axis.Number, output.Rank + 1, name, "Out-axes count the batch axis too.");
        return batch?.MoveAxis(0, to) ?? BatchTrace<R>.Repeated(output, to, size);
    }

    /// <summary>A loop over whole chunks, and what is left over after it.</summary>
    private static Tensor?[] Chunked(
        BatchTrace<R> trace, List<Tensor> values, int size, int chunk)
    {
        int chunks = size / chunk, whole = chunks * chunk;
        List<Tensor> sliced = values.ConvertAll(value => value[..whole]);
        Tensor?[] results = chunks == 1
            ? trace.Batch(sliced, chunk)
            : LoopFunction.Stacked(sliced, chunks, slices => trace.Batch(slices, chunk));
        if (whole == size) return results;
        Tensor?[] rest = trace.Batch(values.ConvertAll(value => value[whole..]), size - whole);
        // Whether elements change a result does not depend on the chunk.
        return [.. results.Select(
            (y, i) => y is null or { IsSymbolicZero: true } ? null
                : Tensor.Concat([y, rest[i]!]))];
    }

    private static int InRange(int axis, int rank, string name, string advice)
    {
        if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
        throw Errors.Fail(Op, $"axis {axis} is out of range for {name}. {advice}");
    }
}
