// Which operations run as one step. An element-wise node joins the step of its users when all of
// them are in one step; users in several steps each compute it again if that is cheap and reads no
// more memory than its result. A step without side inputs to its users can make no cycle. Besides
// element-wise results a step can end in a sum, or in a max-pooling with its positions; sums over
// the same memory share one.
namespace Engine;

/// <summary>Groups nodes into steps.</summary>
internal static class Fusion
{
    // Computing again costs arithmetic; chains of it stay short.
    private const int MaxRecomputed = 6;

    /// <summary>Sets <see cref="PlanNode.Groups"/>; nodes are in topological order.</summary>
    public static void Group(List<PlanNode> nodes, IEnumerable<LoopGroup> loops)
    {
        var reductions = new List<FusedGroup>();
        var groups = new List<FusedGroup>();
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            PlanNode node = nodes[i];
            if (node.Primitive is IReduction)
            {
                node.Groups = [FusedGroup.Of(node)];
                reductions.Add(node.Groups[0]);
            }
            else if (node.Primitive is MaxPool && Positions(node) is { } positions)
            {
                var group = FusedGroup.Of(node);
                group.Outputs.Insert(0, positions);
                node.Groups = [group];
                positions.Groups = [group];
            }
            else if (node.Primitive is Elementwise operation)
            {
                if (Place(node, operation) is { } begun) groups.Add(begun);
            }
        }
        ReductionMerging.Run(reductions, groups, loops);
        foreach (FusedGroup group in groups) FindProduct(group);
    }

    /// <summary>
    /// The node of a pooling's positions, if they are of what it pools and not another's already.
    /// </summary>
    private static PlanNode? Positions(PlanNode pooled) =>
        pooled.Inputs[1] is { Primitive: MaxPoolIndices indices, Groups.Length: 0 } positions
        && positions.Inputs[0] == pooled.Inputs[0]
        && indices.Window == ((MaxPool)pooled.Primitive!).Window
            ? positions : null;

    /// <summary>Puts a node into the steps of its users, or into one that it begins.</summary>
    private static FusedGroup? Place(PlanNode node, Elementwise operation)
    {
        var users = new List<FusedGroup>(1);
        bool fits = Users(node, users) && users.TrueForAll(g => g.HasRoomFor(node));
        if (fits && users.Count == 1 && (!node.IsResult || !users[0].Collects))
        {
            users[0].Add(node);
            if (node.IsResult) users[0].Outputs.Insert(0, node);
            node.Groups = [users[0]];
        }
        else if (fits && users.Count > 1 && !node.IsResult && CanRecompute(node, operation))
        {
            foreach (FusedGroup group in users) group.Add(node);
            node.Groups = [.. users];
        }
        else
        {
            var group = new FusedGroup(node, node.Shape);
            group.Add(node);
            node.Groups = [group];
            return group;
        }
        return null;
    }

    /// <summary>The groups of all users; false if some user is in none.</summary>
    private static bool Users(PlanNode node, List<FusedGroup> groups)
    {
        foreach (PlanNode user in node.Users)
        {
            if (user.Primitive is Reshape)
            {
                if (user.IsResult || !Users(user, groups)) return false;
                continue;
            }
            if (user.Groups.Length == 0) return false;
            foreach (FusedGroup group in user.Groups)
                if (!groups.Contains(group))
                    groups.Add(group);
        }
        return groups.Count > 0;
    }

    private static bool CanRecompute(PlanNode node, Elementwise operation)
    {
        if (!operation.IsCheap) return false;
        int large = 0, chain = 0;
        foreach (PlanNode user in node.Users) chain = Math.Max(chain, user.Recomputed);
        foreach (PlanNode input in node.Inputs)
        {
            PlanNode origin = FusedGroup.Base(input);
            if (origin.Primitive is not (BroadcastTo or Constant)) large++;
            // It had better be the epilogue of its product.
            if (origin.Primitive is IEpilogueKernel and not IReduction
                && IsOnlyUser(origin, node))
                return false;
        }
        if (large > 1 || chain >= MaxRecomputed) return false;
        node.Recomputed = chain + 1;
        return true;
    }

    private static bool IsOnlyUser(PlanNode origin, PlanNode node)
    {
        while (origin.Users is [{ Primitive: Reshape } reshape]) origin = reshape;
        return origin.Users is [var user] && user == node;
    }

    /// <summary>
    /// The last product, reduction or pooling among the inputs whose only reader is the group, if
    /// it has one output of that one's type. What follows a pooling may read nothing else: that
    /// might need the positions, which the same step gives.
    /// </summary>
    private static void FindProduct(FusedGroup group)
    {
        if (group.Outputs.Count > 1) return;
        PlanNode output = group.Outputs[0];
        foreach (PlanNode load in group.Loads)
        {
            bool pooled = load.Groups is [{ Pooling: not null }] && group.Loads.Count == 1;
            if ((load.Primitive is not IEpilogueKernel && !pooled) || load.IsResult
                || load.DType != output.DType || load.Shape.Count != group.Shape.Count
                || (load.Groups is [{ Outputs.Count: > 1 }] && !pooled)
                || load.Tensor.Id < (group.EpilogueOf?.Tensor.Id ?? 0))
                continue;
            var users = new List<FusedGroup>(1);
            if (Users(load, users) && users.Count == 1) group.EpilogueOf = load;
        }
        if (group.EpilogueOf is not null) group.EpilogueOf.Epilogue = group;
    }
}
