// Almost no inner loop (Raghu et al., 2020, "Rapid Learning or Feature Reuse?"): MAML whose inner
// steps move the head alone. The body is the same at every step, so its features are taken once.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// ANIL: head' = head - innerRate * dL_support/dhead, repeated innerSteps times on the features of
/// a body that stays; the loss of a task is that of head' on the query set's features, by which
/// body and head are learned (section 5 of the paper).
/// </summary>
/// <param name="Body">The model and inputs to features.</param>
/// <param name="Head">The head of the model.</param>
/// <param name="Objective">
/// From head and features to predictions, and their loss; its mode is that of the body.
/// </param>
/// <param name="InnerSteps">Gradient steps in adaptation.</param>
/// <param name="InnerRate">Their rate, for a loss that is a mean.</param>
/// <param name="FirstOrder">Whether inner gradients count as constants.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
/// <typeparam name="T">The model.</typeparam>
/// <typeparam name="H">Its head.</typeparam>
public sealed record Anil<T, H>(
    Func<T, Tensor, Tensor> Body, Func<T, H> Head, Objective<H> Objective, int InnerSteps,
    double InnerRate, bool FirstOrder = false, bool Remat = false, int Chunk = 0)
    where T : ITree where H : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<T> Method =>
        new Maml<H>(Objective, InnerSteps, InnerRate, FirstOrder, Remat: Remat, Chunk: Chunk)
            .Method.OnFeatures(Head, Body);
}

/// <summary>
/// Makes <see cref="Anil{T, H}"/> of networks, and ANIL of models without features.
/// </summary>
public static class Anil
{
    /// <summary>
    /// ANIL of an image network and its linear head, with the objective's loss. The features are
    /// normalised by the batch's own statistics.
    /// </summary>
    public static Anil<T, Linear> Of<T>(
        Objective<T> objective, int innerSteps, double innerRate) where T : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(objective);
        return new(
            (network, x) => network.Features(x), network => network.Head,
            new((head, x) => head.Forward(x), objective.Loss, objective.BatchNorm),
            innerSteps, innerRate);
    }

    /// <summary>
    /// ANIL of any model, by its objective alone: MAML of the part at <paramref name="head"/>. The
    /// same meta-gradient as on features, for the price of the whole model at every step.
    /// </summary>
    /// <param name="model">A model of this structure, by which the path is checked.</param>
    /// <param name="objective">Model and loss.</param>
    /// <param name="head">The path of the part that adapts, such as "Head" or "Layers.2".</param>
    /// <param name="innerSteps">Gradient steps in adaptation.</param>
    /// <param name="innerRate">Their rate, for a loss that is a mean.</param>
    public static Maml<T> Of<T>(
        T model, Objective<T> objective, string head, int innerSteps, double innerRate)
        where T : ITree =>
        new(objective, innerSteps, innerRate, Where: Parts.At(model, head));
}
