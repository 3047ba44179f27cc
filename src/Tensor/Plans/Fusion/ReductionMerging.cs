// Reductions of one kind over the same memory become one step: the sums of a batch normalisation's
// gradient read the activations once. Neither may need a result of the other.
namespace Engine;

/// <summary>Joins the groups of reductions in one graph.</summary>
internal sealed class ReductionMerging
{
    // How far to look for a path that forbids joining two reductions.
    private const int SearchLimit = 300;

    // The groups so far, by what they read.
    private readonly Dictionary<PlanNode, List<FusedGroup>> readers =
        new(ReferenceEqualityComparer.Instance);

    // Steps of several results that read what is younger than the first of these: the ways by
    // which a path to older nodes comes back to younger ones.
    private readonly List<(long First, long Last)> upwards = [];

    private ReductionMerging()
    {
    }

    /// <summary>Joins reductions; the other groups are those they may lead through.</summary>
    public static void Run(
        List<FusedGroup> reductions, List<FusedGroup> others, IEnumerable<LoopGroup> loops)
    {
        var joining = new ReductionMerging();
        foreach (FusedGroup group in others) joining.AddWay(group.Outputs, group.Loads);
        foreach (LoopGroup loop in loops)
            joining.AddWay(loop.Results, [.. loop.Inputs.Select(input => input.Node)]);
        foreach (FusedGroup group in reductions) joining.Add(group);
    }

    private void Add(FusedGroup group)
    {
        FusedGroup? partner = null;
        foreach (PlanNode load in group.Loads)
        {
            partner = readers.GetValueOrDefault(load)?.Find(g => CanJoin(g, group));
            if (partner is not null) break;
        }
        if (partner is not null)
        {
            partner.Absorb(group);
            foreach (PlanNode output in group.Outputs) output.Groups = [partner];
            Replace(group, partner);
            AddWay(partner.Outputs, partner.Loads);
        }
        foreach (PlanNode load in group.Loads)
        {
            if (!readers.TryGetValue(load, out List<FusedGroup>? all)) readers.Add(load, all = []);
            if (!all.Contains(partner ?? group)) all.Add(partner ?? group);
        }
    }

    private bool CanJoin(FusedGroup a, FusedGroup b) =>
        a.Reduction!.Kind == b.Reduction!.Kind && a.Reduction.Axes == b.Reduction.Axes
        && a.Shape == b.Shape && a.Outputs[0].DType == b.Outputs[0].DType
        && a.Suits(b) && !Reaches(a, b) && !Reaches(b, a);

    private void AddWay(List<PlanNode> outputs, IReadOnlyCollection<PlanNode> loads)
    {
        if (outputs.Count < 2) return;
        long first = outputs.Min(output => output.Tensor.Id);
        long last = loads.Max(load => load.Tensor.Id);
        if (first < last) upwards.Add((first, last));
    }

    /// <summary>Members of a group that another has taken over.</summary>
    private static void Replace(FusedGroup old, FusedGroup by)
    {
        var stack = new Stack<PlanNode>(old.Outputs);
        while (stack.TryPop(out PlanNode? node))
            foreach (PlanNode input in node.Inputs)
            {
                PlanNode member = FusedGroup.Base(input);
                int i = Array.IndexOf(member.Groups, old);
                if (i < 0) continue;
                member.Groups[i] = by;
                stack.Push(member);
            }
    }

    /// <summary>
    /// Whether the first group needs a result of the second; also true if that is not found out
    /// within the limit.
    /// </summary>
    private bool Reaches(FusedGroup from, FusedGroup to)
    {
        // What is older than the results cannot need them, unless a step leads back up.
        long oldest = to.Outputs.Min(output => output.Tensor.Id);
        if (upwards.Exists(way => way.First < oldest && oldest <= way.Last)) oldest = 0;
        var seen = new HashSet<PlanNode>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<PlanNode>(from.Loads);
        while (stack.TryPop(out PlanNode? node))
        {
            if (node.Tensor.Id < oldest || !seen.Add(node)) continue;
            if (Array.IndexOf(node.Groups, to) >= 0 && to.Outputs.Contains(node)) return true;
            if (seen.Count > SearchLimit) return true;
            foreach (PlanNode input in node.Inputs) stack.Push(input);
            // A step runs when all it reads is there, whichever of its results is needed.
            foreach (FusedGroup group in node.Groups)
                if (group.Outputs.Count > 1)
                    foreach (PlanNode load in group.Loads)
                        stack.Push(load);
            foreach (var (input, _, _) in node.Loop?.Inputs ?? []) stack.Push(input);
        }
        return false;
    }
}
