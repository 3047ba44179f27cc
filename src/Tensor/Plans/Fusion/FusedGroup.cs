// Element-wise operations that run as one step, and what they may end in or begin with: sums of
// their results, or a product whose result they change before it leaves the cache.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Operations of one step. All have the same number of elements; element i of one depends on
/// element i of the others alone, so that they run tile by tile.
/// </summary>
internal sealed class FusedGroup(PlanNode output, Shape shape)
{
    // A tile program's registers must stay in L1. Its inputs must stay within what prefetchers
    // follow; and they are all alive at once, so a long sum of gradients is cut into short ones.
    private const int MaxOperations = 32, MaxInputs = 8;

    private readonly HashSet<PlanNode> loads = new(ReferenceEqualityComparer.Instance);

    /// <summary>Shape of the first operation found; the others' may be reshaped.</summary>
    public Shape Shape { get; } = shape;

    /// <summary>
    /// The nodes whose values leave, by id: element-wise ones, or the reductions of some.
    /// </summary>
    public List<PlanNode> Outputs { get; } = [output];

    /// <summary>The reduction that all outputs are, or null.</summary>
    public IReduction? Reduction { get; } = output.Primitive as IReduction;

    /// <summary>The pooling that the outputs are the positions and values of, or null.</summary>
    public MaxPool? Pooling { get; } = output.Primitive as MaxPool;

    /// <summary>Whether the outputs are what is made of the operations' results.</summary>
    public bool Collects => Reduction is not null || Pooling is not null;

    /// <summary>
    /// The product, convolution, reduction or pooling that this is the epilogue of, or null.
    /// </summary>
    public PlanNode? EpilogueOf { get; set; }

    /// <summary>Element-wise operations in it.</summary>
    public int Operations { get; private set; }

    /// <summary>What it reads, each through its reshapes.</summary>
    public IReadOnlyCollection<PlanNode> Loads => loads;

    /// <summary>The group that computes only the reduction or pooling of a node.</summary>
    public static FusedGroup Of(PlanNode collector)
    {
        var group = new FusedGroup(collector, collector.Inputs[0].Shape);
        group.loads.Add(Base(collector.Inputs[0]));
        return group;
    }

    /// <summary>Whether one more operation fits.</summary>
    public bool HasRoomFor(PlanNode node)
    {
        if (Operations == 0) return true;
        int after = loads.Count - 1;
        foreach (PlanNode input in node.Inputs)
            if (!IsConstant(input) && !loads.Contains(Base(input)))
                after++;
        return Operations < MaxOperations && after <= MaxInputs;
    }

    /// <summary>Takes an operation in: its inputs are loaded instead of it.</summary>
    public void Add(PlanNode node)
    {
        Operations++;
        loads.Remove(node);
        foreach (PlanNode input in node.Inputs)
            if (!IsConstant(input))
                loads.Add(Base(input));
    }

    /// <summary>Whether another group's work fits into this one, and shares what is read.</summary>
    public bool Suits(FusedGroup other)
    {
        if (Operations + other.Operations > MaxOperations || !loads.Overlaps(other.loads)) return false;
        int after = loads.Count;
        foreach (PlanNode load in other.loads)
            if (!loads.Contains(load))
                after++;
        return after <= MaxInputs;
    }

    /// <summary>Takes over all of another group.</summary>
    public void Absorb(FusedGroup other)
    {
        Operations += other.Operations;
        loads.UnionWith(other.loads);
        Outputs.AddRange(other.Outputs);
        Outputs.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
    }

    /// <summary>
    /// The node that a chain of reshapes begins with: the same elements in order.
    /// </summary>
    public static PlanNode Base(PlanNode node)
    {
        while (node.Primitive is Reshape) node = node.Inputs[0];
        return node;
    }

    /// <summary>Whether every element is one known number.</summary>
    public static bool IsConstant(PlanNode node)
    {
        while (node.Primitive is BroadcastTo or Reshape) node = node.Inputs[0];
        return node.Primitive is Constant;
    }
}

/// <summary>A primitive that sums, or takes extrema, over axes which stay with size 1.</summary>
internal interface IReduction
{
    ReduceKind Kind { get; }

    Axes Axes { get; }
}

/// <summary>
/// A kernel that can change its result element by element before it leaves the cache.
/// </summary>
internal interface IEpilogueKernel : IKernel
{
    void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue);

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        Execute(backend, x, y, default);
}
