// The four-block convolutional network that few-shot papers compare on.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>Convolution 3x3, batch normalisation, rectifier, 2x2 max-pooling.</summary>
public sealed partial record ConvBlock(Conv2d Convolution, BatchNorm Norm) : ITree
{
    /// <summary>A block from that many channels to that many filters.</summary>
    public static ConvBlock Create(
        Key key, int channels, int filters, DType type = DType.Float32) =>
        new(Conv2d.Create(key, channels, filters, padding: 1, type: type),
            BatchNorm.Create(filters, type));

    /// <summary>(N, C, H, W) to (N, filters, H / 2, W / 2).</summary>
    public Tensor Forward(Tensor x, Normalize normalize)
    {
        x = normalize(Norm, Convolution.Forward(x));
        // Rectified after pooling: the same values and derivatives on a quarter of the elements.
        return x.MaxPool2d(2).Relu();
    }
}

/// <summary>
/// Four blocks and a linear head (Vinyals et al., 2016; Finn et al., 2017): "Conv4-64" with 64
/// filters.
/// </summary>
public sealed partial record Conv4(ImmutableArray<ConvBlock> Blocks, Linear Head)
    : IFeatureNetwork
{
    /// <summary>A network for square images, Xavier-uniform weights.</summary>
    public static Conv4 Create(
        Key key, int channels, int size, int filters, int ways, DType type = DType.Float32)
    {
        if (size < 16)
            throw new EngineException($"Conv4: images of {size} x {size} vanish in four poolings. "
                + "Give images of at least 16 x 16.");
        Key[] keys = key.Split(5);
        var blocks = ImmutableArray.CreateBuilder<ConvBlock>(4);
        for (int i = 0; i < 4; i++)
        {
            blocks.Add(ConvBlock.Create(keys[i], i == 0 ? channels : filters, filters, type));
            size /= 2;
        }
        int features = filters * size * size;
        return new(
            blocks.MoveToImmutable(), Linear.Create(keys[4], features, ways, type: type));
    }

    /// <summary>Images (N, C, H, W) to features (N, filters * h * w).</summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        foreach (ConvBlock block in Blocks) x = block.Forward(x, normalize);
        return x.Flatten(1);
    }
}
