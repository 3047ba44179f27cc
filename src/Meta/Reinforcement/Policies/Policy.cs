// A policy is a model and a reading of what it gives as a distribution over actions.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Policies over models of type <typeparamref name="P"/>: what a model makes of observations
/// (..., observation), the parameters (..., parameters) of a distribution over actions.
/// </summary>
public sealed record Policy<P>(
    Func<P, Tensor, Tensor> Parameters, IActionDistribution Distribution) where P : ITree
{
    /// <summary>ln of the probability or density of actions by a model.</summary>
    public Tensor LogProbability(P model, Tensor observations, Tensor actions) =>
        Distribution.LogProbability(Parameters(model, observations), actions);
}

/// <summary>
/// The Gaussian policy of Duan et al., "Benchmarking deep reinforcement learning for continuous
/// control" (2016): a network gives the mean, and the deviation is the same everywhere. Its
/// logarithm is learned with the network.
/// </summary>
public sealed partial record GaussianPolicy(Mlp Mean, Tensor LogDeviation) : ITree
{
    /// <summary>Deviations are never taken to be smaller.</summary>
    public const double SmallestDeviation = 1e-6;

    /// <summary>
    /// A policy whose network has the given sizes, observation first and action last, and whose
    /// deviations are 1.
    /// </summary>
    public static GaussianPolicy Create(
        Key key, ReadOnlySpan<int> sizes, Activation activation = Activation.Relu,
        DType type = DType.Float32) => new(
            Mlp.Create(key, sizes, activation, type), Tensor.Zeros(sizes[^1], type).Eval());

    /// <summary>Means and log deviations, one beside the other.</summary>
    public Tensor Parameters(Tensor observations)
    {
        Tensor mean = Mean.Forward(observations);
        Tensor log = Tensor.Maximum(LogDeviation, Math.Log(SmallestDeviation));
        return Tensor.Concat([mean, log.BroadcastTo(mean.Shape)], -1);
    }
}

/// <summary>Ready-made policies.</summary>
public static class Policy
{
    /// <summary>Gaussian policies for actions of that size.</summary>
    public static Policy<GaussianPolicy> Gaussian(int actionSize) =>
        new((model, x) => model.Parameters(x), new DiagonalGaussian(actionSize));

    /// <summary>Networks that give a logit for each of that many choices.</summary>
    public static Policy<Mlp> Categorical(int choices) =>
        new((model, x) => model.Forward(x), new Categorical(choices));
}
