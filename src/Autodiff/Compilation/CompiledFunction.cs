// A function compiled: one plan for each signature of its arguments, made at the first call with it
// and replayed at the others.
using System.Diagnostics;

namespace Engine;

/// <summary>A compiled function of any type.</summary>
internal interface ICompiledFunction
{
    /// <summary>What was traced and why, and how often it was replayed.</summary>
    Explanation Explain();
}

/// <summary>
/// The compiled form of a function of one structure, which is its only argument or the tuple of its
/// <paramref name="arity"/> arguments.
/// </summary>
internal sealed class CompiledFunction<A, R>(string name, int arity, Func<A, R> function)
    : ICompiledFunction
{
    private const int MaxTraces = 8;

    private readonly Lock gate = new();

    // In the order of their traces. There are few: comparing with each is quicker than hashing.
    private readonly List<Entry> entries = [];

    // Signatures whose last call captured a tensor that another transform traced.
    private readonly List<Signature> inlined = [];
    private long inlinedCalls;

    /// <summary>
    /// One trace: its signature, its plan and how long that took to make, the values it froze, and
    /// the result's structure with the type of each tensor (a symbolic zero stays one).
    /// </summary>
    private sealed record Entry(
        Signature Signature, Plan Plan, TimeSpan Time, Frozen Frozen, R Template,
        List<(Shape Shape, DType DType, bool IsZero)> Outputs)
    {
        /// <summary>Calls that replayed the plan.</summary>
        public long Hits { get; set; }
    }

    /// <summary>
    /// The result for some arguments; the tensors of the first <paramref name="donated"/> leaves
    /// give their memory back. Under another transform's trace the function runs as it is and
    /// becomes part of what that transform sees.
    /// </summary>
    public R Call(A arguments, int donated = 0)
    {
        List<Tensor> leaves = Structure.Leaves(arguments);
        if (leaves.Exists(leaf => leaf.Traced || leaf.IsOpen)) return function(arguments);
        Device? device = DeviceOf(arguments, leaves);
        Evaluator.EvaluateResults(leaves.ToArray(), device);
        List<Tensor> inputs = leaves.FindAll(leaf => !leaf.IsSymbolicZero);
        // Constants among the arguments go where the others are, without others to the CPU. From
        // here on they are as the others: which had values before must not choose the plan.
        Evaluator.Evaluate(inputs.ToArray(), keep: false, device);
        device ??= inputs.FirstOrDefault()?.Device;
        Signature signature = Signature.Of(arguments, arity, leaves.Count, device);
        if (Find(signature, arguments, leaves, out R? inline) is not { } entry) return inline!;

        device ??= entry.Frozen.Device;
        Value[] values = [.. Evaluator.Values(name, inputs, device), .. entry.Frozen.Values];
        Storage?[] results = entry.Plan.Run(device, values);
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

    public Explanation Explain()
    {
        lock (gate)
            return new(name, [.. entries.Select((e, i) => Explanation.Trace.Of(
                e.Signature.ToString(),
                i == 0 ? "" : entries[i - 1].Signature.ChangeTo(e.Signature),
                e.Hits, e.Plan, e.Time, e.Frozen))])
            {
                Inlined = inlinedCalls,
            };
    }

    /// <summary>The one device that the arguments' data is on; null if there is none.</summary>
    private Device? DeviceOf(A arguments, List<Tensor> leaves)
    {
        int first = -1;
        for (int i = 0; i < leaves.Count; i++)
        {
            if (leaves[i].Home is not { } home) continue;
            if (first < 0) first = i;
            if (leaves[first].Home == home) continue;
            List<string> paths = Structure.Paths(arguments);
            throw Errors.Fail(name, $"the argument{Errors.Leaf(paths[first])} is on "
                + $"{leaves[first].Home} and{Errors.Leaf(paths[i])} on {home}. Move one with "
                + ".To(device).");
        }
        return first < 0 ? null : leaves[first].Home;
    }

    /// <summary>
    /// The entry of a signature, traced if it is new. If the function captured a tensor that
    /// another transform is tracing, which must not be frozen: null, and the function's own result.
    /// </summary>
    private Entry? Find(
        Signature signature, A arguments, List<Tensor> leaves, out R? inline)
    {
        inline = default;
        bool wasInlined;
        lock (gate)
        {
            if (Known(signature) is { } known)
            {
                known.Hits++;
                return known;
            }
            wasInlined = inlined.Exists(signature.Matches);
        }
        // User code runs outside of the lock: it may call other compiled functions.
        if (wasInlined && TryInline(signature, arguments, out inline)) return null;
        signature.Check();
        lock (gate)
        {
            // Another thread may have made it since, perhaps as the last that there may be.
            if (Known(signature) is { } entry)
            {
                entry.Hits++;
                return entry;
            }
            if (entries.Count >= MaxTraces) throw TooMany(signature);
        }
        if (Make(signature, arguments, leaves) is { } made)
        {
            lock (gate)
            {
                // Another thread may have made it too.
                if (Known(signature) is null) entries.Add(made);
                return made;
            }
        }
        TryInline(signature, arguments, out inline);
        return null;
    }

    private Entry? Known(Signature signature)
    {
        foreach (Entry entry in entries)
            if (entry.Signature.Matches(signature))
                return entry;
        return null;
    }

    /// <summary>
    /// The function's own result, and whether it belongs to another transform's trace: if so, the
    /// next call with the signature need not be traced to find that out again.
    /// </summary>
    private bool TryInline(Signature signature, A arguments, out R result)
    {
        result = function(arguments);
        bool traced = Structure.Leaves(result).Exists(leaf => leaf.Traced);
        lock (gate)
        {
            inlined.RemoveAll(signature.Matches);
            if (!traced) return false;
            inlinedCalls++;
            if (inlined.Count == MaxTraces) inlined.RemoveAt(0);
            inlined.Add(signature);
            return true;
        }
    }

    private EngineException TooMany(Signature signature) => Errors.Fail(
        name, $"traced {MaxTraces} times and called with yet another signature: "
            + $"{entries[^1].Signature.ChangeTo(signature)}. "
            + "Pass what changes as a Tensor, and keep shapes fixed.");

    private Entry? Make(Signature signature, A arguments, List<Tensor> leaves)
    {
        long start = Stopwatch.GetTimestamp();
        using var trace = new Trace(name);
        var holes = new List<Tensor>();
        List<Tensor> standIns = leaves.ConvertAll(leaf =>
        {
            if (leaf.IsSymbolicZero) return leaf;
            holes.Add(trace.Placeholder(leaf, leaf.Shape));
            return holes[^1];
        });
        R result = function(Structure.WithLeaves(arguments, standIns));
        List<Tensor> outputs = Structure.Leaves(result);
        // A captured tensor that another transform traces must not be frozen. The caller runs the
        // function again: what was built on the placeholders cannot stand for it, as rules of
        // one's own refer to what they saw.
        if (outputs.Exists(output => output.Traced && output.Trace != trace)) return null;

        Tensor[] roots = [.. outputs.Where(output => !output.IsSymbolicZero)];
        Folding folding = Folding.Run(trace, holes, roots, signature.Device);
        PlanGraph graph = PlanGraph.Of(
            roots, holes.Select(hole => new[] { hole }), simplify: true);
        Frozen frozen = folding.Freeze(
            name, graph.Parameters[holes.Count..], signature.Device);
        Plan plan = Plan.Make(
            graph.Nodes, graph.Roots, keptConstant: frozen.Device.Backend.LargestKeptConstant);
        // The template keeps no node of the trace alive.
        R template = Structure.WithLeaves(result, outputs.ConvertAll(Tensor.SymbolicZero));
        return new Entry(
            signature, plan, Stopwatch.GetElapsedTime(start), frozen, template,
            outputs.ConvertAll(o => (o.Shape, o.DType, o.IsSymbolicZero)));
    }
}
