// What recurrent layers share: the loop over time, stacking, both directions, and sequences of
// several lengths. Loops unroll: a sequence of T steps makes T times the nodes of one.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// A recurrent cell as the loop sees it. A state is a list of (N, hidden), the output first.
/// </summary>
internal interface IRecurrentCell
{
    /// <summary>(gates * hidden, hidden).</summary>
    Tensor HiddenWeight { get; }

    /// <summary>Number of tensors in a state.</summary>
    int StateCount { get; }

    /// <summary>
    /// What the inputs (..., inputs) contribute to the gates, (..., gates * hidden): one product
    /// for all steps.
    /// </summary>
    Tensor Project(Tensor x);

    /// <summary>The state after one step, from the inputs' contribution.</summary>
    Tensor[] Step(Tensor projected, Tensor[] state);
}

/// <summary>Runs recurrent cells.</summary>
internal static class Recurrence
{
    /// <summary>
    /// Weights of inputs and of the hidden state, then their biases, uniform in
    /// +-1 / sqrt(hidden).
    /// </summary>
    public static Tensor[] Weights(
        Key key, int gates, int inputs, int hidden, DType type)
    {
        Key[] keys = key.Split(4);
        double bound = 1 / Math.Sqrt(hidden);
        int rows = gates * hidden;
        Tensor Draw(int i, Shape shape) => keys[i].Uniform(shape, -bound, bound, type).Eval();
        return [Draw(0, [rows, inputs]), Draw(1, [rows, hidden]), Draw(2, rows), Draw(3, rows)];
    }

    /// <summary>Cells of a stack whose layers above the first see all directions below.</summary>
    public static ImmutableArray<T> Stack<T>(
        string op, Key key, int inputs, int hidden, int layers, int directions,
        Func<Key, int, T> create)
    {
        if (inputs < 1 || hidden < 1 || layers < 1)
            throw Errors.Fail(op, $"{inputs} inputs, {hidden} hidden units and {layers} layers "
                + "must be at least 1.");
        Key[] keys = key.Split(layers);
        var cells = ImmutableArray.CreateBuilder<T>(layers);
        for (int i = 0; i < layers; i++)
            cells.Add(create(keys[i], i == 0 ? inputs : hidden * directions));
        return cells.MoveToImmutable();
    }

    /// <summary>One step from inputs (N, inputs); without a state from zeros.</summary>
    public static Tensor[] Step(string op, IRecurrentCell cell, Tensor x, Tensor[]? state)
    {
        if (x.Rank != 2)
            throw Errors.Fail(op, $"needs inputs (N, inputs), but got {x.Shape}. A layer takes "
                + "whole sequences.");
        Shape shape = [x.Shape[0], cell.HiddenWeight.Shape[1]];
        return cell.Step(cell.Project(x), Initial(op, cell, x, state, shape));
    }

    /// <summary>
    /// The stack over x (N, T, inputs): outputs (N, T, directions * hidden) of the last layer and
    /// the last states, each (layers * directions, N, hidden), directions inside layers. After the
    /// end of a sequence shorter than T the state stays and outputs are zeros; the inputs there,
    /// even NaN, have no effect. If T is 0 there are no outputs.
    /// </summary>
    public static (Tensor Output, Tensor[] State) Run<T>(
        string op, ImmutableArray<T> forward, ImmutableArray<T> backward, Tensor x,
        Tensor[]? state, Tensor? lengths) where T : IRecurrentCell
    {
        if (x.Rank != 3)
            throw Errors.Fail(op, $"needs sequences (N, T, inputs), but got {x.Shape}.");
        if (lengths is not null && (lengths.Shape != x.Shape[0] || !lengths.DType.IsInteger()))
            throw Errors.Fail(op, $"needs one integer length for each of {x.Shape[0]} sequences, "
                + $"but got {lengths.DType.Name()} {lengths.Shape}.");
        int directions = backward.Length > 0 ? 2 : 1;
        T first = forward[0];
        Shape shape =
            [forward.Length * directions, x.Shape[0], first.HiddenWeight.Shape[1]];
        Tensor[] start = Initial(op, first, x, state, shape);
        if (x.Shape[1] == 0)
        {
            // Only to refuse inputs of a wrong size here too.
            _ = first.Project(x);
            Shape none = [x.Shape[0], 0, directions * shape[2]];
            return (Tensor.Zeros(none, start[0].DType), start);
        }
        if (lengths is not null)
        {
            // The derivative by the weights multiplies the inputs of all steps, those after an end
            // by zero: NaN or infinity times zero would still be NaN.
            Tensor inside = Tensor.Arange(x.Shape[1], lengths.DType) < lengths.ExpandDims(1);
            x = Tensor.Where(inside.ExpandDims(2), x, 0);
        }
        var ends = new List<Tensor[]>();
        for (int layer = 0; layer < forward.Length; layer++)
        {
            var outputs = new Tensor[directions];
            for (int d = 0; d < directions; d++)
            {
                T cell = d == 0 ? forward[layer] : backward[layer];
                Tensor[] from = [.. start.Select(s => s[ends.Count])];
                (outputs[d], Tensor[] end) = OverTime(cell, x, from, lengths, reverse: d == 1);
                ends.Add(end);
            }
            x = Tensor.Concat(outputs, -1);
        }
        return (x, [.. start.Select((_, i) => Tensor.Stack([.. ends.Select(end => end[i])]))]);
    }

    private static (Tensor Output, Tensor[] State) OverTime(
        IRecurrentCell cell, Tensor x, Tensor[] state, Tensor? lengths, bool reverse)
    {
        int steps = x.Shape[1];
        Tensor[] projected = Parts(cell.Project(x), steps, axis: 1);
        var outputs = new Tensor[steps];
        for (int i = 0; i < steps; i++)
        {
            int t = reverse ? steps - 1 - i : i;
            Tensor[] next = cell.Step(projected[t].Squeeze(1), state);
            outputs[t] = next[0];
            if (lengths is not null)
            {
                Tensor inside = (lengths > t).ExpandDims(1);
                outputs[t] = Tensor.Where(inside, next[0], 0);
                next = [.. next.Select((s, k) => Tensor.Where(inside, s, state[k]))];
            }
            state = next;
        }
        return (Tensor.Stack(outputs, 1), state);
    }

    /// <summary>
    /// Equal parts along an axis, cut in halves again and again: the derivative of n parts then
    /// sums log n times over the whole, not n times.
    /// </summary>
    public static Tensor[] Parts(Tensor x, int count, int axis)
    {
        if (count <= 1) return count == 1 ? [x] : [];
        int size = x.Shape[axis] / count, half = count / 2;
        int[] start = new int[axis + 1], stop = [.. x.Shape.Sizes[..(axis + 1)]];
        start[axis] = stop[axis] = half * size;
        Tensor left = x.Slice(new int[axis + 1], stop);
        stop[axis] = x.Shape[axis];
        return [.. Parts(left, half, axis), .. Parts(x.Slice(start, stop), count - half, axis)];
    }

    private static Tensor[] Initial(
        string op, IRecurrentCell cell, Tensor x, Tensor[]? state, Shape shape)
    {
        if (state is null)
        {
            Tensor zeros = Tensor.Zeros(shape, x.DType);
            return [.. Enumerable.Repeat(zeros, cell.StateCount)];
        }
        foreach (Tensor part in state)
            if (part.Shape != shape)
                throw Errors.Fail(op, $"the state must be {shape} for inputs {x.Shape}, but is "
                    + $"{part.Shape}.");
        return state;
    }
}
