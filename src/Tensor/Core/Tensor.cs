// Tensor: an immutable value and a node of the lazy graph at once. This file is the node: identity,
// state, building. Operators and methods stand with their ops under Ops/.
namespace Engine;

/// <summary>
/// An immutable n-dimensional array. Operations check shapes at once and compute nothing; values
/// are computed when asked for (<see cref="Eval()"/>, <see cref="Item{T}"/>, <see
/// cref="ToArray{T}"/>) or when a transform returns. Tensors may be shared between threads and are
/// never disposed.
/// </summary>
public sealed partial class Tensor : ITree
{
    /// <summary>
    /// An untraced node is evaluated when made if more than this many nodes were made since its
    /// oldest pending ancestor, so that a running sum never holds all its history. What counts are
    /// nodes, whatever they belong to, of the threads that made the graph, each from its first node
    /// to its last: where evaluation cuts decides the last bits of sums, so what other threads make
    /// meanwhile must not move it.
    /// </summary>
    internal const long AgeLimit = 20_000;

    /// <summary>
    /// The same for a node made of constants alone, which as yet belongs to no device: evaluated
    /// early it would be on the CPU.
    /// </summary>
    private const long LooseAgeLimit = 50 * AgeLimit;

    private static long lastId;

    [ThreadStatic] private static Maker? maker;

    private volatile NodeState state;

    /// <summary>The thread that made this.</summary>
    private readonly Maker madeBy;

    /// <summary>How many nodes it had made then.</summary>
    private readonly long madeAs;

    /// <summary>Nodes made from the oldest pending ancestor to this.</summary>
    private long age;

    /// <summary>Whether a value on some device is among what this was made of.</summary>
    private bool placed;

    private Tensor(Shape shape, DType dtype, NodeState state)
    {
        Id = Interlocked.Increment(ref lastId);
        madeBy = maker ??= new();
        madeAs = ++madeBy.Nodes;
        Shape = shape;
        DType = dtype;
        this.state = state;
    }

    /// <summary>Sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>Type of the elements.</summary>
    public DType DType { get; }

    /// <summary>Number of axes.</summary>
    public int Rank => Shape.Rank;

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Count;

    /// <summary>
    /// Order of making: inputs have smaller ids, so id order is a topological order.
    /// </summary>
    internal long Id { get; }

    /// <summary>The outermost transform this node was made under; null outside all.</summary>
    internal Trace? Trace { get; private init; }

    /// <summary>Whether a running transform may still walk through this node.</summary>
    internal bool Traced => Trace is { Live: true };

    /// <summary>
    /// Whether it is of an iteration of a loop, and so has no value, also when what traced it has
    /// ended: derivatives of the loop go on from there.
    /// </summary>
    internal bool IsOpen { get; private init; }

    /// <summary>What is known of the node; read once, it is replaced as a whole.</summary>
    internal NodeState State => state;

    /// <summary>
    /// Whether this is the gradient of a frozen or integer leaf: zeros that take no memory and that
    /// optimisers skip.
    /// </summary>
    public bool IsSymbolicZero => state.Primitive is SymbolicZero;

    /// <summary>A node that applies a primitive to inputs.</summary>
    internal static Tensor Apply(Primitive primitive, params ReadOnlySpan<Tensor> inputs)
    {
        var (shape, dtype) = primitive.Infer(inputs);
        return Node(primitive, inputs.ToArray(), shape, dtype, null);
    }

    /// <summary>A node that stands for <paramref name="x"/> within a transform's trace.</summary>
    internal static Tensor Alias(Tensor x, Trace trace) =>
        Renamed(new Alias(), x, trace);

    /// <summary>A node with the value of <paramref name="x"/>, also of that trace.</summary>
    internal static Tensor Renamed(Primitive primitive, Tensor x, Trace? trace) =>
        Node(primitive, [x], x.Shape, x.DType, trace);

    /// <summary>
    /// A node without a value, to be replaced by a transform, or at each iteration of a loop.
    /// </summary>
    internal static Tensor Placeholder(
        Shape shape, DType dtype, Trace trace, bool ofLoop = false) =>
        Node(new Placeholder(trace.Transform, ofLoop), [], shape, dtype, trace);

    internal static Tensor Ready(Shape shape, DType dtype, Value value)
    {
        value.Storage.AddOwner();
        return new(shape, dtype, new NodeState(null, [], value));
    }

    private static Tensor Node(
        Primitive primitive, Tensor[] inputs, Shape shape, DType dtype, Trace? trace)
    {
        bool placed = false, open = primitive is Placeholder { OfLoop: true };
        foreach (Tensor x in inputs)
        {
            open |= x.IsOpen;
            placed |= x.placed || x.state.Value is not null;
            if (x.Trace is not null) trace = Trace.Outermost(trace, x.Trace);
        }
        var pending = new NodeState(primitive, inputs, null);
        var node = new Tensor(shape, dtype, pending)
        {
            Trace = trace,
            IsOpen = open,
            placed = placed,
        };
        foreach (Tensor x in inputs)
            if (x.state.Value is null) node.age = Math.Max(node.age, node.AgeSince(x));
        if (node.age > (placed ? AgeLimit : LooseAgeLimit)
            && trace is null && !open && node.madeBy.Walks == 0)
            Evaluator.Evaluate([node], keep: false);
        return node;
    }

    /// <summary>
    /// Nodes made since the oldest pending ancestor of an input. An input from another thread
    /// comes with the age it had and ages here from now on.
    /// </summary>
    private long AgeSince(Tensor input) =>
        input.age + (input.madeBy == madeBy ? madeAs - input.madeAs : 1);

    /// <summary>
    /// Begins the walk of a tape: until it is disposed, no node is evaluated for its age. What a
    /// walk makes stands on a graph of any age and is evaluated whole at the transform's boundary.
    /// </summary>
    internal static WalkScope Walk()
    {
        Maker here = maker ??= new();
        here.Walks++;
        return new(here);
    }

    /// <summary>A walk of a tape, on the thread that began it.</summary>
    internal readonly ref struct WalkScope(Maker here)
    {
        public void Dispose() => here.Walks--;
    }

    /// <summary>A thread as a maker of nodes.</summary>
    internal sealed class Maker
    {
        /// <summary>How many it has made.</summary>
        public long Nodes;

        /// <summary>Walks of tapes running on it.</summary>
        public int Walks;
    }

    /// <summary>
    /// Publishes the value; the way it was made is kept only while a transform may walk it (and of
    /// symbolic zeros: reading one does not make it a gradient).
    /// </summary>
    internal void SetValue(Value value)
    {
        NodeState old = state;
        value.Storage.AddOwner();
        state = Traced || old.Primitive is SymbolicZero
            ? new NodeState(old.Primitive, old.Inputs, value)
            : new NodeState(null, [], value);
    }

    /// <summary>
    /// Gives the value's memory back for <paramref name="step"/> to reuse; asking for it afterwards
    /// is an error that names the step.
    /// </summary>
    internal void Donate(string step)
    {
        Value? value = state.Value;
        state = new NodeState(new Donated(Shape, DType, step), [], null);
        value?.Storage.RemoveOwner();
    }

    ITree ITree.Rebuild(TreeMap map) => map.Leaf("", this);
}

/// <summary>
/// How a node is made and, once computed, its value. Immutable; replaced atomically.
/// </summary>
internal sealed record NodeState(Primitive? Primitive, Tensor[] Inputs, Value? Value);
