// Group and instance normalisation: statistics of each sample alone.
namespace Engine.Nn;

/// <summary>
/// Each sample's channels standardised in groups of neighbours (Wu and He, 2018): inputs
/// (N, C, ...), scale and shift (C).
/// </summary>
public sealed partial record GroupNorm(
    Tensor Scale, Tensor Shift, int Groups, double Epsilon = 1e-5) : ITree
{
    /// <summary>Scale 1 and shift 0.</summary>
    public static GroupNorm Create(int groups, int channels, DType type = DType.Float32)
    {
        Errors.Divide("GroupNorm", channels, groups);
        return new(
            Tensor.Ones(channels, type).Eval(), Tensor.Zeros(channels, type).Eval(), groups);
    }

    /// <summary>(N, C, ...) to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        Errors.Channels("GroupNorm", x, Scale.Shape[0], minRank: 2);
        return Normalization.Groups(x, Groups, Epsilon, Scale, Shift);
    }
}

/// <summary>
/// Each channel of each sample standardised (Ulyanov et al., 2016): inputs (N, C, ...), scale and
/// shift (C), or none, as PyTorch has it by default.
/// </summary>
public sealed partial record InstanceNorm(
    int Channels, Tensor? Scale = null, Tensor? Shift = null, double Epsilon = 1e-5) : ITree
{
    /// <summary>Scale 1 and shift 0 if <paramref name="affine"/>, otherwise neither.</summary>
    public static InstanceNorm Create(
        int channels, bool affine = false, DType type = DType.Float32) =>
        affine
            ? new(channels, Tensor.Ones(channels, type).Eval(), Tensor.Zeros(channels, type).Eval())
            : new(channels);

    /// <summary>(N, C, ...) to the same shape.</summary>
    public Tensor Forward(Tensor x)
    {
        Errors.Channels("InstanceNorm", x, Channels);
        return Normalization.Groups(x, Channels, Epsilon, Scale, Shift);
    }
}
