// Reductions of one kind over the same memory become one step: the sums in the gradient of a batch
// normalisation, for example, read the activations once. Neither may need a result of the other.
namespace Engine;

/// <summary>Merges the groups of reductions in one graph.</summary>
internal sealed class ReductionMerging
{
    // How many nodes to search for a path that forbids merging two reductions.
    private const int SearchLimit = 300;

    // The groups so far, by what they read.
    private readonly Dictionary<PlanNode, List<FusedGroup>> readers =
        new(ReferenceEqualityComparer.Instance);

    // Multi-output steps that read nodes newer than their oldest output; id order cannot rule these
    // paths out.
    private readonly List<(long First, long Last)> upwards = [];

    private ReductionMerging()
    {
    }

    /// <summary>
    /// Merges groups that collect the same way from the same memory; a path between two of them may
    /// lead through the other groups and the loops.
    /// </summary>
    public static void Run(List<FusedGroup> groups, List<LoopGroup> loops)
    {
        var merging = new ReductionMerging();
        foreach (FusedGroup group in groups) merging.AddWay(group.Outputs, group.Loads);
        foreach (LoopGroup loop in loops)
            merging.AddWay(loop.Results, [.. loop.Inputs.Select(input => input.Node)]);
        foreach (FusedGroup group in groups)
            if (group.Collector is { CanMerge: true })
                merging.Add(group);
    }

    private void Add(FusedGroup group)
    {
        FusedGroup? partner = null;
        foreach (PlanNode load in group.Loads)
        {
            partner = readers.GetValueOrDefault(load)?.Find(g => CanMerge(g, group));
            if (partner is not null) break;
        }
        if (partner is not null)
        {
            partner.Absorb(group);
            AddWay(partner.Outputs, partner.Loads);
        }
        foreach (PlanNode load in group.Loads)
        {
            if (!readers.TryGetValue(load, out List<FusedGroup>? all)) readers.Add(load, all = []);
            if (!all.Contains(group.Root)) all.Add(group.Root);
        }
    }

    private bool CanMerge(FusedGroup a, FusedGroup b) =>
        a.Collector!.Equals(b.Collector) && a.Shape == b.Shape
        && a.Outputs[0].DType == b.Outputs[0].DType
        && a.Suits(b) && !Reaches(a, b) && !Reaches(b, a);

    private void AddWay(List<PlanNode> outputs, IReadOnlyCollection<PlanNode> loads)
    {
        if (outputs.Count < 2) return;
        long first = outputs.Min(output => output.Tensor.Id);
        long last = loads.Max(load => load.Tensor.Id);
        if (first < last) upwards.Add((first, last));
    }

    /// <summary>
    /// Whether the first group needs a result of the second; also true if the search reaches its
    /// limit without an answer.
    /// </summary>
    private bool Reaches(FusedGroup from, FusedGroup to)
    {
        // Nodes older than the results cannot need them, unless a step leads back up.
        long oldest = to.Outputs.Min(output => output.Tensor.Id);
        if (upwards.Exists(way => way.First < oldest && oldest <= way.Last)) oldest = 0;
        var walk = new GraphWalk<PlanNode>(from.Loads);
        int searched = 0;
        while (walk.Next(out PlanNode? node))
        {
            if (node.Tensor.Id < oldest) continue;
            if (node.IsIn(to) && to.Outputs.Contains(node)) return true;
            if (++searched > SearchLimit) return true;
            walk.Add(node.Inputs);
            // A step runs when all it reads is there, whichever of its results is needed.
            foreach (FusedGroup group in node.Groups)
                if (group.Root.Outputs.Count > 1)
                    walk.Add([.. group.Root.Loads]);
            foreach (var (input, _, _) in node.Loop?.Inputs ?? []) walk.Add(input);
        }
        return false;
    }
}
