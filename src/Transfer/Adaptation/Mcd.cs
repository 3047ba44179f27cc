// Maximum classifier discrepancy (Saito et al., 2018): two classifiers that agree on the source are
// made to differ on the target, and the features are made to leave them no room to.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// A body with two classifiers on its features, which are added up: as a network, its features are
/// both classifiers' hidden units and its head is their last layers side by side.
/// </summary>
public sealed partial record TwoClassifiers<N>(N Body, Mlp First, Mlp Second) : IFeatureNetwork
    where N : IFeatureNetwork
{
    /// <summary>The sum of both last layers.</summary>
    public Linear Head => new(
        Tensor.Concat([First.Head.Weight, Second.Head.Weight], 1),
        First.Head.Bias! + Second.Head.Bias!);

    /// <summary>Inputs (N, ...) to the hidden units of both classifiers, (N, 2 * hidden).</summary>
    public Tensor Features(Tensor x, Normalize normalize) => Features(x, normalize, dropout: null);

    /// <summary>The same, with the body's dropout if there is a key.</summary>
    public Tensor Features(Tensor x, Normalize normalize, Key? dropout)
    {
        Tensor features = Body.Features(x, normalize, dropout);
        return Tensor.Concat([First.Features(features), Second.Features(features)], 1);
    }
}

/// <summary>
/// The classifiers with their body, an optimiser's state of each, and the normalisation statistics
/// of both domains.
/// </summary>
public sealed partial record McdState<N>(
    TwoClassifiers<N> Network, OptimizerState OfBody, OptimizerState OfClassifiers,
    NormStatistics Source, NormStatistics Target) : ITree where N : IFeatureNetwork;

/// <summary>The method MCD.</summary>
public static class Mcd
{
    /// <summary>
    /// Step A trains everything on the source, step B the classifiers to keep the source and to
    /// differ on the target (equations 5 and 6), step C the body, so many times, to make them agree
    /// (equation 7).
    /// </summary>
    /// <param name="body">Makes the features; its own head is not used.</param>
    /// <param name="key">Randomness of the classifiers' first weights.</param>
    /// <param name="classes">Classes to tell apart.</param>
    /// <param name="optimizer">
    /// The update rule of body and classifiers, a state each; its schedule counts steps of the
    /// method, in each of which the body is moved 1 + bodySteps times and the classifiers twice.
    /// </param>
    /// <param name="hidden">Hidden units of each classifier.</param>
    /// <param name="bodySteps">The paper's n: 2 to 4.</param>
    /// <param name="norm">How batch normalisation treats the domains.</param>
    /// <param name="statistics">
    /// The body's running statistics, if it is trained; mean 0 and variance 1 by default.
    /// </param>
    /// <exception cref="EngineException">
    /// Steps are none, or statistics are to stay and there are none.
    /// </exception>
    public static Adaptation<McdState<N>, TwoClassifiers<N>> Create<N>(
        N body, Key key, int classes, Optimizer optimizer, int hidden = 500, int bodySteps = 4,
        NormPolicy norm = NormPolicy.PerDomain, NormStatistics? statistics = null)
        where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (bodySteps < 1)
            throw Errors.Fail("Mcd", $"{bodySteps} steps of the body bring nothing together. Give "
                + "1 or more; the paper takes 2 to 4.");
        Optimizer bodyRule = optimizer with
        {
            Schedule = Schedule.Stretched(optimizer.Schedule, 1 + bodySteps),
        };
        Optimizer classifierRule = optimizer with
        {
            Schedule = Schedule.Stretched(optimizer.Schedule, 2),
        };
        DType type = body.Head.Weight.DType;
        Key[] keys = key.Split();
        int features = body.Head.Weight.Shape[1];
        var start = new TwoClassifiers<N>(
            body, Mlp.Create(keys[0], [features, hidden, classes], type: type),
            Mlp.Create(keys[1], [features, hidden, classes], type: type));
        Func<string, bool> isBody = Parts.At(start, nameof(start.Body));
        Func<string, bool> isClassifier = Parts.AllBut(start, nameof(start.Body));
        NormStatistics first = Adapt.Statistics(body, norm, statistics);
        return new(
            ["task", "discrepancy"],
            new(start, bodyRule.Init(Part.Of(start, isBody)),
                classifierRule.Init(Part.Of(start, isClassifier)), first, first),
            Step,
            state => new(
                state.Network, norm == NormPolicy.PerDomain ? state.Target : state.Source))
        {
            ReadSource = state => new(state.Network, state.Source),
        };

        (McdState<N>, Tensor) Step(McdState<N> state, DomainBatch batch)
        {
            TwoClassifiers<N> network = state.Network;
            OptimizerState ofBody = state.OfBody, ofClassifiers = state.OfClassifiers;
            var (result, gradient) = Grad.WithAux((TwoClassifiers<N> own) =>
            {
                Seen seen = See(own, state, batch);
                return (seen.Task, (seen.Source, seen.Target));
            })(network);
            (network, ofBody) = Take(bodyRule, network, Part.Of(gradient, isBody), ofBody);
            (network, ofClassifiers) = Take(
                classifierRule, network, Part.Of(gradient, isClassifier), ofClassifiers);

            Part apart = Grad.Of((Part own) =>
            {
                Seen seen = See(own.In(network), state, batch);
                return seen.Task - seen.Discrepancy;
            })(Part.Of(network, isClassifier));
            (network, ofClassifiers) = Take(classifierRule, network, apart, ofClassifiers);

            Tensor discrepancy = result.Value;
            for (int i = 0; i < bodySteps; i++)
            {
                TwoClassifiers<N> now = network;
                (discrepancy, Part together) = Grad.WithValue((Part own) =>
                    See(own.In(now), state, batch).Discrepancy)(Part.Of(network, isBody));
                (network, ofBody) = Take(bodyRule, network, together, ofBody);
            }
            var (source, target) = result.Aux;
            return (new(network, ofBody, ofClassifiers, source, target),
                Tensor.Stack([result.Value, discrepancy]));
        }

        (TwoClassifiers<N>, OptimizerState) Take(
            Optimizer rule, TwoClassifiers<N> network, Part gradient, OptimizerState state)
        {
            var paths = gradient.Paths.ToHashSet();
            var (moved, next) =
                rule.Step(Part.Of(network, paths.Contains), gradient, state);
            return (moved.In(network), next);
        }

        Seen See(TwoClassifiers<N> network, McdState<N> state, DomainBatch batch)
        {
            var (sourceF, targetF, source, target) = TwoDomains.Features(
                network.Body, batch, state.Source, state.Target, norm);
            Tensor task = Adapt.SourceLoss(network.First.Forward(sourceF), batch)
                + Adapt.SourceLoss(network.Second.Forward(sourceF), batch);
            return new(task, Discrepancy(
                network.First.Forward(targetF), network.Second.Forward(targetF)), source, target);
        }
    }

    /// <summary>
    /// The mean absolute difference of the probabilities of two logits (M, classes) (equation 4).
    /// </summary>
    public static Tensor Discrepancy(Tensor first, Tensor second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return (first.Softmax(1) - second.Softmax(1)).Abs().Mean();
    }

    private sealed record Seen(
        Tensor Task, Tensor Discrepancy, NormStatistics Source, NormStatistics Target);
}
