// A loop over the chunks of a batch, as a graph over placeholders: the same operations run on one
// slice of the sliced inputs after another. The temporaries are those of one chunk and so is the
// plan, however many chunks there are.
namespace Engine;

/// <summary>
/// What one iteration makes of a slice of each sliced input and of all of the others. A result is
/// what the iterations made, stacked along the first axis, or the sum of it.
/// </summary>
internal sealed class Loop
{
    /// <summary>
    /// What stands in an iteration's graph for each input, or for a slice of it: a placeholder, or
    /// a tensor from outside that the graph reads.
    /// </summary>
    public required Tensor[] Holes { get; init; }

    /// <summary>Which inputs are cut along their first axis.</summary>
    public required bool[] Sliced { get; init; }

    /// <summary>What an iteration makes.</summary>
    public required Tensor[] Outputs { get; init; }

    /// <summary>Which results are sums over the iterations.</summary>
    public required bool[] Summed { get; init; }

    /// <summary>Adds what an iteration made to the sum so far.</summary>
    public required Elementwise Accumulate { get; init; }

    public required int Iterations { get; init; }

    /// <summary>
    /// How each node of an iteration was made, by id, holes aside. It is a snapshot, because a
    /// tensor that is evaluated later may forget how it was made.
    /// </summary>
    public required IReadOnlyList<(Tensor Tensor, NodeState State)> Nodes { get; init; }

    /// <summary>The same object for a loop and for all loops derived from it.</summary>
    public required object Family { get; init; }

    /// <summary>Shape and dtype of a result.</summary>
    public (Shape Shape, DType DType) Result(int i)
    {
        Shape shape = Outputs[i].Shape;
        if (!Summed[i]) shape = shape.Remove(0).Insert(0, checked(shape[0] * Iterations));
        return (shape, Outputs[i].DType);
    }
}

/// <summary>A primitive that is one result of a loop.</summary>
internal interface ILoopResult
{
    Loop Loop { get; }

    /// <summary>Which result.</summary>
    int Index { get; }
}
