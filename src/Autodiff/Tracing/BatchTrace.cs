// Runs a function once on placeholders without the batch axis and keeps the tape: what Vmap and the
// batching of functions with rules of their own have in common.
namespace Engine;

/// <summary>A function's result for one element, together with the tape that made it.</summary>
internal sealed class BatchTrace<R>
{
    private readonly List<Tensor> holes;
    private readonly Tape tape;

    private BatchTrace(R result, List<Tensor> outputs, List<Tensor> holes, Tape tape)
    {
        Result = result;
        Outputs = outputs;
        this.holes = holes;
        this.tape = tape;
    }

    public R Result { get; }

    /// <summary>The tensors of the result, in order.</summary>
    public List<Tensor> Outputs { get; }

    /// <summary>Bytes that the largest computed tensor takes for one element.</summary>
    public long LargestBytes
    {
        get
        {
            long largest = 0;
            foreach (TapeEntry entry in tape.Entries)
            {
                if (entry.Primitive is ViewPrimitive) continue;
                foreach (Tensor output in entry.Site?.Outputs ?? [entry.Output])
                    largest = Math.Max(largest, output.Count * output.DType.Size());
                if (entry.Site?.Function is LoopFunction loop)
                    largest = Math.Max(largest, loop.LargestBytes);
            }
            return largest;
        }
    }

    /// <summary>
    /// Runs f on x, whose leaves are given: those marked batched, which have the batch as their
    /// first axis, are replaced by placeholders without it.
    /// </summary>
    public static BatchTrace<R> Run<A>(
        Func<A, R> f, A x, IReadOnlyList<Tensor> leaves, bool[] batched)
    {
        var trace = new Trace("Vmap");
        try
        {
            var holes = new List<Tensor>();
            var standIns = new Tensor[leaves.Count];
            for (int i = 0; i < standIns.Length; i++)
            {
                standIns[i] = leaves[i];
                if (!batched[i]) continue;
                standIns[i] = Tensor.Placeholder(
                    leaves[i].Shape.Remove(0), leaves[i].DType, trace);
                holes.Add(standIns[i]);
            }
            R result = f(Structure.WithLeaves(x, standIns));
            List<Tensor> outputs = Structure.Leaves(result);
            return new(result, outputs, holes, Tape.Record(holes, outputs));
        }
        finally
        {
            trace.End();
        }
    }

    /// <summary>
    /// The results for a batch of that size, which is the first axis of the values and of each
    /// result; null for a result that no element changes.
    /// </summary>
    public Tensor?[] Batch(IReadOnlyList<Tensor> values, int size) =>
        Interpreters.Batch(tape, holes, values, size, Outputs);

    /// <summary>f of each element of the batch; every result has it as its first axis.</summary>
    public static Tensor[] Map(
        Func<Tensor[], R> f, Tensor[] x, bool[] batched, int size)
    {
        var trace = Run(f, x, x, batched);
        Tensor?[] results = trace.Batch([.. x.Where((_, i) => batched[i])], size);
        return [.. results.Select((y, i) => y ?? Repeated(trace.Outputs[i], 0, size))];
    }

    /// <summary>
    /// What no element changes, along a batch axis; a gradient of nothing stays one.
    /// </summary>
    public static Tensor Repeated(Tensor output, int axis, int size)
    {
        Tensor repeated = output.Insert(axis, size);
        return output.IsSymbolicZero ? Tensor.ZeroGradient(repeated) : repeated;
    }
}
