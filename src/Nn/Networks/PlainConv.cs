// Convolutions without normalisation: a network that can learn from one image at a time.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// Convolutions 3x3 with rectifiers; every second one halves height and width by its stride. The
/// representation network of Javed and White (2019) is one of six layers with 256 filters.
/// </summary>
public sealed partial record PlainConv(ImmutableArray<Conv2d> Layers) : ITree
{
    /// <summary>
    /// A network of that many layers, He-normal weights (He et al., 2015). Biases start at 0.01:
    /// with zeros, blank parts of an image would reach the rectifiers as exactly 0, where they have
    /// no derivative.
    /// </summary>
    public static PlainConv Create(
        Key key, int channels, int filters, int layers = 4, DType type = DType.Float32) =>
        new([.. key.Split(layers).Select((k, i) =>
        {
            Conv2d made = Conv2d.Create(
                k, i == 0 ? channels : filters, filters, stride: i % 2 == 0 ? 2 : 1, padding: 1,
                type: type);
            return made with
            {
                Weight = Init.HeNormal(k, made.Weight.Shape, type).Eval(),
                Bias = Tensor.Full(filters, 0.01, type).Eval(),
            };
        })]);

    /// <summary>Features of a square image of that size.</summary>
    public int FeatureCount(int size)
    {
        foreach (Conv2d layer in Layers) size = (size - 1) / layer.Stride + 1;
        return Layers[^1].Weight.Shape[0] * size * size;
    }

    /// <summary>Images (N, C, H, W) to features (N, F).</summary>
    public Tensor Forward(Tensor x)
    {
        foreach (Conv2d layer in Layers) x = layer.Forward(x).Relu();
        return x.Flatten(1);
    }
}
