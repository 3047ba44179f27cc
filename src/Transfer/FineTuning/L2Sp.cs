// L2-SP (Li, Grandvalet and Davoine, 2018): weight decay towards the start instead of towards zero.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>The penalty of L2-SP.</summary>
public static class L2Sp
{
    /// <summary>
    /// alpha / 2 |w - w0|² over the leaves that come from the start, plus beta / 2 |w|² over the
    /// head, which is new (equation 4 of the paper); a scalar. Leaves that are the start's own
    /// tensors, as frozen ones are, add nothing and are not read.
    /// </summary>
    /// <param name="network">The network that is tuned.</param>
    /// <param name="start">The network it started from.</param>
    /// <param name="alpha">How strongly the body is held at the start; 0 or more.</param>
    /// <param name="beta">How strongly the head is held at zero; 0 or more.</param>
    public static Tensor Penalty<N>(N network, N start, double alpha, double beta = 0)
        where N : IFeatureNetwork
    {
        if (!(alpha >= 0 && beta >= 0 && double.IsFinite(alpha + beta)))
            throw Errors.Fail("L2Sp", $"alpha {alpha} and beta {beta} must be 0 or more.");
        Func<string, bool> head = Heads.In(network);
        IReadOnlyList<string> paths = network.Paths();
        IReadOnlyList<Tensor> now = network.Leaves(), before = start.Leaves();
        Tensor sum = Tensor.Zeros([], network.Head.Weight.DType);
        for (int i = 0; i < now.Count; i++)
        {
            if (!now[i].DType.IsFloat()) continue;
            if (head(paths[i])) sum += beta / 2 * now[i].Square().Sum();
            else if (!ReferenceEquals(now[i], before[i]))
                sum += alpha / 2 * (now[i] - before[i]).Square().Sum();
        }
        return sum;
    }
}
