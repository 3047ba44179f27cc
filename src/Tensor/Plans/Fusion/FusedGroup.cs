// Element-wise operations that run as one step, and what they may end in or change: a sum of their
// results, say, or a product whose result they change before it leaves the cache.
namespace Engine;

/// <summary>
/// Operations of one step. All have the same number of elements; element i of one depends on
/// element i of the others alone, so that they run tile by tile.
/// </summary>
/// <param name="outputs">The nodes whose values leave, by id.</param>
/// <param name="shape">
/// Shape of the first operation found; others may have the same elements in another shape.
/// </param>
internal sealed class FusedGroup(IEnumerable<PlanNode> outputs, Shape shape)
{
    // A tile program's registers must stay in L1. Its inputs must stay within what prefetchers
    // follow; and they are all alive at once, so a long sum of gradients is cut into short ones.
    private const int MaxOperations = 32, MaxInputs = 8;

    private readonly HashSet<PlanNode> loads = new(ReferenceEqualityComparer.Instance);
    private FusedGroup? mergedInto;

    public Shape Shape { get; } = shape;

    /// <summary>
    /// The nodes whose values leave, by id: operations of the group, or what its collectors give.
    /// </summary>
    public List<PlanNode> Outputs { get; } = [.. outputs];

    /// <summary>
    /// The outputs that collect the results of the group's operations, with all else that leaves;
    /// none if the operations' own results leave.
    /// </summary>
    public List<PlanNode> Collected { get; } = [];

    /// <summary>How results are collected; null if the operations' own results leave.</summary>
    public ICollector? Collector =>
        Collected.Count == 0 ? null : (ICollector)Collected[0].Primitive!;

    /// <summary>Whether the group's step does more than the kernel of its one output.</summary>
    public bool IsFused => Operations > 0 || Outputs.Count > 1;

    /// <summary>The node whose value this group changes before it leaves the cache.</summary>
    public PlanNode? EpilogueOf { get; set; }

    /// <summary>Element-wise operations in it.</summary>
    public int Operations { get; private set; }

    /// <summary>What it reads, each through its reshapes.</summary>
    public IReadOnlyCollection<PlanNode> Loads => loads;

    /// <summary>The group that this one runs as part of; itself if it was not merged.</summary>
    public FusedGroup Root
    {
        get
        {
            FusedGroup group = this;
            while (group.mergedInto is { } next) group = next;
            return group;
        }
    }

    /// <summary>
    /// The group that a collector ends, without operations so far; null if it cannot end one.
    /// </summary>
    public static FusedGroup? EndingIn(PlanNode node, ICollector collector)
    {
        if (collector.Outputs(node) is not { } outputs) return null;
        var group = new FusedGroup(outputs, node.Inputs[0].Shape);
        group.Collected.Add(node);
        group.loads.Add(node.Inputs[0].Base);
        return group;
    }

    /// <summary>Whether one more operation fits.</summary>
    public bool HasRoomFor(PlanNode node)
    {
        if (Operations == 0) return true;
        int after = loads.Count - 1;
        foreach (PlanNode input in node.Inputs)
            if (input.Constant is null && !loads.Contains(input.Base))
                after++;
        return Operations < MaxOperations && after <= MaxInputs;
    }

    /// <summary>Takes an operation in: its inputs are loaded instead of it.</summary>
    public void Add(PlanNode node)
    {
        Operations++;
        loads.Remove(node);
        foreach (PlanNode input in node.Inputs)
            if (input.Constant is null)
                loads.Add(input.Base);
    }

    /// <summary>Whether another group's work fits into this one, and shares what is read.</summary>
    public bool Suits(FusedGroup other)
    {
        if (Operations + other.Operations > MaxOperations || !loads.Overlaps(other.loads))
            return false;
        int after = loads.Count;
        foreach (PlanNode load in other.loads)
            if (!loads.Contains(load))
                after++;
        return after <= MaxInputs;
    }

    /// <summary>Takes over all of another group.</summary>
    public void Absorb(FusedGroup other)
    {
        other.mergedInto = this;
        Operations += other.Operations;
        loads.UnionWith(other.loads);
        Outputs.AddRange(other.Outputs);
        Outputs.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
        Collected.AddRange(other.Collected);
        Collected.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
    }
}
