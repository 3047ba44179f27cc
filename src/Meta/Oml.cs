// Online-aware meta-learning (Javed and White, 2019, "Meta-learning representations for continual
// learning"): learn a representation on which a stream of new classes, one sample at a time, can be
// learned without forgetting.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A learner in two parts: the representation stays while a stream is learned, the prediction
/// network learns.
/// </summary>
public sealed partial record OnlineLearner<R, H>(R Representation, H Prediction) : ITree
    where R : ITree where H : ITree;

/// <summary>
/// OML, algorithm 2 of the paper. A task's support set is a stream of samples of new classes, in
/// order; the prediction network takes one gradient step on each (the inner loop). The loss is that
/// of the query set, which begins with the stream and goes on with samples of other classes: what
/// was learned, and what must not be forgotten. Labels are those of all training classes. <see
/// cref="ClassStreams"/> draws such tasks; others must keep to that order, as the features of the
/// stream are taken from the query set.
/// </summary>
/// <param name="Represent">Features (N, F) of inputs.</param>
/// <param name="Predict">Logits (N, classes) of features.</param>
/// <param name="InnerRate">The rate of the steps on the stream.</param>
/// <param name="Forget">
/// The prediction network without what it knows of the classes of these labels, so that they are
/// new to it whenever a stream begins; none by default.
/// </param>
/// <param name="FirstOrder">Whether inner gradients count as constants.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Oml<R, H>(
    Func<R, Tensor, Tensor> Represent, Func<H, Tensor, Tensor> Predict, double InnerRate,
    Func<H, Tensor, H>? Forget = null, bool FirstOrder = false, int Chunk = 0)
    where R : ITree where H : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<OnlineLearner<R, H>> Method => new(
        (p, task, at) => Loss.CrossEntropy(
            Logits(p, task, [task.SupportX.Shape[0]], at.FirstOrder)[0], task.QueryY),
        (p, task, steps) => Logits(p, task, steps, firstOrder: false),
        FirstOrder ? Claim.FirstOrder : Claim.Exact, BatchNormMode.None, Chunk);

    /// <summary>What training begins with.</summary>
    public static OnlineLearner<R, H> Begin(R representation, H prediction) =>
        new(representation, prediction);

    /// <summary>
    /// The prediction network before a stream of features (n, F) and labels (n), and after each of
    /// its first samples.
    /// </summary>
    public IEnumerable<H> Online(
        H start, Tensor features, Tensor labels, int steps, bool firstOrder = false) =>
        Inner.Trajectory(
            start,
            (h, j) => Loss.CrossEntropy(
                Predict(h, features[j..(j + 1)]), labels[j..(j + 1)]),
            Inner.Descent<H>(InnerRate), steps, firstOrder: FirstOrder || firstOrder);

    private Tensor[] Logits(
        OnlineLearner<R, H> p, Episode task, ImmutableArray<int> steps, bool firstOrder)
    {
        int length = task.SupportX.Shape[0];
        if (steps[^1] > length)
            throw new EngineException($"Oml: {steps[^1]} inner steps, but the stream has {length} "
                + "samples, one a step. Draw longer streams.");
        if (task.QueryX.Shape[0] < length)
            throw new EngineException($"Oml: {task.QueryX.Shape[0]} query samples after a stream "
                + $"of {length}. Let the query set begin with the stream.");
        // The representation does not change on the way, and the queries begin with the stream: it
        // runs once, for all samples together.
        Tensor features = Represent(p.Representation, task.QueryX);
        H start = Forget is null ? p.Prediction : Forget(p.Prediction, task.SupportY);
        return Online(start, features[..length], task.SupportY, steps[^1], firstOrder)
            .After(steps, h => Predict(h, features));
    }
}

/// <summary>What <see cref="Oml{R, H}"/> needs of usual networks.</summary>
public static class Oml
{
    /// <summary>OML of convolutions and a linear layer that forgets.</summary>
    public static Oml<PlainConv, Linear> Of(double innerRate) =>
        new((r, x) => r.Forward(x), (h, f) => h.Forward(f), innerRate, Forget);

    /// <summary>A linear layer whose rows for the classes of these labels are zero.</summary>
    public static Linear Forget(Linear head, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(labels);
        Tensor weight = head.Weight;
        Tensor kept = 1 - labels.OneHot(weight.Shape[0], weight.DType).Max(0);
        return new(weight * kept.ExpandDims(1), head.Bias is null ? null : head.Bias * kept);
    }
}
