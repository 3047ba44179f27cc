// What batch normalisation does while a network is fine-tuned or adapted to another domain: a
// choice that every method has to make, and that none makes silently.
namespace Engine.Transfer;

/// <summary>
/// How a network's batch normalisations are applied in training on other data than their
/// statistics are of. A network without any is the same under each.
/// </summary>
public enum NormPolicy
{
    /// <summary>
    /// By the statistics of the batch, of all domains in it together; one set of running
    /// statistics moves with the batches.
    /// </summary>
    Shared,

    /// <summary>
    /// Each domain by the statistics of its own part of the batch, and with running statistics of
    /// its own (Li et al., 2016; Chang et al., 2019).
    /// </summary>
    PerDomain,

    /// <summary>By the running statistics that were given, which stay.</summary>
    Fixed,
}
