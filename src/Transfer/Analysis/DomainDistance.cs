// How far the features of two domains are apart, as a classifier of domains sees it.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>The proxy A-distance.</summary>
public static class DomainDistance
{
    /// <summary>
    /// 2 (1 - 2 e), where e is the error of a logistic regression that tells the domains of
    /// features (N, F) and (M, F) apart, on the half that it was not fitted on (Ben-David et al.,
    /// 2007): 0 if the domains are alike, 2 if they are apart. Both domains count alike in e.
    /// </summary>
    /// <exception cref="EngineException">A domain has fewer than two samples.</exception>
    public static double Of(Tensor source, Tensor target, double strength = 1e-3)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (source.Shape[0] < 2 || target.Shape[0] < 2)
            throw Errors.Fail("DomainDistance", "needs at least two samples of each domain: one to "
                + "fit on and one to test on.");
        var (a, otherA) = Rows.Halves(source);
        var (b, otherB) = Rows.Halves(target);
        Linear domain = ImportanceWeights.DomainClassifier(a, b, strength);
        // Where both domains are as likely: the larger one would win ties of all that is alike.
        double even = Math.Log((double)b.Shape[0] / a.Shape[0]);
        double TakenForTarget(Tensor rows) => (ImportanceWeights.Logits(domain, rows) > even)
            .Cast(DType.Float64).Mean().Item();
        return 2 * (TakenForTarget(otherB) - TakenForTarget(otherA));
    }
}
