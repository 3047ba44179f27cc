// What a function did to its arguments, and the three ways to go through it: backwards for
// cotangents, forwards for tangents, forwards for batches. A tape is a snapshot, in order, of the
// operations that depend on the arguments: evaluating tensors later changes nothing in it. What an
// operation means on each way stands with the operation.
namespace Engine;

/// <summary>
/// One recorded operation. All results of one call of a function with rules of its own are one
/// entry, in the place of the first; its inputs are the call's.
/// </summary>
internal readonly record struct TapeEntry(Tensor Output, Primitive Primitive, Tensor[] Inputs)
{
    /// <summary>The call this entry is; null for an operation of one result.</summary>
    public CallSite? Site => (Primitive as CallResult)?.Site;

    public Tensor[] Outputs => Site?.Outputs ?? [Output];
}

/// <summary>The operations between some arguments and some results, in topological order.</summary>
internal sealed class Tape
{
    private readonly IReadOnlyList<Tensor> arguments;
    private readonly List<TapeEntry> entries = [];
    private readonly HashSet<Tensor> dependent = new(ReferenceEqualityComparer.Instance);
    private readonly Lazy<Dictionary<Tensor, Tensor>> twins;

    /// <summary>Of these operations, in topological order, what depends on the arguments.</summary>
    private Tape(IReadOnlyList<Tensor> arguments, List<TapeEntry> operations)
    {
        this.arguments = arguments;
        twins = new(() => Twins.Of(arguments, operations));
        foreach (Tensor argument in arguments) dependent.Add(argument);
        foreach (TapeEntry entry in operations)
        {
            if (dependent.Contains(entry.Output)) continue;
            if (!Array.Exists(entry.Inputs, dependent.Contains)) continue;
            AddOutputs(dependent, entry);
            entries.Add(entry);
        }
    }

    /// <summary>The stand-ins that the function ran on.</summary>
    public IReadOnlyList<Tensor> Arguments => arguments;

    public IReadOnlyList<TapeEntry> Entries => entries;

    /// <summary>
    /// What a trace made of the arguments on the way to the results: only what depends on them.
    /// </summary>
    public static Tape Record(
        Trace trace, IReadOnlyList<Tensor> arguments, IEnumerable<Tensor> results) =>
        new(arguments, arguments.Count == 0 ? [] : Reach(trace, results));

    /// <summary>Of an iteration, what depends on the arguments, some of its holes.</summary>
    public static Tape Within(Loop loop, IReadOnlyList<Tensor> arguments)
    {
        var sites = new HashSet<CallSite>();
        var operations = new List<TapeEntry>();
        foreach (var (tensor, state) in loop.Nodes)
            if (state.Primitive is not CallResult call || sites.Add(call.Site))
                operations.Add(EntryOf(tensor, state));
        return new(arguments, operations);
    }

    /// <summary>
    /// All operations of a trace that the results need. Ids increase, so id order is topological.
    /// </summary>
    public static List<TapeEntry> Reach(Trace trace, IEnumerable<Tensor> results)
    {
        var operations = new List<TapeEntry>();
        var walk = new GraphWalk<Tensor>(results);
        while (walk.Next(out Tensor? tensor))
        {
            if (!trace.Contains(tensor)) continue;
            NodeState state = tensor.State;
            if (state.Primitive is null) continue;
            TapeEntry entry = EntryOf(tensor, state);
            AddOutputs(walk.Visited, entry);
            operations.Add(entry);
            walk.Add(entry.Inputs);
        }
        operations.Sort(static (a, b) => a.Output.Id.CompareTo(b.Output.Id));
        return operations;
    }

    /// <summary>
    /// Cotangents of the arguments given the results' (null is zero): the vector-Jacobian product.
    /// </summary>
    public Tensor?[] Reverse(IReadOnlyList<Tensor> results, IReadOnlyList<Tensor?> cotangents)
    {
        using var pause = Tensor.PauseAging();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < results.Count; i++)
            if (cotangents[i] is { } g && results[i].DType.IsFloat()
                && dependent.Contains(results[i]))
                Accumulate(at, results[i], g);

        for (int i = entries.Count - 1; i >= 0; i--)
        {
            TapeEntry entry = entries[i];
            Tensor?[] g = Take(at, entry);
            if (Array.TrueForAll(g, part => part is null)) continue;
            if (twins.Value.TryGetValue(entry.Output, out Tensor? first))
            {
                Accumulate(at, first, g[0]!);
                continue;
            }
            bool[] need = Array.ConvertAll(entry.Inputs, dependent.Contains);
            Tensor?[] parts = entry.Site is { } site
                ? site.Function.Vjp(site, g, need)
                : entry.Primitive.Vjp(entry.Inputs, entry.Output, g[0]!, need);
            for (int k = 0; k < parts.Length; k++)
                if (need[k] && parts[k] is { } part)
                    Accumulate(at, entry.Inputs[k], part);
        }
        return Found(at, arguments);
    }

    /// <summary>
    /// Tangents of the results given the arguments' (null is zero): the Jacobian-vector product.
    /// </summary>
    public Tensor?[] Forward(IReadOnlyList<Tensor?> tangents, IReadOnlyList<Tensor> results)
    {
        using var pause = Tensor.PauseAging();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++)
            if (tangents[i] is { } t)
                at[arguments[i]] = t;

        foreach (TapeEntry entry in entries)
        {
            if (PutTwin(at, entry)) continue;
            Tensor?[] dx = Array.ConvertAll(entry.Inputs, at.GetValueOrDefault);
            if (Array.TrueForAll(dx, t => t is null)) continue;
            if (entry.Site is { } site) Put(at, site.Outputs, site.Function.Jvp(site, dx));
            else Put(at, entry.Output, entry.Primitive.Jvp(entry.Inputs, entry.Output, dx));
        }
        return Found(at, results);
    }

    /// <summary>
    /// The results for all elements of a batch, which is the first axis of the arguments' values
    /// given and of each result; null for a result that does not depend on them.
    /// </summary>
    public Tensor?[] Batch(
        IReadOnlyList<Tensor> values, int size, IReadOnlyList<Tensor> results)
    {
        using var pause = Tensor.PauseAging();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++) at[arguments[i]] = values[i];

        foreach (TapeEntry entry in entries)
        {
            if (PutTwin(at, entry)) continue;
            bool[] batched = Array.ConvertAll(entry.Inputs, at.ContainsKey);
            Tensor[] x = Array.ConvertAll(
                entry.Inputs, input => at.GetValueOrDefault(input, input));
            if (entry.Site is { } site)
                Put(at, site.Outputs, site.Function.Vmap(x, batched, size));
            else
                Put(at, entry.Output, entry.Primitive.Vmap(x, batched, size));
        }
        return Found(at, results);
    }

    /// <summary>
    /// A call's value is made by its body, but its rules see its inputs alone.
    /// </summary>
    private static TapeEntry EntryOf(Tensor tensor, NodeState state) =>
        state.Primitive is CallResult call
            ? new TapeEntry(call.Site.Outputs[0], call, call.Site.Inputs)
            : new TapeEntry(tensor, state.Primitive!, state.Inputs);

    private static void AddOutputs(HashSet<Tensor> set, in TapeEntry entry)
    {
        if (entry.Site is { } site) set.UnionWith(site.Outputs);
        else set.Add(entry.Output);
    }

    /// <summary>The cotangents of an entry's results, which nothing reads again.</summary>
    private static Tensor?[] Take(Dictionary<Tensor, Tensor> at, in TapeEntry entry)
    {
        if (entry.Site is not { } site) return [Take(at, entry.Output)];
        var all = new Tensor?[site.Outputs.Length];
        for (int i = 0; i < all.Length; i++) all[i] = Take(at, site.Outputs[i]);
        return all;
    }

    private static Tensor? Take(Dictionary<Tensor, Tensor> at, Tensor output) =>
        at.Remove(output, out Tensor? part) ? part : null;

    /// <summary>Of a product that was there before, what was found for it there.</summary>
    private bool PutTwin(Dictionary<Tensor, Tensor> at, in TapeEntry entry)
    {
        if (!twins.Value.TryGetValue(entry.Output, out Tensor? first)) return false;
        Put(at, entry.Output, at.GetValueOrDefault(first));
        return true;
    }

    private static void Put(Dictionary<Tensor, Tensor> at, Tensor[] outputs, Tensor?[] parts)
    {
        for (int i = 0; i < outputs.Length; i++) Put(at, outputs[i], parts[i]);
    }

    private static void Put(Dictionary<Tensor, Tensor> at, Tensor output, Tensor? part)
    {
        if (part is not null) at[output] = part;
    }

    private static void Accumulate(Dictionary<Tensor, Tensor> at, Tensor tensor, Tensor part) =>
        at[tensor] = at.TryGetValue(tensor, out Tensor? sum) ? sum + part : part;

    private static Tensor?[] Found(
        Dictionary<Tensor, Tensor> at, IReadOnlyList<Tensor> tensors)
    {
        var found = new Tensor?[tensors.Count];
        for (int i = 0; i < found.Length; i++) found[i] = at.GetValueOrDefault(tensors[i]);
        return found;
    }
}
