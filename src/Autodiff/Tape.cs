// What a function did to its arguments: the one walk that all transforms share. A tape is a
// snapshot, in order, of the operations that depend on the arguments; evaluating tensors later
// changes nothing in it.
namespace Engine;

/// <summary>One recorded operation.</summary>
internal readonly record struct TapeEntry(Tensor Output, Primitive Primitive, Tensor[] Inputs);

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
    /// ran, and its results. Ids increase, so nothing older than the first argument is visited and
    /// id order is topological: the walk never recurses.
    /// </summary>
    public static Tape Record(IReadOnlyList<Tensor> arguments, IEnumerable<Tensor> results)
    {
        var tape = new Tape();
        if (arguments.Count == 0) return tape;
        long floor = arguments[0].Id;
        var found = new Dictionary<Tensor, NodeState>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<Tensor>(results);
        while (stack.TryPop(out Tensor? tensor))
        {
            if (tensor.Id < floor) continue;
            NodeState state = tensor.State;
            if (!found.TryAdd(tensor, state)) continue;
            foreach (Tensor input in state.Inputs) stack.Push(input);
        }

        var order = new Tensor[found.Count];
        found.Keys.CopyTo(order, 0);
        Array.Sort(order, static (a, b) => a.Id.CompareTo(b.Id));
        foreach (Tensor argument in arguments) tape.dependent.Add(argument);
        foreach (Tensor tensor in order)
        {
            NodeState state = found[tensor];
            if (state.Primitive is null || tape.dependent.Contains(tensor)) continue;
            if (!Array.Exists(state.Inputs, tape.dependent.Contains)) continue;
            tape.dependent.Add(tensor);
            tape.entries.Add(new TapeEntry(tensor, state.Primitive, state.Inputs));
        }
        return tape;
    }
}
