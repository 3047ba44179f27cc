// Learners of heads, placed on a body that makes features: each task's features are taken once,
// however many steps the head takes on them.
using Engine.Data;

namespace Engine.Meta;

/// <summary>Methods on features.</summary>
public static class HeadOnFeatures
{
    /// <summary>
    /// A method that learns a head, on the features of a body: it adapts the head to features in
    /// place of inputs, and training learns head and body together.
    /// </summary>
    /// <param name="ofHead">
    /// The method of the head. Its <see cref="Method{P}.BatchNorm"/> should say what the body does.
    /// </param>
    /// <param name="head">The head's parameters among all.</param>
    /// <param name="features">Parameters and inputs to features.</param>
    /// <typeparam name="P">All that training changes: body and head.</typeparam>
    /// <typeparam name="H">What the method of the head trains.</typeparam>
    public static Method<P> OnFeatures<P, H>(
        this Method<H> ofHead, Func<P, H> head, Func<P, Tensor, Tensor> features)
        where P : ITree where H : ITree
    {
        ArgumentNullException.ThrowIfNull(ofHead);
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(features);
        if (ofHead.Direction is not null)
            throw new EngineException("OnFeatures: the method of the head steps in a direction of "
                + "its own, which has no derivative by the features. Give one with a task loss.");
        if (ofHead.State is not null)
            throw new EngineException("OnFeatures: the method of the head keeps leaves of its own "
                + "(State), whose paths are other ones here. Give one without, and say with "
                + "{ State = ... } which leaves of the whole stay.");
        Episode Of(P p, Episode task) => task with
        {
            SupportX = features(p, task.SupportX),
            QueryX = features(p, task.QueryX),
        };
        return new(
            (p, task, at) => ofHead.TaskLoss(head(p), Of(p, task), at),
            (p, task, steps) => ofHead.Predictions(head(p), Of(p, task), steps),
            ofHead.Claim, ofHead.BatchNorm, ofHead.Chunk);
    }
}
