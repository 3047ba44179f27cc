// Makes a loop from the graph of one iteration: finds what the iteration reads from outside and
// leaves out the inputs that it does not need.
namespace Engine;

/// <summary>
/// An iteration being traced: the holes made so far, and the inputs that they stand for.
/// </summary>
internal sealed class LoopBuilder : IDisposable
{
    private readonly List<(Tensor Hole, Tensor Input, bool Sliced)> holes = [];
    private readonly Trace trace = new("Vmap");
    private readonly int iterations;
    private readonly long floor;

    /// <summary>A new loop: what is older than this is from outside.</summary>
    public LoopBuilder(int iterations)
    {
        this.iterations = iterations;
        floor = Tensor.Placeholder([], DType.Bool, trace).Id;
    }

    /// <summary>
    /// A loop made of another's iteration: the same holes for the same inputs, but for those that
    /// others take the place of.
    /// </summary>
    public LoopBuilder(Loop loop, Tensor[] inputs, bool[]? replaced = null)
    {
        iterations = loop.Iterations;
        for (int i = 0; i < inputs.Length; i++)
            if (replaced is null || !replaced[i])
                holes.Add((loop.Holes[i], inputs[i], loop.Sliced[i]));
    }

    public void Dispose() => trace.End();

    /// <summary>
    /// What stands for an input in an iteration, or for its slice. A number stays a number.
    /// </summary>
    public Tensor Hole(Tensor input, bool sliced)
    {
        Shape shape = sliced
            ? input.Shape.Remove(0).Insert(0, input.Shape[0] / iterations)
            : input.Shape;
        if (input.DType.IsFloat() && input.ConstantValue is { } number)
            return Tensor.Full(shape, number, input.DType);
        Tensor hole = Tensor.Placeholder(shape, input.DType, trace);
        holes.Add((hole, input, sliced));
        return hole;
    }

    /// <summary>
    /// The results of the loop that makes these in an iteration; null where there are none.
    /// </summary>
    public Tensor?[] Run(Tensor?[] outputs, bool[] summed)
    {
        var (loop, inputs) = Close(
            [.. outputs.OfType<Tensor>()], [.. summed.Where((_, i) => outputs[i] is not null)]);
        if (loop.Outputs.Length == 0) return outputs;
        Tensor[] results = new LoopFunction(loop).Apply(inputs);
        int next = 0;
        return Array.ConvertAll(outputs, output => output is null ? null : results[next++]);
    }

    /// <summary>
    /// The loop and its inputs. What an iteration reads that depends on no hole is an input too,
    /// computed once before the loop; numbers stay where they are.
    /// </summary>
    private (Loop Loop, Tensor[] Inputs) Close(Tensor[] outputs, bool[] summed)
    {
        var dependent = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var (hole, _, _) in holes) dependent.Add(hole);
        var read = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        void Read(Tensor x)
        {
            if (!read.Add(x) || dependent.Contains(x) || x.ConstantValue is not null) return;
            holes.Add((x, x, false));
        }

        foreach (var (tensor, inputs) in Within(outputs, dependent))
        {
            if (!Array.Exists(inputs, dependent.Contains)) continue;
            dependent.Add(tensor);
            foreach (Tensor input in inputs) Read(input);
        }
        foreach (Tensor output in outputs) Read(output);
        holes.RemoveAll(hole => !read.Contains(hole.Hole));
        var loop = new Loop(
            [.. holes.Select(hole => hole.Hole)], [.. holes.Select(hole => hole.Sliced)], outputs,
            summed, iterations);
        return (loop, [.. holes.Select(hole => hole.Input)]);
    }

    /// <summary>
    /// The nodes that the outputs need, inputs before their users. Rules of one's own may read
    /// inputs of a call that its value does not depend on.
    /// </summary>
    private List<(Tensor Tensor, Tensor[] Inputs)> Within(
        Tensor[] outputs, IEnumerable<Tensor> bounds)
    {
        var seen = new HashSet<Tensor>(bounds, ReferenceEqualityComparer.Instance);
        var nodes = new List<(Tensor Tensor, Tensor[] Inputs)>();
        var stack = new Stack<Tensor>(outputs);
        while (stack.TryPop(out Tensor? tensor))
        {
            if (tensor.Id < floor || !seen.Add(tensor)) continue;
            NodeState state = tensor.State;
            Tensor[] inputs = state.Primitive is CallResult and not LoopResult
                ? [.. state.Inputs, .. ((CallResult)state.Primitive).Site.Inputs]
                : state.Inputs;
            nodes.Add((tensor, inputs));
            foreach (Tensor input in inputs) stack.Push(input);
        }
        nodes.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
        return nodes;
    }
}
