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
    /// A node outside all transforms is evaluated as soon as it is made if more than this many
    /// nodes were made since its oldest ancestor without a value, so that a running sum does not
    /// hold all its history. Only nodes of the threads that made its graph count: where a graph is
    /// cut decides the last bits of sums, and must not depend on what other threads do meanwhile.
    /// </summary>
    internal const long AgeLimit = 20_000;

    /// <summary>
    /// The same for a node made of constants alone. It belongs to no device yet, and evaluating it
    /// would put it on the CPU, so it may wait longer.
    /// </summary>
    private const long LooseAgeLimit = 50 * AgeLimit;

    /// <summary>
    /// Up to this size, what is made of no data is carried over to any device that needs it, also
    /// after it was computed on another. Carrying more in silence would be too slow.
    /// </summary>
    internal const long FreeBytes = 64 << 10;

    private static long lastId;

    [ThreadStatic] private static Maker? maker;

    private volatile NodeState state;

    /// <summary>The thread that made this.</summary>
    private readonly Maker madeBy;

    /// <summary>How many nodes that thread had made by then.</summary>
    private readonly long madeAs;

    /// <summary>Nodes made since the oldest ancestor without a value.</summary>
    private long age;

    /// <summary>Whether it depends on a value.</summary>
    private bool placed;
    private Device? home;

    private Tensor(Shape shape, DType dtype, NodeState state)
    {
        Id = NextId();
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

    /// <summary>
    /// The device of the data that it is made of. Null if it is made of none, as zeros, numbers and
    /// keys are: it belongs to no device and goes where it is needed.
    /// </summary>
    internal Device? Home => home;

    /// <summary>An id larger than that of every tensor made before.</summary>
    internal static long NextId() => Interlocked.Increment(ref lastId);

    /// <summary>The outermost transform this node was made under; null outside all.</summary>
    internal Trace? Trace { get; private init; }

    /// <summary>Whether a running transform may still walk through this node.</summary>
    internal bool Traced => Trace is { Live: true };

    /// <summary>
    /// Whether it belongs to an iteration of a loop. Such a node never has a value, even after its
    /// trace has ended: derivatives and batched forms of the loop are made from it.
    /// </summary>
    internal bool IsOpen { get; private init; }

    /// <summary>What is known of the node; read once, it is replaced as a whole.</summary>
    internal NodeState State => state;

    /// <summary>
    /// Whether this is the gradient of a frozen or integer leaf: zeros that take no memory and that
    /// optimisers skip.
    /// </summary>
    public bool IsSymbolicZero => state.Primitive is Engine.SymbolicZero;

    /// <summary>A node that applies a primitive to inputs.</summary>
    internal static Tensor Apply(Primitive primitive, params ReadOnlySpan<Tensor> inputs)
    {
        var (shape, dtype) = primitive.Infer(inputs);
        return Node(primitive, inputs.ToArray(), shape, dtype, null);
    }

    /// <summary>A node with the value of <paramref name="x"/>, also of that trace.</summary>
    internal static Tensor Renamed(Primitive primitive, Tensor x, Trace? trace) =>
        Node(primitive, [x], x.Shape, x.DType, trace);

    /// <summary>A node without a value, for <see cref="Trace.Placeholder"/>.</summary>
    internal static Tensor Placeholder(
        Placeholder primitive, Shape shape, DType dtype, Device? home, Trace trace) =>
        Node(primitive, [], shape, dtype, trace, home);

    /// <summary>A tensor with a value, at home where that is.</summary>
    internal static Tensor Ready(Shape shape, DType dtype, Value value)
    {
        value.Storage.AddOwner();
        return new(shape, dtype, new NodeState(null, [], value)) { home = value.Storage.Device };
    }

    /// <summary>The same with a value of its own, which is on another device.</summary>
    private static Tensor Moved(Move primitive, Tensor x, Value value)
    {
        value.Storage.AddOwner();
        return new(x.Shape, x.DType, new NodeState(primitive, [x], value))
        {
            Trace = x.Trace,
            home = value.Storage.Device,
        };
    }

    private static Tensor Node(
        Primitive primitive, Tensor[] inputs, Shape shape, DType dtype, Trace? trace,
        Device? home = null)
    {
        bool placed = false, open = primitive is Placeholder { OfLoop: true };
        foreach (Tensor x in inputs)
        {
            open |= x.IsOpen;
            placed |= x.placed || x.state.Value is not null;
            if (x.Trace is not null) trace = Trace.Outermost(trace, x.Trace);
            if (x.home is null || x.home == home) continue;
            home = home is null ? x.home : throw Errors.Devices(primitive.Name, inputs);
        }
        var pending = new NodeState(primitive, inputs, null);
        var node = new Tensor(shape, dtype, pending)
        {
            Trace = trace,
            IsOpen = open,
            placed = placed,
            home = home,
        };
        foreach (Tensor x in inputs)
            if (x.state.Value is null) node.age = Math.Max(node.age, node.AgeSince(x));
        if (node.age > (placed ? AgeLimit : LooseAgeLimit)
            && trace is null && !open && node.madeBy.Pauses == 0)
            Evaluator.Evaluate([node], keep: false);
        return node;
    }

    /// <summary>
    /// Nodes made since the oldest ancestor of an input that has no value. An input from another
    /// thread comes with the age it had there, and ages with this thread from now on.
    /// </summary>
    private long AgeSince(Tensor input) =>
        input.age + (input.madeBy == madeBy ? madeAs - input.madeAs : 1);

    /// <summary>
    /// Until the result is disposed, this thread evaluates no node for its age: what a transform
    /// makes along a tape stands on nodes of any age, and is evaluated whole when it returns.
    /// </summary>
    internal static AgePause PauseAging()
    {
        Maker here = maker ??= new();
        here.Pauses++;
        return new(here);
    }

    /// <summary>A pause, to be ended by the thread that began it.</summary>
    internal readonly ref struct AgePause(Maker here)
    {
        public void Dispose() => here.Pauses--;
    }

    /// <summary>A thread as a maker of nodes.</summary>
    internal sealed class Maker
    {
        /// <summary>How many it has made.</summary>
        public long Nodes;

        /// <summary>How many pauses of aging it is in.</summary>
        public int Pauses;
    }

    /// <summary>
    /// Publishes the value. How the node was made is forgotten, unless a running transform may
    /// still ask, or it is a symbolic zero, which stays one when it is read.
    /// </summary>
    internal void SetValue(Value value)
    {
        NodeState old = state;
        value.Storage.AddOwner();
        if (home is null && Count * DType.Size() > FreeBytes) home = value.Storage.Device;
        state = Traced || old.Primitive is Engine.SymbolicZero
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
