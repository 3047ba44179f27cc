// Maximum mean discrepancy (Gretton et al., 2012): how far two samples are apart, as the mean
// difference of kernels. Deep adaptation networks (DAN, Long et al., 2015) minimise it on features.
namespace Engine.Transfer;

/// <summary>
/// A kernel's values within the first sample (N, N), within the second (M, M), and between them
/// (N, M).
/// </summary>
public sealed partial record KernelValues(Tensor First, Tensor Second, Tensor Between) : ITree
{
    /// <summary>The product of two kernels, which is a kernel on pairs.</summary>
    public KernelValues Times(KernelValues other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(First * other.First, Second * other.Second, Between * other.Between);
    }
}

/// <summary>The maximum mean discrepancy and the term of DAN.</summary>
public static class Mmd
{
    private const double Narrowest = 1e-20;

    /// <summary>DAN's kernels: widths as multiples of the mean squared distance.</summary>
    public static ReadOnlySpan<double> Multiples => [0.125, 0.25, 0.5, 1, 2];

    /// <summary>
    /// The unbiased estimate of the squared discrepancy of samples (N, F) and (M, F), with a sum of
    /// Gaussian kernels exp(-|x - y|^2 / (2 width)) of the given widths (K) (Gretton et al., 2012,
    /// equation 3).
    /// </summary>
    public static Tensor Between(Tensor a, Tensor b, Tensor widths) =>
        Of(Gaussian(a, b, widths));

    /// <summary>
    /// The sum of Gaussian kernels of those widths (K) on samples (N, F) and (M, F).
    /// </summary>
    public static KernelValues Gaussian(Tensor a, Tensor b, Tensor widths)
    {
        ArgumentNullException.ThrowIfNull(widths);
        // Distances do not see where both samples lie, but their rounding errors do.
        Tensor centre = Centre(a, b);
        Tensor p = a - centre, q = b - centre;
        Tensor Kernel(Tensor distances) =>
            (distances.ExpandDims(2) / (-2 * widths)).Exp().Sum(2);
        return new(
            Kernel(Distances(p, p)), Kernel(Distances(q, q)), Kernel(Distances(p, q)));
    }

    /// <summary>The unbiased estimate from a kernel's values. At least two samples each.</summary>
    public static Tensor Of(KernelValues kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return Others(kernel.First) + Others(kernel.Second) - 2 * kernel.Between.Mean();
    }

    /// <summary>
    /// <see cref="Multiples"/> of the mean squared distance of all pairs of both samples: widths
    /// (K) that follow the features as they grow, without a derivative.
    /// </summary>
    public static Tensor Widths(Tensor a, Tensor b)
    {
        // The mean over all pairs is twice the mean squared distance from the mean.
        Tensor both = Tensor.Concat([a, b], 0).StopGradient() - Centre(a, b);
        Tensor multiples = Tensor.From(Multiples.ToArray()).Cast(both.DType);
        // Features that are all the same have some width still, under which they do not differ.
        return multiples * Tensor.Maximum(2 * both.Square().Sum(1).Mean(), Narrowest);
    }

    /// <summary>The term of DAN on the features.</summary>
    public static Term<None> Term(double weight = 1) => new("discrepancy", new(), (_, views, _) =>
        weight * Between(
            views.SourceF, views.TargetF, Widths(views.SourceF, views.TargetF)));

    /// <summary>The mean of both samples together, (F), without a derivative.</summary>
    private static Tensor Centre(Tensor a, Tensor b) =>
        Tensor.Concat([a, b], 0).StopGradient().Mean(0);

    /// <summary>Squared distances of all rows of a to all rows of b, (N, M).</summary>
    private static Tensor Distances(Tensor a, Tensor b) => Tensor.Maximum(
        a.Square().Sum(1, keepDims: true) + b.Square().Sum(1) - 2 * a.MatMul(b.Transpose()), 0);

    /// <summary>The mean of a kernel over pairs of different samples.</summary>
    private static Tensor Others(Tensor kernel)
    {
        double count = kernel.Shape[0];
        if (count < 2)
            throw Errors.Fail("Mmd", "a sample of one has no pairs; give at least two of each "
                + "domain.");
        Tensor different = 1 - Tensor.Eye(kernel.Shape[0], kernel.DType);
        return (kernel * different).Sum() / (count * (count - 1));
    }
}
