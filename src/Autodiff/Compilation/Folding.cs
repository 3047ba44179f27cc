// Constant folding: what a compiled function computes from captured tensors alone is computed once,
// when tracing ends, and frozen like these. Views stay views: they cost nothing, and how an operand
// lies in memory decides the last bits of a product. Numbers stay numbers, for the plan to use.
namespace Engine;

/// <summary>What a plan reads at every call besides the arguments.</summary>
/// <param name="Device">Where the plan runs.</param>
/// <param name="Values">The values.</param>
/// <param name="Tensors">The tensors they belong to.</param>
/// <param name="Makers">The operation that made each; null for a captured tensor.</param>
/// <param name="Operations">How many operations folding ran.</param>
/// <param name="Captured">
/// Every captured tensor that the function read, whether it is still needed or not.
/// </param>
internal sealed record Frozen(
    Device Device, Value[] Values, List<Tensor> Tensors, string?[] Makers, int Operations,
    List<(DType Type, Shape Shape)> Captured);

/// <summary>Finds and computes what does not depend on a function's arguments.</summary>
internal sealed class Folding
{
    // Results up to this many bytes are always kept, larger ones only if they take no more than the
    // captured tensors that they replace.
    private const long AlwaysKept = 64 << 10;

    private enum Kind
    {
        /// <summary>An argument, or what depends on one.</summary>
        Dependent,

        /// <summary>Has its value.</summary>
        Ready,

        /// <summary>One number everywhere.</summary>
        Number,

        /// <summary>Another tensor's elements, in the same memory.</summary>
        View,

        /// <summary>Takes a kernel.</summary>
        Work,
    }

    private readonly Dictionary<Tensor, (Kind Kind, NodeState State)> nodes =
        new(ReferenceEqualityComparer.Instance);
    private readonly List<Tensor> folded = [];
    private readonly Trace trace;

    private Folding(Trace trace) => this.trace = trace;

    // The operations whose results are kept, by result.
    private readonly Dictionary<Tensor, string> makers = new(ReferenceEqualityComparer.Instance);
    private int operations;
    private readonly List<(DType Type, Shape Shape)> captured = [];

    /// <summary>
    /// Evaluates what the roots need of captured tensors, which were there before the trace, and
    /// of what the function made from nothing else, as one plan, so that its bits are those of
    /// plain evaluation. What has no inputs goes to the device.
    /// </summary>
    public static Folding Run(
        Trace trace, IReadOnlyList<Tensor> arguments, Tensor[] roots, Device? device)
    {
        var folding = new Folding(trace);
        foreach (Tensor argument in arguments)
            folding.nodes.Add(argument, (Kind.Dependent, argument.State));
        folding.Classify(roots);
        folding.Choose(roots);
        folding.Describe(roots);
        Evaluator.Evaluate(folding.folded.ToArray(), keep: false, device);
        return folding;
    }

    /// <summary>
    /// The captured and folded tensors that a plan has as parameters, all on the device of the
    /// arguments or, if these have none, their own.
    /// </summary>
    public Frozen Freeze(string name, List<Tensor> tensors, Device? device)
    {
        device ??= Evaluator.HomeOf(tensors) ?? tensors.FirstOrDefault()?.Device ?? Device.Cpu;
        if (tensors.Find(tensor => tensor.Home is { } home && home != device) is { } elsewhere)
            throw Errors.Fail(name, $"the plan runs on {device}, but the captured "
                + $"{elsewhere.DType.Name()} {elsewhere.Shape} is on {elsewhere.Home}. Move one "
                + "with .To(device).");
        Value[] values = Evaluator.Values(name, tensors, device);
        // A donated state that is captured too must stay: the plan reads it at every call.
        foreach (Value value in values) value.Storage.AddOwner();
        return new Frozen(
            device, values, tensors, [.. tensors.Select(t => makers.GetValueOrDefault(t))], operations,
            captured);
    }

    private void Classify(Tensor[] roots)
    {
        var found = new List<(Tensor Tensor, NodeState State)>();
        var walk = new GraphWalk<Tensor>(roots);
        walk.Visited.UnionWith(nodes.Keys);
        while (walk.Next(out Tensor? tensor))
        {
            NodeState state = tensor.State;
            found.Add((tensor, state));
            walk.Add(Sources(state));
        }
        // Ids increase, so id order is topological.
        foreach (var (tensor, state) in found.OrderBy(node => node.Tensor.Id))
            nodes.Add(tensor, (KindOf(state), state));
    }

    private Kind KindOf(NodeState state)
    {
        if (state.Value is not null) return Kind.Ready;
        bool numbers = true;
        foreach (Tensor input in Sources(state))
        {
            Kind kind = nodes[input].Kind;
            if (kind == Kind.Dependent) return Kind.Dependent;
            numbers &= kind == Kind.Number;
        }
        return state.Primitive switch
        {
            Constant => Kind.Number,
            Reshape or BroadcastTo or Elementwise or { AliasOf: not null } when numbers =>
                Kind.Number,
            ViewPrimitive or SymbolicZero or Barrier or { AliasOf: not null } => Kind.View,
            _ => Kind.Work,
        };
    }

    /// <summary>What a node's value is computed from; nothing once it is known.</summary>
    private static ReadOnlySpan<Tensor> Sources(NodeState state) =>
        state.Value is not null ? []
        : state.Primitive!.AliasOf is { } named
            ? state.Inputs.AsSpan(named.GetOffset(state.Inputs.Length), 1)
            : state.Inputs;

    /// <summary>
    /// Goes back from where the work on the arguments begins, up to results worth keeping.
    /// </summary>
    private void Choose(Tensor[] roots)
    {
        var walk = new GraphWalk<Tensor>(roots);
        foreach (var (kind, state) in nodes.Values)
            if (kind == Kind.Dependent)
                walk.Add(Sources(state));
        while (walk.Next(out Tensor? tensor))
        {
            var (kind, state) = nodes[tensor];
            if (kind == Kind.Work && IsWorthKeeping(tensor)) folded.Add(tensor);
            else if (kind is Kind.View or Kind.Work) walk.Add(Sources(state));
        }
    }

    private bool IsWorthKeeping(Tensor tensor)
    {
        long bytes = Bytes(tensor);
        if (!trace.Contains(tensor) || bytes <= AlwaysKept) return true;
        foreach (Tensor input in Behind([tensor]))
            if (nodes[input].Kind == Kind.Ready || !trace.Contains(input))
                bytes -= Bytes(input);
        return bytes <= 0;
    }

    /// <summary>The tensors and their ancestors, up to captured ones.</summary>
    private HashSet<Tensor> Behind(IEnumerable<Tensor> tensors)
    {
        var walk = new GraphWalk<Tensor>(tensors);
        while (walk.Next(out Tensor? tensor))
            if (trace.Contains(tensor))
                walk.Add(Sources(nodes[tensor].State));
        return walk.Visited;
    }

    private void Describe(Tensor[] roots)
    {
        var walk = new GraphWalk<Tensor>(roots);
        while (walk.Next(out Tensor? tensor))
            if (trace.Contains(tensor)) walk.Add(Sources(nodes[tensor].State));
            else captured.Add((tensor.DType, tensor.Shape));
        foreach (Tensor tensor in Behind(folded))
            if (nodes[tensor].Kind == Kind.Work && trace.Contains(tensor))
                operations++;
        foreach (var (tensor, (kind, state)) in nodes)
            if (kind == Kind.Number && state.Primitive is Elementwise && trace.Contains(tensor))
                operations++;
        foreach (Tensor tensor in folded)
            if (trace.Contains(tensor))
                makers.Add(tensor, nodes[tensor].State.Primitive!.Name);
    }

    private static long Bytes(Tensor tensor) => tensor.Count * tensor.DType.Size();
}
