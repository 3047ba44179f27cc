// Which operations run as one step. An element-wise node joins the step of its users when all of
// them are in one step. Where its users are in several steps, each step computes it again if that
// is cheap and reads no more memory than the node's result takes. Since all users of a node that
// joins a step are in that step, no step can need a result of its own. Instead of element-wise
// results a step can end in what collects them, such as a sum.
namespace Engine;

/// <summary>Groups nodes into steps.</summary>
internal static class Fusion
{
    // Computing again costs arithmetic; chains of it stay short.
    private const int MaxRecomputed = 6;

    /// <summary>
    /// Sets <see cref="PlanNode.Groups"/> and returns the groups, users before what they read;
    /// nodes are in topological order.
    /// </summary>
    public static List<FusedGroup> Run(List<PlanNode> nodes)
    {
        var groups = new List<FusedGroup>();
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            PlanNode node = nodes[i];
            if (node.Primitive is ICollector collector)
            {
                if (FusedGroup.EndingIn(node, collector) is not { } group) continue;
                foreach (PlanNode output in group.Outputs) output.Groups = [group];
                groups.Add(group);
            }
            else if (node.Primitive is Elementwise operation
                && Place(node, operation) is { } begun)
            {
                groups.Add(begun);
            }
        }
        return groups;
    }

    /// <summary>The groups of all users; false if some user is in none.</summary>
    public static bool Users(PlanNode node, List<FusedGroup> groups)
    {
        foreach (PlanNode user in node.Users)
        {
            if (user.IsReshape)
            {
                if (user.IsResult || !Users(user, groups)) return false;
                continue;
            }
            if (user.Groups.Length == 0) return false;
            foreach (FusedGroup group in user.Groups)
                if (!groups.Contains(group.Root))
                    groups.Add(group.Root);
        }
        return groups.Count > 0;
    }

    /// <summary>Puts a node into the steps of its users, or into one that it begins.</summary>
    private static FusedGroup? Place(PlanNode node, Elementwise operation)
    {
        var users = new List<FusedGroup>(1);
        bool fits = Users(node, users) && users.TrueForAll(g => g.HasRoomFor(node));
        if (fits && users.Count == 1 && (!node.IsResult || users[0].Collector is null))
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
            var group = new FusedGroup([node], node.Shape);
            group.Add(node);
            node.Groups = [group];
            return group;
        }
        return null;
    }

    private static bool CanRecompute(PlanNode node, Elementwise operation)
    {
        if (!operation.IsCheap) return false;
        int large = 0, chain = 0;
        foreach (PlanNode user in node.Users) chain = Math.Max(chain, user.Recomputed);
        foreach (PlanNode input in node.Inputs)
        {
            PlanNode origin = input.Base;
            if (!IsSmall(origin)) large++;
            // Leave it alone: it can change that kernel's result in the cache, which saves a
            // pass over memory.
            if (origin.Primitive is IEpilogueKernel and not ICollector
                && IsOnlyUser(origin, node))
                return false;
        }
        if (large > 1 || chain >= MaxRecomputed) return false;
        node.Recomputed = chain + 1;
        return true;
    }

    /// <summary>Whether it is read from less memory than it has elements.</summary>
    private static bool IsSmall(PlanNode node) => node.Primitive is Constant
        || (node.Primitive is ViewPrimitive && node.Inputs[0].Shape.Count < node.Shape.Count);

    private static bool IsOnlyUser(PlanNode origin, PlanNode node)
    {
        while (origin.Users is [{ IsReshape: true } reshape]) origin = reshape;
        return origin.Users is [var user] && user == node;
    }
}
