// Activation functions composed of other operations, which run as one fused step; their
// derivatives follow at every order.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Gaussian error linear unit, x Phi(x) with Phi the normal distribution function, element by
    /// element; with <paramref name="approximate"/>, Phi is replaced by its tanh approximation
    /// (Hendrycks and Gimpel, "Gaussian error linear units", 2016).
    /// </summary>
    public Tensor Gelu(bool approximate = false)
    {
        Errors.Float("Gelu", this);
        Tensor centred = approximate
            ? (Math.Sqrt(2 / Math.PI) * (this + 0.044715 * this * Square())).Tanh()
            : (Math.Sqrt(0.5) * this).Erf();
        return 0.5 * this * (1 + centred);
    }

    /// <summary>
    /// Sigmoid linear unit or swish, x sigmoid(x), element by element (Elfwing et al.,
    /// "Sigmoid-weighted linear units", 2017).
    /// </summary>
    public Tensor Silu()
    {
        Errors.Float("Silu", this);
        return this * Sigmoid();
    }

    /// <summary>
    /// Exponential linear unit: x above zero, <paramref name="alpha"/> (e^x - 1) elsewhere, element
    /// by element (Clevert et al., 2015). The derivative at zero is alpha.
    /// </summary>
    public Tensor Elu(double alpha = 1)
    {
        Errors.Float("Elu", this);
        // The branch not taken sees zeros, so that it neither overflows nor makes NaN.
        Tensor positive = this > 0;
        return Where(positive, this, alpha * Where(positive, 0, this).Expm1());
    }

    /// <summary>
    /// x above zero, <paramref name="slope"/> x elsewhere, element by element. The derivative at
    /// zero is the slope.
    /// </summary>
    public Tensor LeakyRelu(double slope = 0.01)
    {
        Errors.Float("LeakyRelu", this);
        return Where(this > 0, this, slope * this);
    }
}
