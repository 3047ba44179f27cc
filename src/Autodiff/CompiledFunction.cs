// A function compiled: one plan for each signature of its arguments, made at the first call with it
// and replayed at the others.
using System.Diagnostics;
using System.Text;

namespace Engine;

/// <summary>
/// What a call's arguments must have in common with the traced ones to replay their plan.
/// </summary>
/// <param name="Text">Structure, names and types.</param>
/// <param name="Statics">Plain values, in order, compared by their own equality.</param>
/// <param name="Device">Where the tensors are.</param>
internal sealed record Signature(string Text, IReadOnlyList<object?> Statics, Device? Device)
{
    public bool Equals(Signature? other) => other is not null && Text == other.Text
        && Device == other.Device && Statics.SequenceEqual(other.Statics);

    public override int GetHashCode() => HashCode.Combine(Text, Device);

    public override string ToString() => $"{Text} {string.Join(", ", Statics)}";

    /// <summary>Structure, static parts, shapes, dtypes and device of all arguments.</summary>
    public static Signature Of<A>(A arguments, List<Tensor> leaves, Device? device)
    {
        var statics = new CollectStatics();
        Structure.Map(arguments, statics);
        var text = statics.Text;
        foreach (Tensor leaf in leaves)
            text.Append($"{leaf.DType.Name()}{leaf.Shape}{(leaf.IsSymbolicZero ? "0 " : " ")}");
        return new Signature(text.ToString(), statics.Values, device);
    }

    private sealed class CollectStatics : TreeMap
    {
        public StringBuilder Text { get; } = new();

        public List<object?> Values { get; } = [];

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value)
        {
            Text.Append(name).Append(':').Append(value.GetType()).Append('(');
            T result = base.Child(name, value);
            Text.Append(')');
            return result;
        }

        public override void Static<T>(string name, T value)
        {
            if (value is Array)
                throw Errors.Fail("Compile", $"an argument is a {value.GetType().Name}, whose "
                    + "content may change unseen. Pass a Tensor or an ImmutableArray.");
            Text.Append(name).Append('=').Append(value?.GetType()).Append(';');
            Values.Add(value);
        }
    }
}

/// <summary>The compiled form of a function of one structure.</summary>
internal sealed class CompiledFunction<A, R>(string name, Func<A, R> function)
{
    private const int MaxTraces = 8;

    private readonly Lock gate = new();
    private readonly Dictionary<Signature, Entry> entries = [];
    private readonly List<Signature> traced = [];
    private long hits;

    /// <summary>
    /// One traced signature: its plan and how long that took to make, the values it captured, and the result's structure with the
    /// type of each tensor (a symbolic zero stays one).
    /// </summary>
    private sealed record Entry(
        Plan Plan, TimeSpan Time, Value[] Captured, List<Tensor> CapturedTensors, R Template,
        List<(Shape Shape, DType DType, bool IsZero)> Outputs);

    /// <summary>
    /// The result for some arguments; the tensors of the first <paramref name="donated"/> leaves
    /// give their memory back. Under another transform's trace the function runs as it is and
    /// becomes part of what that transform sees.
    /// </summary>
    public R Call(A arguments, int donated = 0)
    {
        List<Tensor> leaves = Structure.Leaves(arguments);
        if (leaves.Exists(leaf => leaf.Traced)) return function(arguments);
        Evaluator.Boundary(leaves.ToArray());
        List<Tensor> inputs = leaves.FindAll(leaf => !leaf.IsSymbolicZero);
        // Constants among the arguments go where the others are.
        Device? device = inputs.Find(leaf => leaf.State.Value is not null)?.Device;
        Evaluator.Evaluate(inputs.ToArray(), keep: false, device);
        Signature signature = Signature.Of(arguments, leaves, device);
        if (Find(signature, arguments, leaves) is not { } entry)
            return function(arguments);

        Value[] values = [.. Evaluator.Values(name, inputs), .. entry.Captured];
        Storage?[] results = entry.Plan.Run(Evaluator.DeviceOf(name, values, device), values);
        var tensors = new Tensor[entry.Outputs.Count];
        for (int i = 0, next = 0; i < tensors.Length; i++)
        {
            var (shape, dtype, isZero) = entry.Outputs[i];
            tensors[i] = isZero
                ? Tensor.Apply(new SymbolicZero(shape, dtype))
                : Tensor.Ready(shape, dtype, new Value(results[next++]!));
        }
        for (int i = 0; i < donated; i++)
            if (!leaves[i].IsSymbolicZero)
                leaves[i].Donate(name);
        return Structure.WithLeaves(entry.Template, tensors);
    }

    /// <summary>What was traced, and how often it was replayed.</summary>
    public Explanation Explain()
    {
        lock (gate)
            return new(name, hits, [.. entries.Select(e =>
                Explanation.Trace.Of(e.Key.ToString(), e.Value.Plan, e.Value.Time, e.Value.CapturedTensors))]);
    }

    /// <summary>
    /// The entry of a signature, traced if it is new; null if it cannot be compiled here.
    /// </summary>
    private Entry? Find(Signature signature, A arguments, List<Tensor> leaves)
    {
        lock (gate)
        {
            if (entries.TryGetValue(signature, out Entry? entry))
            {
                hits++;
                return entry;
            }
            if (traced.Count >= MaxTraces)
                throw Errors.Fail(name, $"traced {MaxTraces} times and called with yet another "
                    + $"signature: the last was [{traced[^1]}], this is [{signature}]. "
                    + "Pass what changes as a Tensor, and keep shapes fixed.");
        }
        // User code runs outside of the lock: it may call other compiled functions.
        if (Make(signature, arguments, leaves) is not { } made) return null;
        lock (gate)
        {
            if (entries.TryAdd(signature, made)) traced.Add(signature);
            return made;
        }
    }

    private Entry? Make(Signature signature, A arguments, List<Tensor> leaves)
    {
        long start = Stopwatch.GetTimestamp();
        var trace = new Trace(name);
        try
        {
            var holes = new List<Tensor>();
            List<Tensor> standIns = leaves.ConvertAll(leaf =>
            {
                if (leaf.IsSymbolicZero) return leaf;
                holes.Add(Tensor.Placeholder(leaf.Shape, leaf.DType, trace));
                return holes[^1];
            });
            R result = function(Structure.WithLeaves(arguments, standIns));
            List<Tensor> outputs = Structure.Leaves(result);
            // A captured tensor that another transform traces must not be frozen.
            if (outputs.Exists(output => output.Traced && output.Trace != trace)) return null;

            Tensor[] roots = [.. outputs.Where(output => !output.IsSymbolicZero)];
            Freeze(holes, roots, signature.Device);
            PlanGraph graph = PlanGraph.Collect(roots, holes, simplify: true);
            Plan plan = Plan.Make(graph.Nodes, graph.Roots);
            List<Tensor> captured = graph.Parameters[holes.Count..];
            // A donated state that is captured too must stay: the plan reads it at every call.
            foreach (Tensor tensor in captured) tensor.State.Value?.Storage.AddOwner();
            // The template keeps no node of the trace alive.
            R template = Structure.WithLeaves(result, outputs.ConvertAll(Tensor.ZeroGradient));
            return new Entry(
                plan, Stopwatch.GetElapsedTime(start), Evaluator.Values(name, captured), captured,
                template,
                outputs.ConvertAll(o => (o.Shape, o.DType, o.IsSymbolicZero)));
        }
        finally
        {
            trace.End();
        }
    }

    /// <summary>Computes, once and for all, what does not depend on the arguments.</summary>
    private static void Freeze(List<Tensor> holes, Tensor[] roots, Device? device)
    {
        Tape tape = Tape.Record(holes, roots);
        var free = new List<Tensor>();
        foreach (TapeEntry entry in tape.Entries)
            foreach (Tensor input in entry.Inputs)
                if (!tape.DependsOn(input) && input.ConstantValue is null)
                    free.Add(input);
        // One by one: what has no inputs goes to the arguments' device, captured tensors stay.
        foreach (Tensor tensor in free) Evaluator.Boundary([tensor], device);
    }
}
