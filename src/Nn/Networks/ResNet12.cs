// The residual network of few-shot papers, with the filters and the pooling of MetaOptNet.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// Three 3x3 convolutions with leaky rectifiers (slope 0.1), a 1x1 convolution beside them, and
/// 2x2 max-pooling of their sum.
/// </summary>
public sealed partial record ResNet12Block(
    ConvNorm First, ConvNorm Second, ConvNorm Third, ConvNorm Shortcut) : ITree
{
    private const double Slope = 0.1;

    /// <summary>A block from that many channels to that many filters.</summary>
    public static ResNet12Block Create(
        Key key, int channels, int filters, DType type = DType.Float32)
    {
        Key[] keys = key.Split(4);
        return new(
            ConvNorm.Create(keys[0], channels, filters, type: type),
            ConvNorm.Create(keys[1], filters, filters, type: type),
            ConvNorm.Create(keys[2], filters, filters, type: type),
            ConvNorm.Create(keys[3], channels, filters, kernel: 1, type: type));
    }

    /// <summary>(N, C, H, W) to (N, filters, H / 2, W / 2).</summary>
    public Tensor Forward(Tensor x, Normalize normalize)
    {
        Tensor y = First.Forward(x, normalize).LeakyRelu(Slope);
        y = Second.Forward(y, normalize).LeakyRelu(Slope);
        y = Third.Forward(y, normalize) + Shortcut.Forward(x, normalize);
        return y.LeakyRelu(Slope).MaxPool2d(2);
    }
}

/// <summary>
/// ResNet-12 as in MetaOptNet (Lee et al., 2019): four blocks of 64, 160, 320 and 640 filters,
/// global average, linear head; without its DropBlock. (TADAM's, Oreshkin et al., 2018, has 64,
/// 128, 256 and 512 filters: give them.)
/// </summary>
public sealed partial record ResNet12(ImmutableArray<ResNet12Block> Blocks, Linear Head)
    : IFeatureNetwork
{
    /// <summary>
    /// A network for images of at least 16 x 16; <paramref name="filters"/> of each block are 64,
    /// 160, 320 and 640 unless given.
    /// </summary>
    public static ResNet12 Create(
        Key key, int classes, int channels = 3, ReadOnlySpan<int> filters = default,
        DType type = DType.Float32)
    {
        if (filters.IsEmpty) filters = [64, 160, 320, 640];
        Key[] keys = key.Split(filters.Length + 1);
        var blocks = ImmutableArray.CreateBuilder<ResNet12Block>(filters.Length);
        foreach (int width in filters)
        {
            blocks.Add(ResNet12Block.Create(keys[blocks.Count], channels, width, type));
            channels = width;
        }
        return new(
            blocks.MoveToImmutable(), Linear.Create(keys[^1], channels, classes, type: type));
    }

    /// <summary>
    /// Images (N, C, H, W) to features (N, filters of the last block), the average over all places.
    /// </summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        foreach (ResNet12Block block in Blocks) x = block.Forward(x, normalize);
        return x.GlobalAvgPool2d();
    }
}
