// What a function did to its arguments: the one walk that all transforms share. A tape is a
// snapshot, in order, of the operations that depend on the arguments; evaluating tensors later
// changes nothing in it.
namespace Engine;

/// <summary>
/// One recorded operation. All results of one call of a function with rules of its own are one
/// entry, in the place of the first; its inputs are the call's.
/// </summary>
internal readonly record struct TapeEntry(Tensor Output, Primitive Primitive, Tensor[] Inputs)
{
    /// <summary>The call this entry is; null for an operation of one result.</summary>
    public CallSite? Site => (Primitive as CallResult)?.Site;
}

/// <summary>The operations between some arguments and some results, in topological order.</summary>
internal sealed class Tape
{
    private readonly List<TapeEntry> entries = [];
    private readonly HashSet<Tensor> dependent = new(ReferenceEqualityComparer.Instance);

    private Tape()
    {
    }

    public IReadOnlyList<TapeEntry> Entries => entries;

    /// <summary>Whether a tensor is an argument or depends on one.</summary>
    public bool DependsOn(Tensor tensor) => dependent.Contains(tensor);

    /// <summary>
    /// Records what lies between the arguments, made one after another just before the function
    /// ran, and its results: only what depends on the arguments.
    /// </summary>
    public static Tape Record(IReadOnlyList<Tensor> arguments, IEnumerable<Tensor> results) =>
        arguments.Count == 0 ? new Tape() : Of(arguments, Reach(arguments[0].Id, results));

    /// <summary>Of an iteration, what depends on the arguments, some of its holes.</summary>
    public static Tape Within(Loop loop, IReadOnlyList<Tensor> arguments)
    {
        var sites = new HashSet<CallSite>();
        var entries = new List<TapeEntry>();
        foreach (var (tensor, state) in loop.Nodes)
            if (state.Primitive is not CallResult call || sites.Add(call.Site))
                entries.Add(EntryOf(tensor, state));
        return Of(arguments, entries);
    }

    private static Tape Of(IReadOnlyList<Tensor> arguments, List<TapeEntry> entries)
    {
        var tape = new Tape();
        foreach (Tensor argument in arguments) tape.dependent.Add(argument);
        foreach (TapeEntry entry in entries)
        {
            if (tape.dependent.Contains(entry.Output)) continue;
            if (!Array.Exists(entry.Inputs, tape.dependent.Contains)) continue;
            AddOutputs(tape.dependent, entry);
            tape.entries.Add(entry);
        }
        return tape;
    }

    /// <summary>
    /// All operations the results need, but for those older than <paramref name="floor"/>. Ids
    /// increase, so id order is topological: the walk never recurses.
    /// </summary>
    public static List<TapeEntry> Reach(long floor, IEnumerable<Tensor> results)
    {
        var found = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        var entries = new List<TapeEntry>();
        var stack = new Stack<Tensor>(results);
        while (stack.TryPop(out Tensor? tensor))
        {
            if (tensor.Id < floor || found.Contains(tensor)) continue;
            NodeState state = tensor.State;
            if (state.Primitive is null) continue;
            TapeEntry entry = EntryOf(tensor, state);
            AddOutputs(found, entry);
            entries.Add(entry);
            foreach (Tensor input in entry.Inputs) stack.Push(input);
        }
        entries.Sort(static (a, b) => a.Output.Id.CompareTo(b.Output.Id));
        return entries;
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
}
