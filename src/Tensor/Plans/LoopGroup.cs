// Loops that run as one: over the same data, as often, none waiting for another's results. A value
// and its gradient are such loops, and what an iteration makes for the one serves the other.
namespace Engine;

/// <summary>Loops of a plan that run as one step.</summary>
internal sealed class LoopGroup
{
    private readonly Dictionary<Tensor, PlanNode> holes = new(ReferenceEqualityComparer.Instance);

    private LoopGroup(int iterations) => Iterations = iterations;

    public int Iterations { get; }

    /// <summary>
    /// The loops' inputs, each once: whether iterations take slices of it, and all that stands for
    /// it or its slice in their graphs.
    /// </summary>
    public List<(PlanNode Node, bool Sliced, List<Tensor> Holes)> Inputs { get; } = [];

    /// <summary>The results that the plan needs, in its order.</summary>
    public List<PlanNode> Results { get; } = [];

    /// <summary>Sets <see cref="PlanNode.Loop"/>; nodes are in topological order.</summary>
    public static List<LoopGroup> Find(List<PlanNode> nodes)
    {
        var groups = new List<LoopGroup>();
        foreach (PlanNode node in nodes)
        {
            if (node.Primitive is not ILoopResult result) continue;
            LoopGroup? group = groups.Find(g => g.Contains(result.Loop, node))
                ?? groups.Find(g => g.Suits(result.Loop, node) && !g.LeadsTo(node));
            if (group is null) groups.Add(group = new LoopGroup(result.Loop.Iterations));
            group.Add(result.Loop, node);
        }
        return groups;
    }

    /// <summary>The graph of an iteration, with a parameter for each input.</summary>
    public PlanGraph Iteration() => PlanGraph.Collect(
        [.. Results.Select(result => Of(result).Loop.Outputs[Of(result).Index])],
        Inputs.Select(input => input.Holes), simplify: true);

    /// <summary>Whether a result is summed over the iterations.</summary>
    public bool IsSummed(int i) => Of(Results[i]).Loop.Summed[Of(Results[i]).Index];

    private static ILoopResult Of(PlanNode node) => (ILoopResult)node.Primitive!;

    /// <summary>Whether the loop with these inputs is in the group already.</summary>
    private bool Contains(Loop loop, PlanNode node)
    {
        foreach (PlanNode other in Results)
            if (Of(other).Loop == loop && other.Inputs.AsSpan().SequenceEqual(node.Inputs))
                return true;
        return false;
    }

    /// <summary>
    /// Whether the loop runs as often and shares data, and nothing stands for two inputs.
    /// </summary>
    private bool Suits(Loop loop, PlanNode node)
    {
        if (loop.Iterations != Iterations) return false;
        bool shares = false;
        for (int i = 0; i < loop.Holes.Length; i++)
        {
            if (holes.TryGetValue(loop.Holes[i], out PlanNode? input) && input != node.Inputs[i])
                return false;
            shares |= loop.Sliced[i] && Input(node.Inputs[i], sliced: true) >= 0;
        }
        return shares;
    }

    /// <summary>Whether the node's loop needs a result of this one.</summary>
    private bool LeadsTo(PlanNode loop)
    {
        var seen = new HashSet<PlanNode>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<PlanNode>(loop.Inputs);
        while (stack.TryPop(out PlanNode? node))
        {
            if (!seen.Add(node)) continue;
            if (node.Loop == this) return true;
            foreach (PlanNode input in node.Inputs) stack.Push(input);
            // A step runs when all it reads is there, whichever of its results is needed.
            foreach (var (input, _, _) in node.Loop?.Inputs ?? []) stack.Push(input);
        }
        return false;
    }

    private void Add(Loop loop, PlanNode node)
    {
        node.Loop = this;
        Results.Add(node);
        for (int i = 0; i < loop.Holes.Length; i++)
        {
            if (!holes.TryAdd(loop.Holes[i], node.Inputs[i])) continue;
            int at = Input(node.Inputs[i], loop.Sliced[i]);
            if (at >= 0) Inputs[at].Holes.Add(loop.Holes[i]);
            else Inputs.Add((node.Inputs[i], loop.Sliced[i], [loop.Holes[i]]));
        }
    }

    private int Input(PlanNode node, bool sliced) =>
        Inputs.FindIndex(input => input.Node == node && input.Sliced == sliced);
}
