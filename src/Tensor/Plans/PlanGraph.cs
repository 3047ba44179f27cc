// The part of the lazy graph that an evaluation needs, cut loose from its tensors: pending nodes in
// topological order, with ready tensors as inputs. Plans are made from it.

namespace Engine;

/// <summary>A node of a plan: an operation, or an input that has its value already.</summary>
internal sealed class PlanNode(Tensor tensor, Primitive? primitive, PlanNode[] inputs, Value? value)
{
    /// <summary>The tensor this node computes.</summary>
    public Tensor Tensor { get; } = tensor;

    /// <summary>The operation; null for an input.</summary>
    public Primitive? Primitive { get; } = primitive;

    public PlanNode[] Inputs { get; } = inputs;

    /// <summary>The value of an input; null for an operation.</summary>
    public Value? Value { get; } = value;

    public Shape Shape => Tensor.Shape;

    public DType DType => Tensor.DType;

    /// <summary>Operations that read this node.</summary>
    public List<PlanNode> Users { get; } = [];

    /// <summary>Whether the value leaves the plan.</summary>
    public bool IsResult { get; set; }

    /// <summary>The element-wise node whose step computes this one too; null outside fused groups.</summary>
    public PlanNode? FusedInto { get; set; }

    /// <summary>The bits of every element when they are all the same constant.</summary>
    public long? Constant { get; set; }

    /// <summary>Where the value lies, once lowered.</summary>
    public PlanView? View { get; set; }
}

/// <summary>Collects what an evaluation needs.</summary>
internal static class PlanGraph
{
    /// <summary>
    /// All nodes the roots need, inputs first (by id); roots are marked as results. The walk uses
    /// its own stack: chains of any length are fine.
    /// </summary>
    public static List<PlanNode> Collect(ReadOnlySpan<Tensor> roots)
    {
        var states = new Dictionary<Tensor, NodeState>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<Tensor>();
        foreach (Tensor root in roots) stack.Push(root);
        while (stack.TryPop(out Tensor? tensor))
        {
            NodeState state = tensor.State;
            if (!states.TryAdd(tensor, state) || state.Value is not null) continue;
            foreach (Tensor input in state.Inputs) stack.Push(input);
        }

        var tensors = new Tensor[states.Count];
        states.Keys.CopyTo(tensors, 0);
        Array.Sort(tensors, static (a, b) => a.Id.CompareTo(b.Id));

        var nodes = new Dictionary<Tensor, PlanNode>(
            tensors.Length, ReferenceEqualityComparer.Instance);
        var list = new List<PlanNode>(tensors.Length);
        foreach (Tensor tensor in tensors)
        {
            NodeState state = states[tensor];
            var node = state.Value is not null
                ? new PlanNode(tensor, null, [], state.Value)
                : new PlanNode(tensor, state.Primitive, Inputs(state, nodes), null);
            foreach (PlanNode input in node.Inputs) input.Users.Add(node);
            nodes.Add(tensor, node);
            list.Add(node);
        }
        foreach (Tensor root in roots) nodes[root].IsResult = true;
        return list;
    }

    private static PlanNode[] Inputs(NodeState state, Dictionary<Tensor, PlanNode> nodes)
    {
        var inputs = new PlanNode[state.Inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = nodes[state.Inputs[i]];
        return inputs;
    }
}
