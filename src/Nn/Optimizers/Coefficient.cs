// The numbers of update rules, such as momentum: fixed, or tensors by which one can differentiate.
namespace Engine.Nn;

/// <summary>
/// A number of an update rule: a double, or a scalar tensor, which may be learned by derivatives
/// through the steps. Both are converted to it:
/// <c>Optim.Sgd(_ => p.Rate, momentum: p.Momentum)</c>.
/// </summary>
public readonly record struct Coefficient
{
    private readonly double value;
    private readonly Tensor? learned;

    private Coefficient(double value, Tensor? learned) =>
        (this.value, this.learned) = (value, learned);

    /// <summary>Whether it is a fixed 0: what it multiplies can be left out.</summary>
    internal bool IsZero => learned is null && value == 0;

    /// <summary>A fixed number.</summary>
    public static implicit operator Coefficient(double value) => new(value, null);

    /// <summary>A number that a tensor program computes.</summary>
    public static implicit operator Coefficient(Tensor learned)
    {
        ArgumentNullException.ThrowIfNull(learned);
        return learned.Rank == 0 && learned.DType.IsFloat()
            ? new(0, learned)
            : throw Errors.Fail("Optim", $"a number of an update rule is a float scalar, but got "
                + $"{learned.DType.Name()} {learned.Shape}.");
    }

    /// <summary>The tensor times this number.</summary>
    public static Tensor operator *(Coefficient coefficient, Tensor x) =>
        coefficient.learned is { } number ? number.Cast(x.DType) * x : coefficient.value * x;

    /// <summary>The tensor times 1 - this number.</summary>
    internal Tensor Rest(Tensor x) =>
        learned is null ? (1 - value) * x : (1 - learned.Cast(x.DType)) * x;

    /// <summary>This number, above 0, to the power n (an integer tensor), in float64.</summary>
    internal Tensor Power(Tensor n)
    {
        Tensor exponent = n.Cast(DType.Float64);
        return (learned is null
            ? exponent * Math.Log(value) : exponent * learned.Cast(DType.Float64).Log()).Exp();
    }
}
