// Elements held between bounds.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Each element held between <paramref name="min"/> and <paramref name="max"/>; either may be
    /// absent. NaN stays NaN, and where min exceeds max the result is max. At a bound the
    /// derivative is shared as in <see cref="Maximum(Tensor, Tensor)"/>.
    /// </summary>
    public Tensor Clip(double? min = null, double? max = null) => Clip(
        min is { } low ? Like("Clip", low) : null, max is { } high ? Like("Clip", high) : null);

    /// <inheritdoc cref="Clip(double?, double?)"/>
    public Tensor Clip(long? min = null, long? max = null) => Clip(
        min is { } low ? Like("Clip", low) : null, max is { } high ? Like("Clip", high) : null);

    /// <summary>
    /// Each element held between those of <paramref name="min"/> and <paramref name="max"/>, with
    /// broadcasting; either may be absent.
    /// </summary>
    public Tensor Clip(Tensor? min, Tensor? max)
    {
        if (min is null && max is null)
            throw Errors.Fail("Clip", $"no bound given for {Shape}. Give a minimum, a maximum or "
                + "both.");
        Tensor x = min is null ? this : Maximum(this, min);
        return max is null ? x : Minimum(x, max);
    }
}
