// The part of the lazy graph that an evaluation needs, cut loose from its tensors: operations in
// topological order over parameters, whose values are given when the plan runs.
namespace Engine;

/// <summary>A graph of plan nodes and the tensors that stand for its parameters.</summary>
internal sealed class PlanGraph
{
    private PlanGraph()
    {
    }

    /// <summary>Parameters and operations, inputs before their users.</summary>
    public List<PlanNode> Nodes { get; } = [];

    /// <summary>The tensors whose values are the parameters, in order.</summary>
    public List<Tensor> Parameters { get; } = [];

    /// <summary>The node of each root, in order.</summary>
    public PlanNode[] Roots { get; private set; } = [];

    /// <summary>
    /// All nodes the roots need, by id. Roots are marked as results, and so are operations for
    /// which <paramref name="alsoResult"/> is true. Ready tensors become parameters, after the
    /// given placeholders, several of which may stand for one. With <paramref name="simplify"/>
    /// operations that are equal on equal inputs become one, and shorter ways to the same bits are
    /// taken. <paramref name="made"/> says how a node was made; without it, its tensor does.
    /// </summary>
    public static PlanGraph Of(
        ReadOnlySpan<Tensor> roots, IEnumerable<IReadOnlyList<Tensor>>? placeholders = null,
        bool simplify = false, Func<Tensor, NodeState>? made = null,
        Func<PlanNode, bool>? alsoResult = null)
    {
        var graph = new PlanGraph();
        var nodes = new Dictionary<Tensor, PlanNode>(ReferenceEqualityComparer.Instance);
        foreach (IReadOnlyList<Tensor> names in placeholders ?? [])
        {
            PlanNode parameter = graph.AddParameter(names[0]);
            foreach (Tensor name in names) nodes.Add(name, parameter);
        }

        Dictionary<Tensor, NodeState> states = Reach(roots, nodes, made);
        var tensors = new Tensor[states.Count];
        states.Keys.CopyTo(tensors, 0);
        Array.Sort(tensors, static (a, b) => a.Id.CompareTo(b.Id));
        Dictionary<PlanNode, PlanNode>? known = simplify ? new(SameOperation.Instance) : null;
        HashSet<Tensor> settled = simplify ? Settled(roots, states) : [];
        foreach (Tensor tensor in tensors)
        {
            NodeState state = states[tensor];
            nodes.Add(tensor, state.Value is not null ? graph.AddParameter(tensor)
                : state.Primitive!.AliasOf is { } named ? nodes[state.Inputs[named]]
                : graph.AddOperation(
                    tensor, state, nodes, settled.Contains(tensor) ? null : known));
        }
        graph.Roots = new PlanNode[roots.Length];
        for (int i = 0; i < roots.Length; i++)
        {
            graph.Roots[i] = nodes[roots[i]];
            graph.Roots[i].IsResult = true;
        }
        if (simplify) graph.RemoveDead();
        foreach (PlanNode node in graph.Nodes)
            foreach (PlanNode input in node.Inputs)
                input.Users.Add(node);
        if (alsoResult is not null)
            foreach (PlanNode node in graph.Nodes)
                node.IsResult |= node.Primitive is not null && alsoResult(node);
        return graph;
    }

    /// <summary>
    /// Roots that are views. Such a root is copied to memory of its own, unless it is all of a
    /// parameter, and its readers read the copy. So it is not merged with an equal view that is no
    /// root, whose readers read where it lies.
    /// </summary>
    private static HashSet<Tensor> Settled(
        ReadOnlySpan<Tensor> roots, Dictionary<Tensor, NodeState> states)
    {
        var settled = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        foreach (Tensor root in roots)
        {
            Tensor tensor = root;
            while (states.TryGetValue(tensor, out NodeState? state) && state.Value is null
                && state.Primitive!.AliasOf is { } named)
                tensor = state.Inputs[named];
            if (states.TryGetValue(tensor, out NodeState? made)
                && made is { Value: null, Primitive: ViewPrimitive })
                settled.Add(tensor);
        }
        return settled;
    }

    /// <summary>Keeps parameters and what the roots need.</summary>
    private void RemoveDead()
    {
        var walk = new GraphWalk<PlanNode>(Roots);
        while (walk.Next(out PlanNode? node)) walk.Add(node.Inputs);
        Nodes.RemoveAll(node => node.Parameter < 0 && !walk.Visited.Contains(node));
    }

    private static Dictionary<Tensor, NodeState> Reach(
        ReadOnlySpan<Tensor> roots, Dictionary<Tensor, PlanNode> known,
        Func<Tensor, NodeState>? made)
    {
        var states = new Dictionary<Tensor, NodeState>(ReferenceEqualityComparer.Instance);
        var walk = new GraphWalk<Tensor>(roots.ToArray());
        while (walk.Next(out Tensor? tensor))
        {
            if (known.ContainsKey(tensor)) continue;
            NodeState state = made?.Invoke(tensor) ?? tensor.State;
            states.Add(tensor, state);
            if (state.Value is null) walk.Add(state.Inputs);
        }
        return states;
    }

    private PlanNode AddParameter(Tensor tensor)
    {
        var node = new PlanNode(tensor, null, [], Parameters.Count);
        Parameters.Add(tensor);
        Nodes.Add(node);
        return node;
    }

    private PlanNode AddOperation(
        Tensor tensor, NodeState state, Dictionary<Tensor, PlanNode> nodes,
        Dictionary<PlanNode, PlanNode>? known)
    {
        var inputs = new PlanNode[state.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = nodes[state.Inputs[i]];
        Primitive primitive = state.Primitive!;
        if (known is not null
            && Simplification.Run(tensor, ref primitive, ref inputs) is { } existing)
            return existing;
        var node = new PlanNode(tensor, primitive, inputs, -1);
        if (known is not null)
        {
            if (known.TryGetValue(node, out PlanNode? same)) return same;
            known.Add(node, node);
        }
        Nodes.Add(node);
        return node;
    }

    /// <summary>
    /// Equal primitives of one shape on the same inputs: they compute the same bits.
    /// </summary>
    private sealed class SameOperation : IEqualityComparer<PlanNode>
    {
        public static readonly SameOperation Instance = new();

        public bool Equals(PlanNode? a, PlanNode? b)
        {
            if (a!.Inputs.Length != b!.Inputs.Length || a.Shape != b.Shape
                || !a.Primitive!.Equals(b.Primitive))
                return false;
            for (int i = 0; i < a.Inputs.Length; i++)
                if (a.Inputs[i] != b.Inputs[i])
                    return false;
            return true;
        }

        public int GetHashCode(PlanNode node)
        {
            var hash = new HashCode();
            hash.Add(node.Primitive);
            foreach (PlanNode input in node.Inputs)
                hash.Add(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(input));
            return hash.ToHashCode();
        }
    }
}
