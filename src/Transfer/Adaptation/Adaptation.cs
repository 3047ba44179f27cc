// The common shape of the methods: a start, a step and how to read the network of a state. Three
// functions and nothing to inherit; a method is one file that makes them.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>A method of domain adaptation.</summary>
/// <param name="Losses">The names of the losses that a step returns, in order.</param>
/// <param name="Start">
/// The state before the first step: a tree, so a checkpoint is one line.
/// </param>
/// <param name="Step">
/// The state after a step and the losses (K) before it; a pure function, which <see
/// cref="Adapt.Run"/> compiles.
/// </param>
/// <param name="Read">The network of a state, as it is used on the target.</param>
public sealed record Adaptation<S, N>(
    ImmutableArray<string> Losses, S Start, Func<S, DomainBatch, (S State, Tensor Losses)> Step,
    Func<S, Adapted<N>> Read)
    where S : ITree where N : IFeatureNetwork
{
    /// <summary>
    /// The network of a state, as it is used on the source: where each domain has normalisation
    /// statistics of its own, or an encoder, these are the source's.
    /// </summary>
    public Func<S, Adapted<N>> ReadSource { get; init; } = Read;
}

/// <summary>What is added to the source's loss to bring the domains together.</summary>
/// <param name="Losses">The names of the losses that it is the sum of.</param>
/// <param name="Parameters">Its own, such as a critic's, which learn with the network.</param>
/// <param name="Value">Those losses (K), of its parameters, the views and the batch.</param>
public sealed record Term<A>(
    ImmutableArray<string> Losses, A Parameters, Func<A, Views, DomainBatch, Tensor> Value)
    where A : ITree
{
    /// <summary>A term of one loss, whose value is a scalar.</summary>
    public Term(string name, A parameters, Func<A, Views, DomainBatch, Tensor> value)
        : this([name], parameters, (own, views, batch) => value(own, views, batch).ExpandDims(0))
    {
    }

    /// <summary>The sum of both terms, each loss told apart.</summary>
    public Term<Both<A, B>> Plus<B>(Term<B> other) where B : ITree
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            [.. Losses, .. other.Losses], new(Parameters, other.Parameters),
            (own, views, batch) => Tensor.Concat(
                [
                    Value(own.First, views, batch), other.Value(own.Second, views, batch),
                ],
                0));
    }

    /// <summary>
    /// The term times a weight, which may grow with <see cref="DomainBatch.Progress"/>.
    /// </summary>
    public Term<A> Times(Func<Tensor, Tensor> weight) => this with
    {
        Value = (own, views, batch) => weight(batch.Progress) * Value(own, views, batch),
    };
}

/// <summary>Two trees side by side.</summary>
public sealed partial record Both<A, B>(A First, B Second) : ITree
    where A : ITree where B : ITree;

/// <summary>A tree without leaves: the parameters of a term that has none.</summary>
public sealed partial record None : ITree;

/// <summary>
/// The state of a method that is one loss: the network, the term's own parameters, one optimiser
/// for both, and the normalisation statistics of each domain.
/// </summary>
public sealed partial record TermState<N, A>(
    N Network, A Own, OptimizerState Optimizer, NormStatistics Source, NormStatistics Target)
    : ITree where N : IFeatureNetwork where A : ITree;
