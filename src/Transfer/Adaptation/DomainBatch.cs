// What a step of adaptation is given, and what a term of its loss may look at.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// A batch of both domains. No labels of the target are in it: what is trained cannot see them.
/// </summary>
/// <param name="SourceX">Source inputs (N, ...).</param>
/// <param name="SourceY">Their labels (N), integers.</param>
/// <param name="TargetX">Target inputs (M, ...).</param>
/// <param name="Progress">How far training is, a scalar in 0..1, for weights that grow.</param>
/// <param name="Key">Randomness of this step.</param>
/// <param name="SourceWeights">
/// What each source sample counts (N), of a mean of 1 over the set, such as <see
/// cref="Kmm.Weights"/> over their mean; all the same by default.
/// </param>
public sealed partial record DomainBatch(
    Tensor SourceX, Tensor SourceY, Tensor TargetX, Tensor Progress, Key Key,
    Tensor? SourceWeights = null) : ITree;

/// <summary>
/// Features (N, F) and logits (N, classes) of the source, and of the target (M, F), (M, classes).
/// </summary>
public sealed partial record Views(
    Tensor SourceF, Tensor SourceZ, Tensor TargetF, Tensor TargetZ) : ITree;

/// <summary>A network and the normalisation statistics that it has on the target.</summary>
public sealed partial record Adapted<N>(N Network, NormStatistics Statistics) : ITree
    where N : IFeatureNetwork
{
    /// <summary>Inputs (N, ...) to logits (N, classes).</summary>
    public Tensor Forward(Tensor x) => Network.Forward(x, Statistics);

    /// <summary>Inputs (N, ...) to features (N, F).</summary>
    public Tensor Features(Tensor x) => Network.Features(x, Statistics);
}
