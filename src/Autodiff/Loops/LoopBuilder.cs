// Makes a loop from the graph of one iteration: finds what the iteration reads from outside and
// leaves out the inputs that it does not need.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// An iteration being traced: the holes made so far, and the inputs that they stand for.
/// </summary>
internal sealed class LoopBuilder : IDisposable
{
    private readonly List<(Tensor Hole, Tensor Input, bool Sliced)> holes = [];
    private readonly Trace trace = new("Vmap");
    private readonly object family;
    private readonly int iterations;

    // Nodes of the loop that this one is derived from: older than the trace, but still inside.
    private readonly Dictionary<Tensor, NodeState> known = new(ReferenceEqualityComparer.Instance);

    /// <summary>A new loop.</summary>
    public LoopBuilder(int iterations)
    {
        this.iterations = iterations;
        family = this;
    }

    /// <summary>
    /// A loop derived from another, with its holes and inputs, except those to be replaced: for
    /// these the caller makes new holes.
    /// </summary>
    public LoopBuilder(Loop loop, Tensor[] inputs, bool[]? replaced = null)
        : this(loop.Iterations)
    {
        family = loop.Family;
        foreach (var (tensor, state) in loop.Nodes) known.Add(tensor, state);
        for (int i = 0; i < inputs.Length; i++)
            if (replaced is null || !replaced[i])
                holes.Add((loop.Holes[i], inputs[i], loop.Sliced[i]));
    }

    public void Dispose() => trace.Dispose();

    /// <summary>
    /// What stands for an input, or for a slice of it, in an iteration. A constant stays itself; of
    /// a repeated tensor the iteration reads the small one and repeats it itself.
    /// </summary>
    public Tensor Hole(Tensor input, bool sliced)
    {
        Shape shape = sliced
            ? input.Shape.Remove(0).Insert(0, input.Shape[0] / iterations)
            : input.Shape;
        if (input.DType.IsFloat() && input.ConstantValue is { } number)
            return Tensor.Full(shape, number, input.DType);
        Tensor once = Once(input);
        if (once != input)
        {
            bool same = sliced && once.Shape[0] == 1;
            return (same ? once : Hole(once, sliced)).ExpandTo(shape);
        }
        Tensor hole = trace.Placeholder(input, shape, ofLoop: true);
        holes.Add((hole, input, sliced));
        return hole;
    }

    /// <summary>
    /// The results of a loop whose iterations make these; null stays null. What is the same in all
    /// iterations is computed outside the loop.
    /// </summary>
    public Tensor?[] Run(Tensor?[] outputs, bool[] summed)
    {
        List<(Tensor Tensor, NodeState State, Tensor[] Inputs)> nodes =
            Within(outputs.OfType<Tensor>());
        var dependent = new HashSet<Tensor>(
            holes.Select(hole => hole.Hole), ReferenceEqualityComparer.Instance);
        foreach (var (tensor, _, inputs) in nodes)
            if (Array.Exists(inputs, dependent.Contains))
                dependent.Add(tensor);

        int[] looped = [.. Enumerable.Range(0, outputs.Length).Where(
            i => outputs[i] is { } output && dependent.Contains(output))];
        Tensor?[] results = [.. outputs.Select((output, i) => output is null ? null
            : dependent.Contains(output) ? output : Same(output, summed[i]))];
        if (looped.Length == 0) return results;
        var (loop, arguments) = Close(
            nodes, dependent, Array.ConvertAll(looped, i => outputs[i]!),
            Array.ConvertAll(looped, i => summed[i]));
        Tensor[] made = new LoopFunction(loop).Apply(arguments);
        for (int i = 0; i < looped.Length; i++) results[looped[i]] = made[i];
        return results;
    }

    /// <summary>The result for an output that is the same in every iteration.</summary>
    private Tensor Same(Tensor output, bool isSummed)
    {
        if (isSummed) return output * iterations;
        Shape shape = output.Shape;
        return output.Insert(0, iterations).Reshape(
            shape.Remove(0).Insert(0, shape[0] * iterations));
    }

    /// <summary>
    /// The loop and its inputs. A tensor that an iteration reads but that depends on no hole is an
    /// input too, computed once before the loop. Exceptions are numbers, and tensors that repeat a
    /// smaller one: the iteration reads the small one, and sums its gradient itself.
    /// </summary>
    private (Loop Loop, Tensor[] Inputs) Close(
        List<(Tensor Tensor, NodeState State, Tensor[] Inputs)> nodes, HashSet<Tensor> dependent,
        Tensor[] outputs, bool[] summed)
    {
        var read = new HashSet<Tensor>(outputs, ReferenceEqualityComparer.Instance);
        // Users before what they read.
        for (int i = nodes.Count - 1; i >= 0; i--)
        {
            var (tensor, _, inputs) = nodes[i];
            if (read.Contains(tensor) && Repeats(tensor)) dependent.Add(tensor);
            if (dependent.Contains(tensor)) read.UnionWith(inputs);
        }
        holes.RemoveAll(hole => !read.Contains(hole.Hole));
        var inside = new HashSet<Tensor>(dependent, ReferenceEqualityComparer.Instance);
        foreach (var (tensor, _, inputs) in nodes)
            if (dependent.Contains(tensor))
                foreach (Tensor input in inputs)
                    if (inside.Add(input) && input.ConstantValue is null)
                        holes.Add((input, input, false));
        var loop = new Loop
        {
            Holes = [.. holes.Select(hole => hole.Hole)],
            Sliced = [.. holes.Select(hole => hole.Sliced)],
            Outputs = outputs,
            Summed = summed,
            Accumulate = new Add(),
            Iterations = iterations,
            Nodes = [.. nodes
                .Where(n => dependent.Contains(n.Tensor) || n.Tensor.ConstantValue is not null)
                .Select(n => (n.Tensor, n.State))],
            Family = family,
        };
        return (loop, [.. holes.Select(hole => hole.Input)]);
    }

    /// <summary>
    /// The nodes that the outputs need, inputs before their users. A call counts with all of its
    /// inputs: its rules read them, even if its value does not depend on them.
    /// </summary>
    private List<(Tensor Tensor, NodeState State, Tensor[] Inputs)> Within(
        IEnumerable<Tensor> outputs)
    {
        var nodes = new List<(Tensor Tensor, NodeState State, Tensor[] Inputs)>();
        var walk = new GraphWalk<Tensor>(outputs);
        walk.Visited.UnionWith(holes.Select(hole => hole.Hole));
        while (walk.Next(out Tensor? tensor))
        {
            if (!known.TryGetValue(tensor, out NodeState? state))
            {
                state = tensor.State;
                bool outside = !trace.Contains(tensor) && tensor.ConstantValue is null
                    && !Repeats(tensor);
                if (outside || state.Value is not null) continue;
            }
            Tensor[] inputs = state.Inputs;
            if (state.Primitive is InlineResult call)
            {
                inputs = [.. inputs, .. call.Site.Inputs];
                walk.Add(call.Site.Outputs);
            }
            nodes.Add((tensor, state, inputs));
            walk.Add(inputs);
        }
        nodes.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
        return nodes;
    }

    /// <summary>
    /// Whether it is a view of a repeated tensor and neither has been evaluated.
    /// </summary>
    private bool Repeats(Tensor x) => Repeated(x) is not null;

    private Layout? Repeated(Tensor x)
    {
        if (known.GetValueOrDefault(x, x.State) is not
            { Value: null, Primitive: ViewPrimitive view, Inputs: [var input] })
            return null;
        Layout? layout = Repeated(input);
        if (view is BroadcastTo) layout ??= Layouts.Contiguous(input.Shape);
        return layout is null ? null : view.View(layout, x.Shape)?.Layout;
    }

    /// <summary>
    /// The tensor with size 1 along the axes that it only repeats; itself if there are none, or if
    /// it was evaluated.
    /// </summary>
    private static Tensor Once(Tensor x)
    {
        if (x.State is not { Value: null, Primitive: { } view, Inputs: [var input, ..] }) return x;
        if (view is BroadcastTo) return Once(input);
        if (view is not (Slice or Transpose) || x.Count == 0) return x;
        Tensor once = Once(input);
        if (once == input) return x;
        if (view is Transpose order) return Tensor.Apply(order, once);
        var slice = (Slice)view;
        var (start, step, sizes) =
            (slice.Start.Span.ToArray(), slice.Step.Span.ToArray(), slice.Sizes.Sizes.ToArray());
        for (int i = 0; i < sizes.Length; i++)
            if (once.Shape[i] == 1)
                (start[i], step[i], sizes[i]) = (0, 1, 1);
        return Tensor.Apply(new Slice(Axes.Of(start), Axes.Of(step), sizes), once);
    }
}
