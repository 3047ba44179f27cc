// A function as a list of operations. Running the user's function once on stand-ins gives the list;
// what it captured from outside becomes inputs, so the list can be run again on any tensors, long
// after the function's own, and under any transform.
namespace Engine;

/// <summary>
/// What a traced function did, as operations on numbered values, the first of which are its inputs.
/// It captures nothing and so keeps no tensors alive, except those that loops in it captured.
/// </summary>
internal sealed class ClosedFunction
{
    /// <summary>
    /// An operation, or a call of a function with rules of its own, on numbered values; its results
    /// get the next numbers.
    /// </summary>
    private readonly record struct Operation(
        Primitive? Primitive, RuledFunction? Function, int[] Inputs);

    private readonly List<Operation> operations = [];
    private int[] results = [];

    private ClosedFunction(int inputs) => InputCount = inputs;

    /// <summary>Number of inputs: the function's own, then what it captured.</summary>
    public int InputCount { get; }

    /// <summary>
    /// The results for some inputs. Results of the operations are new nodes.
    /// </summary>
    public Tensor[] Run(Tensor[] inputs)
    {
        var values = new List<Tensor>(inputs);
        foreach (Operation operation in operations)
        {
            Tensor[] x = Array.ConvertAll(operation.Inputs, i => values[i]);
            if (operation.Function is { } function) values.AddRange(function.Apply(x));
            else if (operation.Primitive is Move move) values.Add(x[0].To(move.To));
            else values.Add(Tensor.Apply(operation.Primitive!, x));
        }
        return Array.ConvertAll(results, i => values[i]);
    }

    /// <summary>
    /// What <paramref name="entries"/>, in topological order, make of the arguments and of whatever
    /// else they read, which is appended to <paramref name="inputs"/>.
    /// </summary>
    private static ClosedFunction Close(
        List<Tensor> arguments, List<TapeEntry> entries, List<Tensor> outputs, List<Tensor> inputs)
    {
        var numbers = new Dictionary<Tensor, int>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++) numbers[arguments[i]] = i;
        entries.RemoveAll(entry => numbers.ContainsKey(entry.Output));
        // What no entry makes was captured.
        var made = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        foreach (TapeEntry entry in entries) made.UnionWith(entry.Outputs);
        foreach (Tensor read in entries.SelectMany(entry => entry.Inputs).Concat(outputs))
            if (!made.Contains(read) && numbers.TryAdd(read, inputs.Count))
                inputs.Add(read);

        var function = new ClosedFunction(inputs.Count);
        int next = inputs.Count;
        foreach (TapeEntry entry in entries)
        {
            if (entry.Primitive is Alias)
            {
                // A stand-in of another transform, which that transform alone needs to tell apart.
                numbers[entry.Output] = numbers[entry.Inputs[0]];
                continue;
            }
            function.operations.Add(new Operation(
                entry.Site is null ? entry.Primitive : null, entry.Site?.Function,
                Array.ConvertAll(entry.Inputs, input => numbers[input])));
            foreach (Tensor output in entry.Outputs) numbers[output] = next++;
        }
        function.results = [.. outputs.Select(output => numbers[output])];
        return function;
    }

    /// <summary>
    /// What a tape makes of its arguments, closed, with its inputs: the arguments, then what it
    /// reads besides. Of a view that is read, the tensor that it shows is the input.
    /// </summary>
    public static (ClosedFunction Function, List<Tensor> Inputs) Of(
        Tape tape, List<Tensor> outputs)
    {
        List<TapeEntry> entries = [.. tape.Entries];
        var walk = new GraphWalk<Tensor>(entries.SelectMany(entry => entry.Inputs));
        walk.Visited.UnionWith(tape.Arguments);
        walk.Visited.UnionWith(entries.SelectMany(entry => entry.Outputs));
        while (walk.Next(out Tensor? read))
        {
            if (read.State is not { Value: null, Primitive: ViewPrimitive view, Inputs: var shown })
                continue;
            entries.Add(new TapeEntry(read, view, shown));
            walk.Add(shown);
        }
        entries.Sort(static (a, b) => a.Output.Id.CompareTo(b.Output.Id));
        List<Tensor> inputs = [.. tape.Arguments];
        return (Close([.. tape.Arguments], entries, outputs, inputs), inputs);
    }

    /// <summary>
    /// Runs f on stand-ins for the tensors of x (symbolic zeros stay themselves) and closes it.
    /// </summary>
    public static Closed<R> Trace<A, R>(string transform, Func<A, R> f, A x)
    {
        using var trace = new Trace(transform);
        List<Tensor> inputs = Structure.Leaves(x);
        List<Tensor> arguments = inputs.ConvertAll(
            leaf => leaf.IsSymbolicZero ? leaf : trace.Alias(leaf));
        R result = f(Structure.WithLeaves(x, arguments));
        List<Tensor> outputs = Structure.Leaves(result);
        int own = inputs.Count;
        ClosedFunction function = Close(arguments, Tape.Reach(trace, outputs), outputs, inputs);
        return new(function, [.. inputs], own, outputs, result);
    }
}

/// <summary>
/// A closed function with the call it was traced in: its inputs, first the argument's tensors
/// (<paramref name="Own"/> of them), then the captured ones, and its result.
/// </summary>
internal sealed record Closed<R>(
    ClosedFunction Function, Tensor[] Inputs, int Own, List<Tensor> Outputs, R Result)
{
    /// <summary>The result with other tensors in it.</summary>
    public R With(Tensor[] outputs) => Structure.WithLeaves(Result, outputs);
}
