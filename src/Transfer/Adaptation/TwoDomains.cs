// A network run on both domains, with batch normalisation as a policy says.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>What a network makes of both domains, and the statistics after it.</summary>
internal sealed record TwoDomains(Views Views, NormStatistics Source, NormStatistics Target)
{
    public static TwoDomains Of<N>(
        N network, DomainBatch batch, NormStatistics source, NormStatistics target,
        NormPolicy norm) where N : IFeatureNetwork
    {
        var (sourceF, targetF, nextSource, nextTarget) =
            Features(network, batch, source, target, norm);
        return new(
            new(sourceF, network.Head.Forward(sourceF), targetF, network.Head.Forward(targetF)),
            nextSource, nextTarget);
    }

    /// <summary>Features of source and target, and the statistics of each.</summary>
    public static (Tensor SourceF, Tensor TargetF, NormStatistics Source, NormStatistics Target)
        Features<N>(
            N network, DomainBatch batch, NormStatistics source, NormStatistics target,
            NormPolicy norm) where N : IFeatureNetwork
    {
        if (norm == NormPolicy.PerDomain)
        {
            Key[] keys = batch.Key.Split();
            var (sourceF, nextSource) = source.Train(
                normalize => network.Features(batch.SourceX, normalize, keys[0]));
            var (targetF, nextTarget) = target.Train(
                normalize => network.Features(batch.TargetX, normalize, keys[1]));
            return (sourceF, targetF, nextSource, nextTarget);
        }
        Tensor x = Tensor.Concat([batch.SourceX, batch.TargetX], 0);
        var (both, next) = norm == NormPolicy.Fixed
            ? (source.Infer(normalize => network.Features(x, normalize, batch.Key)), source)
            : source.Train(normalize => network.Features(x, normalize, batch.Key));
        int count = batch.SourceX.Shape[0];
        return (both[..count], both[count..], next, next);
    }
}
