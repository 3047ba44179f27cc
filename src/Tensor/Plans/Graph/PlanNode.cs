// A node of a plan's graph. Each pass adds what it finds out, in the order below; no pass changes
// what an earlier one wrote.
namespace Engine;

/// <summary>A node of a plan: an operation, or a parameter.</summary>
internal sealed class PlanNode(
    Tensor tensor, Primitive? primitive, PlanNode[] inputs, int parameter)
{
    // The graph.

    /// <summary>The tensor this node was made for.</summary>
    public Tensor Tensor { get; } = tensor;

    /// <summary>The operation; null for a parameter.</summary>
    public Primitive? Primitive { get; } = primitive;

    public PlanNode[] Inputs { get; } = inputs;

    /// <summary>Number of the parameter; -1 for an operation.</summary>
    public int Parameter { get; } = parameter;

    public Shape Shape => Tensor.Shape;

    public DType DType => Tensor.DType;

    /// <summary>Operations that read this node.</summary>
    public List<PlanNode> Users { get; } = [];

    /// <summary>Whether the value leaves the plan.</summary>
    public bool IsResult { get; set; }

    // Loops.

    /// <summary>For a loop's result: the loops that run as one step with its own.</summary>
    public LoopGroup? Loop { get; set; }

    // Fusion.

    /// <summary>
    /// The groups that compute it, for operations that run in groups: one, or several where
    /// computing it again is cheaper than storing it. A group may since have been merged into
    /// another, <see cref="FusedGroup.Root"/>.
    /// </summary>
    public FusedGroup[] Groups { get; set; } = [];

    /// <summary>How many nodes in a row, up to this one, are computed again; 0 for none.</summary>
    public int Recomputed { get; set; }

    // Epilogues.

    /// <summary>The group that changes this node's value before it leaves the cache.</summary>
    public FusedGroup? Epilogue { get; set; }

    // Lowering.

    /// <summary>The bits of every element when they are all the same constant.</summary>
    public long? ConstantBits { get; set; }

    /// <summary>Where the value lies in memory.</summary>
    public PlanView? View { get; set; }

    /// <summary>
    /// A contiguous copy, if some reader needed one. Other readers keep to the view: how a kernel
    /// reads decides the last bit of a product, and must not depend on its neighbours.
    /// </summary>
    public PlanView? Packed { get; set; }

    // What passes ask of a node.

    /// <summary>Whether it has its input's elements, in the same order, in another shape.</summary>
    public bool IsReshape => Primitive is ViewPrimitive { KeepsOrder: true };

    /// <summary>The node that a chain of reshapes begins with: the same elements.</summary>
    public PlanNode Base
    {
        get
        {
            PlanNode node = this;
            while (node.IsReshape) node = node.Inputs[0];
            return node;
        }
    }

    /// <summary>The constant that every element is; null if that is not known.</summary>
    public Constant? Constant
    {
        get
        {
            PlanNode node = this;
            while (node.Primitive is ViewPrimitive) node = node.Inputs[0];
            return node.Primitive as Constant;
        }
    }

    /// <summary>
    /// Whether it lies in memory as the result of an element-wise operation does: row by row,
    /// without gaps. Views do not, except for reshapes of what does.
    /// </summary>
    public bool LiesInOrder
    {
        get
        {
            PlanNode node = this;
            while (true)
            {
                if (node.IsReshape) node = node.Inputs[0];
                else if (node.Primitive?.LiesAs is { } input) node = node.Inputs[input];
                else return node.Primitive is not ViewPrimitive || node.Constant is not null;
            }
        }
    }

    /// <summary>Whether it is computed in a group, or in one that was merged into it.</summary>
    public bool IsIn(FusedGroup group)
    {
        foreach (FusedGroup own in Groups)
            if (own.Root == group)
                return true;
        return false;
    }
}
