// Which groups change a result before it leaves the cache: bias and rectifier of a product, say.
namespace Engine;

/// <summary>Makes groups the epilogues of what they read.</summary>
internal static class EpilogueFusion
{
    /// <summary>
    /// Sets <see cref="FusedGroup.EpilogueOf"/> of groups of element-wise results, and
    /// <see cref="PlanNode.Epilogue"/>.
    /// </summary>
    public static void Run(List<FusedGroup> groups)
    {
        foreach (FusedGroup group in groups)
        {
            if (group.Collector is not null || group.Outputs is not [var output]) continue;
            PlanNode? last = null;
            foreach (PlanNode load in group.Loads)
                if (CanChange(group, load, output) && load.Tensor.Id >= (last?.Tensor.Id ?? 0))
                    last = load;
            if (last is null) continue;
            group.EpilogueOf = last;
            last.Epilogue = group;
        }
    }

    /// <summary>
    /// Whether a group may change a node in place: the node's kernel can do it, its value has the
    /// type and size of the group's output, and nothing but the group reads it. Where the node's
    /// step gives other results too, the group may read nothing else: it might need one of these.
    /// </summary>
    private static bool CanChange(FusedGroup group, PlanNode node, PlanNode output)
    {
        FusedGroup? ends = node.Groups is [var own] ? own.Root : null;
        bool alone = ends is null or { Outputs.Count: 1 };
        bool together = ends is { Collected.Count: 1 } && group.Loads.Count == 1;
        if (node.IsResult || !(alone ? node.Primitive is IEpilogueKernel : together)
            || node.DType != output.DType || node.Shape.Count != group.Shape.Count)
            return false;
        var users = new List<FusedGroup>(1);
        return Fusion.Users(node, users) && users.Count == 1;
    }
}
