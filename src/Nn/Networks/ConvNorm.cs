// A convolution followed by batch normalisation, of which the deeper networks are built.
namespace Engine.Nn;

/// <summary>A convolution without bias, then batch normalisation.</summary>
public sealed partial record ConvNorm(Conv2d Convolution, BatchNorm Norm) : ITree
{
    /// <summary>
    /// Square filters with He-normal weights (He et al., 2015); padding keeps the size at stride 1.
    /// </summary>
    public static ConvNorm Create(
        Key key, int channels, int filters, int kernel = 3, int stride = 1, int groups = 1,
        DType type = DType.Float32)
    {
        Conv2d convolution = Conv2d.Create(
            key, channels, filters, kernel, stride, kernel / 2, groups: groups, bias: false,
            type: type);
        return new(
            convolution with { Weight = Init.HeNormal(key, convolution.Weight.Shape, type).Eval() },
            BatchNorm.Create(filters, type));
    }

    /// <summary>(N, C, H, W) to (N, filters, OH, OW).</summary>
    public Tensor Forward(Tensor x, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(normalize);
        return normalize(Norm, Convolution.Forward(x));
    }
}
