// Which element-wise operations run as one step. A node joins the step of its users when all of
// them are in one step of the same shape and nothing outside needs its value: groups have one
// output, so fusing never makes a cycle and never computes anything twice.
namespace Engine;

/// <summary>Groups element-wise nodes.</summary>
internal static class Fusion
{
    // A tile program's registers must stay in L1. Its inputs must stay within what prefetchers
    // follow; and they are all alive at once, so a long sum of gradients is cut into short ones.
    private const int MaxSteps = 32, MaxInputs = 8;

    /// <summary>
    /// Sets <see cref="PlanNode.FusedInto"/> to the root of each element-wise node's group.
    /// </summary>
    public static void Group(List<PlanNode> nodes)
    {
        var sizes = new Dictionary<PlanNode, (int Steps, int Inputs)>(
            ReferenceEqualityComparer.Instance);
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            PlanNode node = nodes[i];
            if (node.Primitive is not Elementwise) continue;
            int inputs = 0;
            foreach (PlanNode input in node.Inputs)
                if (!IsConstant(input))
                    inputs++;
            PlanNode root = Root(node);
            var (steps, loads) = sizes.GetValueOrDefault(root);
            // Fused, the node is no longer loaded, but its inputs are.
            if (root != node && (steps >= MaxSteps || loads + inputs - 1 > MaxInputs))
                (root, steps, loads) = (node, 0, 0);
            node.FusedInto = root;
            sizes[root] = (steps + 1, loads + inputs - (root == node ? 0 : 1));
        }
    }

    private static bool IsConstant(PlanNode node)
    {
        while (node.Primitive is BroadcastTo or Reshape) node = node.Inputs[0];
        return node.Primitive is Constant;
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
