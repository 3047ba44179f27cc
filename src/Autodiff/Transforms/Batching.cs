// How Vmap runs: batch axes go to the front, the function is recorded for one element, the tape
// runs for a batch (a chunk at a time if it is large), and batch axes go to where results want
// them.
namespace Engine;

/// <summary>An argument of a batched function: its axis and the paths of its tensors.</summary>
internal readonly record struct BatchArgument(Axis Axis, List<string> Paths);

/// <summary>Runs functions of one element for all elements of a batch.</summary>
internal static class Batching
{
    private const string Op = "Vmap";

    /// <summary>Runs f over the batch and evaluates the results.</summary>
    public static R Run<A, R>(
        Func<A, R> f, A x, BatchArgument[] arguments, Axis outAxis, int chunk)
    {
        R result = Build(f, x, arguments, outAxis, chunk);
        Evaluator.EvaluateResults(
            [.. Structure.Leaves(result)], Evaluator.HomeOf(Structure.Leaves(x)));
        return result;
    }

    /// <summary>
    /// The results, not evaluated; x holds the tensors of all arguments, in order.
    /// </summary>
    public static R Build<A, R>(
        Func<A, R> f, A x, BatchArgument[] arguments, Axis outAxis, int chunk)
    {
        if (chunk < 0)
            throw Errors.Fail(Op, $"chunk {chunk} is negative. 0 chooses by shapes.");
        List<Tensor> leaves = Structure.Leaves(x);
        bool[] batched = Prepare(leaves, arguments, out int size);
        var run = Recording.OnElements(f, x, leaves, batched);

        List<Tensor> values = leaves.Where((_, i) => batched[i]).ToList();
        if (chunk == 0)
            chunk = Chunk(
                LargestBytes(run.Tape), size, values[0].Device.Backend.ChunkBytes);
        Tensor?[] batches = chunk >= size
            ? run.Tape.Batch(values, size, run.Outputs)
            : Chunked(run.Tape, values, size, chunk, run.Outputs);
        List<string> paths = Structure.Paths(run.Result);
        var results = new Tensor[batches.Length];
        for (int i = 0; i < results.Length; i++)
            results[i] = Placed(
                run.Outputs[i], batches[i], outAxis.At(paths[i]), size, paths[i]);
        return Structure.WithLeaves(run.Result, results);
    }

    /// <summary>
    /// Elements to take at once, from shapes and the kind of device alone: sums depend on it, and
    /// must not depend on the machine.
    /// </summary>
    private static int Chunk(long elementBytes, int size, long chunkBytes)
    {
        long fit = Math.Max(1, chunkBytes / Math.Max(1, elementBytes));
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
        return batch?.MoveAxis(0, to) ?? Repeated(output, to, size);
    }

    /// <summary>A loop over whole chunks, and what is left over after it.</summary>
    private static Tensor?[] Chunked(
        Tape tape, List<Tensor> values, int size, int chunk, List<Tensor> outputs)
    {
        int chunks = size / chunk, whole = chunks * chunk;
        List<Tensor> sliced = values.ConvertAll(value => value[..whole]);
        Tensor?[] results = chunks == 1
            ? tape.Batch(sliced, chunk, outputs)
            : LoopFunction.Stacked(sliced, chunks, slices => tape.Batch(slices, chunk, outputs));
        if (whole == size) return results;
        Tensor?[] rest = tape.Batch(
            values.ConvertAll(value => value[whole..]), size - whole, outputs);
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

    /// <summary>f of each element of the batch; every result has it as its first axis.</summary>
    public static Tensor[] OfTensors(
        Func<Tensor[], Tensor[]> f, Tensor[] x, bool[] batched, int size)
    {
        var run = Recording.OnElements(f, x, x, batched);
        Tensor?[] results = run.Tape.Batch(
            [.. x.Where((_, i) => batched[i])], size, run.Outputs);
        return [.. results.Select((y, i) => y ?? Repeated(run.Outputs[i], 0, size))];
    }

    /// <summary>
    /// A result that is the same for all elements, repeated along a batch axis. A symbolic zero
    /// stays one.
    /// </summary>
    public static Tensor Repeated(Tensor output, int axis, int size)
    {
        Tensor repeated = output.Insert(axis, size);
        return output.IsSymbolicZero ? Tensor.SymbolicZero(repeated) : repeated;
    }

    /// <summary>Bytes that the largest computed tensor takes for one element.</summary>
    private static long LargestBytes(Tape tape)
    {
        long largest = 0;
        foreach (TapeEntry entry in tape.Entries)
        {
            if (entry.Primitive is ViewPrimitive) continue;
            foreach (Tensor output in entry.Outputs)
                largest = Math.Max(largest, output.Count * output.DType.Size());
            if (entry.Site?.Function is LoopFunction loop)
                largest = Math.Max(largest, loop.LargestBytes);
        }
        return largest;
    }
}
