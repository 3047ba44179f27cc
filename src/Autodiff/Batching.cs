// How Vmap runs: placeholders without the batch axis, one trace, one batched walk a chunk.
namespace Engine;

/// <summary>One run of a batched function.</summary>
internal static class Batching<A, R>
{
    /// <summary>
    /// Runs f over the batch. <paramref name="axisOf"/> gives the axis of argument i, which holds
    /// leafCounts[i] tensors.
    /// </summary>
    public static R Run(
        Func<A, R> f, A x, Func<int, Axis> axisOf, int[] leafCounts, Axis outAxis, int chunk)
    {
        if (chunk < 0)
            throw Errors.Fail("Vmap", $"chunk {chunk} is negative. 0 takes all at once.");
        if (outAxis.IsShared)
            throw Errors.Fail("Vmap", "results are batched; outAxis cannot be null.");
        List<Tensor> leaves = Structure.Leaves(x);
        bool[] batched = Prepare(leaves, axisOf, leafCounts, out int size);

        var trace = new Trace("Vmap");
        R result;
        List<Tensor> holes = [], values = [], outputs;
        Tape tape;
        try
        {
            var standIns = new Tensor[leaves.Count];
            for (int i = 0; i < standIns.Length; i++)
            {
                standIns[i] = leaves[i];
                if (!batched[i]) continue;
                standIns[i] = Tensor.Placeholder(
                    leaves[i].Shape.Remove(0), leaves[i].DType, trace);
                holes.Add(standIns[i]);
                values.Add(leaves[i]);
            }
            result = f(Structure.WithLeaves(x, standIns));
            outputs = Structure.Leaves(result);
            tape = Tape.Record(holes, outputs);
        }
        finally
        {
            trace.End();
        }

        Tensor[] results = chunk == 0 || chunk >= size
            ? Whole(tape, holes, values, size, outputs)
            : Chunked(tape, holes, values, size, chunk, outputs);
        for (int i = 0; i < results.Length; i++)
            results[i] = results[i].MoveAxis(0, outAxis.Number);
        Evaluator.Boundary(results);
        return Structure.WithLeaves(result, results);
    }

    /// <summary>Moves each batch axis to the front and finds the batch's size.</summary>
    private static bool[] Prepare(
        List<Tensor> leaves, Func<int, Axis> axisOf, int[] leafCounts, out int size)
    {
        var batched = new bool[leaves.Count];
        size = -1;
        for (int argument = 0, i = 0; argument < leafCounts.Length; argument++)
        {
            Axis axis = axisOf(argument);
            for (int end = i + leafCounts[argument]; i < end; i++)
            {
                if (axis.IsShared) continue;
                if (leaves[i].Rank == 0)
                    throw Errors.Fail("Vmap", $"argument {argument} holds a scalar "
                        + $"{leaves[i].DType.Name()}, which has no batch axis. Pass null as its "
                        + "in-axis to share it.");
                int from = Errors.Axis("Vmap", axis.Number, leaves[i].Shape);
                leaves[i] = leaves[i].MoveAxis(from, 0);
                batched[i] = true;
                if (size >= 0 && leaves[i].Shape[0] != size)
                    throw Errors.Fail("Vmap", $"batch axes have sizes {size} and "
                        + $"{leaves[i].Shape[0]}; they must agree. Check the in-axes.");
                size = leaves[i].Shape[0];
            }
        }
        if (size < 0)
            throw Errors.Fail("Vmap", "no argument is batched. Give at least one an in-axis.");
        return batched;
    }

    private static Tensor[] Whole(
        Tape tape, List<Tensor> holes, List<Tensor> values, int size, List<Tensor> outputs)
    {
        Tensor?[] results = Modes.Batch(tape, holes, values, size, outputs);
        var whole = new Tensor[results.Length];
        for (int i = 0; i < whole.Length; i++)
            whole[i] = results[i] ?? Repeated(outputs[i], size);
        return whole;
    }

    /// <summary>
    /// A result that no element changes, for all of them; a gradient of nothing stays one.
    /// </summary>
    private static Tensor Repeated(Tensor output, int size)
    {
        Tensor repeated = output.Insert(0, size);
        return output.IsSymbolicZero ? Tensor.ZeroGradient(repeated) : repeated;
    }

    private static Tensor[] Chunked(
        Tape tape, List<Tensor> holes, List<Tensor> values, int size, int chunk,
        List<Tensor> outputs)
    {
        var parts = new List<Tensor[]>();
        for (int start = 0; start < size; start += chunk)
        {
            int end = Math.Min(size, start + chunk);
            List<Tensor> part = values.ConvertAll(value => value[start..end]);
            parts.Add(Whole(tape, holes, part, end - start, outputs));
        }
        var results = new Tensor[outputs.Count];
        for (int i = 0; i < results.Length; i++)
            results[i] = Tensor.Concat(parts.ConvertAll(part => part[i]).ToArray());
        return results;
    }
}
