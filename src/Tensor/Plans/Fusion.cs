// Which element-wise operations run as one step. A node joins the step of its users when all of
// them are in one step of the same shape and nothing outside needs its value: groups have one
// output, so fusing never makes a cycle and never computes anything twice.
namespace Engine;

/// <summary>Groups element-wise nodes.</summary>
internal static class Fusion
{
    // A tile program's registers must stay in L1 and its inputs within what prefetchers follow.
    private const int MaxSteps = 32;

    /// <summary>Sets <see cref="PlanNode.FusedInto"/> to the root of each element-wise node's group.</summary>
    public static void Group(List<PlanNode> nodes)
    {
        var sizes = new Dictionary<PlanNode, int>(ReferenceEqualityComparer.Instance);
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            PlanNode node = nodes[i];
            if (node.Primitive is not Elementwise) continue;
            PlanNode root = Root(node);
            if (root != node && sizes[root] >= MaxSteps) root = node;
            node.FusedInto = root;
            sizes[root] = sizes.GetValueOrDefault(root) + 1;
        }
    }

    private static PlanNode Root(PlanNode node)
    {
        if (node.IsResult || node.Users.Count == 0) return node;
        PlanNode? root = node.Users[0].FusedInto;
        if (root is null || root.Shape != node.Shape) return node;
        foreach (PlanNode user in node.Users)
            if (user.FusedInto != root)
                return node;
        return root;
    }
}
