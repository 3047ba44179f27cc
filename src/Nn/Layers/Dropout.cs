// Dropout. The random numbers come from a key that is passed in: the same key drops the same
// elements.
namespace Engine.Nn;

/// <summary>
/// Sets elements to zero with probability <paramref name="Rate"/> and scales the others by
/// 1 / (1 - rate), in training alone (Srivastava et al., 2014).
/// </summary>
public sealed partial record Dropout(double Rate) : ITree
{
    /// <summary>A layer of that rate, in 0..1.</summary>
    public static Dropout Create(double rate) => rate is >= 0 and <= 1
        ? new(rate)
        : throw Errors.Fail("Dropout", $"rate {rate} must lie in 0..1.");

    /// <summary>Elements of x dropped one by one when training, x otherwise.</summary>
    public Tensor Forward(Tensor x, Key key, bool training)
    {
        ArgumentNullException.ThrowIfNull(key);
        return training ? key.Dropout(x, Rate) : x;
    }

    /// <summary>
    /// Whole channels of x (N, C, ...) dropped when training, x otherwise (Tompson et al., 2015).
    /// </summary>
    public Tensor ForwardChannels(Tensor x, Key key, bool training)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (x.Rank < 2)
            throw Errors.Fail("Dropout", $"channels need (N, C, ...), but got {x.Shape}.");
        if (!training || Rate == 0) return x;
        Shape channels = [.. x.Shape.Sizes[..2], .. Enumerable.Repeat(1, x.Rank - 2)];
        return x * key.Dropout(Tensor.Ones(channels, x.DType), Rate);
    }
}
