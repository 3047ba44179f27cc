// Loops that run as one: a loop and those derived from it, on the same data, none waiting for
// another's results. A value and its gradient are such loops, and what an iteration makes for the
// one serves the other.
namespace Engine;

/// <summary>Loops of a plan that run as one step.</summary>
internal sealed class LoopGroup
{
    private readonly Dictionary<Tensor, PlanNode> holes = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Loop> loops = [];

    private LoopGroup(Loop loop) => (Iterations, Accumulate) = (loop.Iterations, loop.Accumulate);

    public int Iterations { get; }

    /// <summary>Adds what an iteration made to the sum so far.</summary>
    public Elementwise Accumulate { get; }

    /// <summary>
    /// The loops' inputs, each once: the node, whether each iteration takes a slice of it, and the
    /// tensors that stand for it or its slice in the loops' graphs.
    /// </summary>
    public List<(PlanNode Node, bool Sliced, List<Tensor> Holes)> Inputs { get; } = [];

    /// <summary>The results that the plan needs, in its order.</summary>
    public List<PlanNode> Results { get; } = [];

    /// <summary>
    /// Sets <see cref="PlanNode.Loop"/>; nodes are in topological order. A node's level is the
    /// number of loops on the longest way to it. What needs a loop's result has a higher level than
    /// its inputs, so loops of one level cannot need each other, nor groups of them.
    /// </summary>
    public static List<LoopGroup> Find(List<PlanNode> nodes)
    {
        var all = new List<LoopGroup>();
        if (!nodes.Exists(node => node.Primitive is ILoopResult)) return all;
        var levels = new Dictionary<PlanNode, int>(ReferenceEqualityComparer.Instance);
        var known = new Dictionary<(object, int), List<LoopGroup>>();
        foreach (PlanNode node in nodes)
        {
            int level = 0;
            foreach (PlanNode input in node.Inputs) level = Math.Max(level, levels[input]);
            levels.Add(node, node.Primitive is ILoopResult ? level + 1 : level);
            if (node.Primitive is not ILoopResult { Loop: var loop }) continue;

            if (!known.TryGetValue((loop.Family, level), out List<LoopGroup>? groups))
                known.Add((loop.Family, level), groups = []);
            LoopGroup? group = groups.Find(g => g.Suits(loop, node));
            if (group is null)
            {
                groups.Add(group = new LoopGroup(loop));
                all.Add(group);
            }
            group.Add(loop, node);
        }
        return all;
    }

    /// <summary>The graph of an iteration, with a parameter for each input.</summary>
    public PlanGraph Iteration()
    {
        var made = new Dictionary<Tensor, NodeState>(ReferenceEqualityComparer.Instance);
        foreach (Loop loop in loops)
            foreach (var (tensor, state) in loop.Nodes)
                made.TryAdd(tensor, state);
        return PlanGraph.Of(
            [.. Results.Select(result => Of(result).Loop.Outputs[Of(result).Index])],
            Inputs.Select(input => input.Holes), simplify: true, tensor => made[tensor]);
    }

    /// <summary>Whether a result is summed over the iterations.</summary>
    public bool IsSummed(int i) => Of(Results[i]).Loop.Summed[Of(Results[i]).Index];

    private static ILoopResult Of(PlanNode node) => (ILoopResult)node.Primitive!;

    /// <summary>
    /// Whether the loop has as many iterations and shares a sliced input, and no tensor stands for
    /// two different inputs.
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

    private void Add(Loop loop, PlanNode node)
    {
        node.Loop = this;
        Results.Add(node);
        loops.Add(loop);
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
