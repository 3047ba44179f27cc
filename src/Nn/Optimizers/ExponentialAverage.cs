// A moving average of a model's weights.
namespace Engine.Nn;

/// <summary>
/// The exponential average of a tree: each step keeps <paramref name="Decay"/> of the old average
/// and takes the rest from the new tree (Polyak averaging with forgetting; Tarvainen and Valpola,
/// 2017, for models). Leaves that are not floats are taken from the last tree.
/// </summary>
/// <param name="Average">The average so far, before any correction.</param>
/// <param name="Steps">Trees taken in, an int64 scalar.</param>
/// <param name="Decay">In 0..1.</param>
/// <param name="Corrected">
/// Whether the average began at zero and is divided by the weight received.
/// </param>
public sealed partial record ExponentialAverage<T>(
    T Average, Tensor Steps, double Decay, bool Corrected) : ITree where T : ITree
{
    /// <summary>The average with another tree taken in.</summary>
    public ExponentialAverage<T> Update(T tree)
    {
        T average = Average.Zip(tree, (old, now) =>
            now.DType.IsFloat() ? Decay * old + (1 - Decay) * now : now);
        Tensor steps = Steps + 1;
        Tree.Eval(steps);
        return this with { Average = average, Steps = steps };
    }

    /// <summary>The average; corrected ones have a value once a tree is taken in.</summary>
    public T Value => Corrected
        ? Average.Map((Tensor leaf) => leaf.DType.IsFloat()
            ? leaf / Averages.Weight(Decay, Steps, leaf.DType)
            : leaf)
        : Average;
}

/// <summary>Makes averages of trees.</summary>
public static class ExponentialAverage
{
    /// <summary>
    /// An average that begins at the tree itself, or, if <paramref name="corrected"/>, at zero with
    /// the correction of Adam's moments (Kingma and Ba, 2015, section 3).
    /// </summary>
    public static ExponentialAverage<T> Of<T>(T tree, double decay, bool corrected = false)
        where T : ITree
    {
        if (!(decay is >= 0 and < 1))
            throw Errors.Fail("ExponentialAverage", $"decay {decay} must lie in 0..1, below 1.");
        T start = corrected
            ? tree.Map((Tensor leaf) =>
                leaf.DType.IsFloat() ? Tensor.Zeros(leaf.Shape, leaf.DType).To(leaf.Device) : leaf)
            : tree;
        return new(start, Tensor.Scalar(0L), decay, corrected);
    }
}
