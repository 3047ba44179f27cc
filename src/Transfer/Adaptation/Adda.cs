// Adversarial discriminative domain adaptation (Tzeng et al., 2017): the trained source network
// stays; the target's own encoder starts from it and learns to be taken for it by a critic. The
// classifier is the source's.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// The source network, the target's encoder (all of the network's leaves but the head's), the
/// critic, an optimiser's state of each, and the target's normalisation statistics.
/// </summary>
public sealed partial record AddaState<N>(
    N Source, Part Encoder, Mlp Critic, OptimizerState OfEncoder, OptimizerState OfCritic,
    NormStatistics Statistics) : ITree where N : IFeatureNetwork;

/// <summary>The method ADDA.</summary>
public static class Adda
{
    /// <summary>
    /// Adapts a network that is trained on the source. Each step moves the critic (equation 9,
    /// first line) and then, with the labels turned round, the encoder (third line).
    /// </summary>
    /// <param name="source">The trained network and its statistics.</param>
    /// <param name="key">Randomness of the critic's first weights.</param>
    /// <param name="optimizer">The update rule of critic and encoder, a state each.</param>
    /// <param name="hidden">Units of the critic's two hidden layers.</param>
    /// <param name="norm">
    /// Whether the encoder normalises by the source's statistics (fixed) or the target's own (per
    /// domain).
    /// </param>
    public static Adaptation<AddaState<N>, N> Create<N>(
        Adapted<N> source, Key key, Optimizer optimizer, int hidden = 500,
        NormPolicy norm = NormPolicy.PerDomain) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(optimizer);
        if (norm == NormPolicy.Shared)
            throw Errors.Fail("Adda", "source and target have an encoder each, and so no shared "
                + "statistics. Choose PerDomain or Fixed.");
        NormStatistics fromSource = source.Statistics;
        Part encoder = Part.Of(source.Network, Heads.NotIn(source.Network));
        Mlp critic = Critic.Create(key, source.Network.Head.Weight.Shape[1], hidden);
        return new(
            ["critic", "encoder"],
            new(source.Network, encoder, critic, optimizer.Init(encoder), optimizer.Init(critic),
                fromSource),
            Step, state => new(state.Encoder.In(state.Source), state.Statistics))
        {
            ReadSource = state => new(state.Source, fromSource),
        };

        (AddaState<N>, Tensor) Step(AddaState<N> state, DomainBatch batch)
        {
            // What only the critic learns from is no function of the encoder.
            Tensor source = state.Source.Features(batch.SourceX, fromSource);
            var (before, statistics) = Target(state.Encoder, state, batch);
            var (told, ofCritic) = Grad.WithValue((Mlp own) =>
                Taken(own, source, forSource: 1) + Taken(own, before, forSource: 0))(state.Critic);
            var (critic, criticMoments) = optimizer.Step(state.Critic, ofCritic, state.OfCritic);
            var (fooled, ofEncoder) = Grad.WithValue((Part own) =>
                Taken(critic, Target(own, state, batch).Features, forSource: 1))(state.Encoder);
            var (encoder, moments) = optimizer.Step(state.Encoder, ofEncoder, state.OfEncoder);
            return (new(state.Source, encoder, critic, moments, criticMoments, statistics),
                Tensor.Stack([told, fooled]));
        }

        (Tensor Features, NormStatistics Statistics) Target(
            Part encoder, AddaState<N> state, DomainBatch batch)
        {
            N network = encoder.In(state.Source);
            return norm == NormPolicy.Fixed
                ? (fromSource.Infer(Run), fromSource) : state.Statistics.Train(Run);

            Tensor Run(Normalize normalize) =>
                network.Features(batch.TargetX, normalize, batch.Key);
        }
    }

    /// <summary>The critic's cross-entropy if all these features were of one domain.</summary>
    private static Tensor Taken(Mlp critic, Tensor features, double forSource) =>
        Loss.BceWithLogits(
            critic.Forward(features).Squeeze(1),
            Tensor.Full(features.Shape[0], forSource, features.DType));
}
