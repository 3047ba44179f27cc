// Entropies of predictions, from logits: no logarithm of a probability that underflowed.
namespace Engine.Transfer;

/// <summary>Entropies in nats of predictions given as logits (N, classes).</summary>
public static class Entropy
{
    /// <summary>The entropy of each row's prediction, (N).</summary>
    public static Tensor OfEach(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Tensor logs = logits.LogSoftmax(1);
        return -(logs.Exp() * logs).Sum(1);
    }

    /// <summary>The entropy of the mean prediction of all rows, a scalar.</summary>
    public static Tensor OfMean(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        Tensor logs = logits.LogSoftmax(1).LogSumExp(0) - Math.Log(logits.Shape[0]);
        return -(logs.Exp() * logs).Sum();
    }
}
