// Ready-made networks: a multi-layer perceptron and the four-block convolutional network that
// few-shot papers compare on.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>Linear layers with an activation between them (none after the last).</summary>
public sealed partial record Mlp(ImmutableArray<Linear> Layers, Activation Activation) : ITree
{
    /// <summary>
    /// Layers of the given sizes, inputs first: [1, 40, 40, 1]; Xavier-uniform weights.
    /// </summary>
    public static Mlp Create(
        Key key, ReadOnlySpan<int> sizes, Activation activation = Activation.Relu,
        DType type = DType.Float32)
    {
        if (sizes.Length < 2)
            throw new EngineException("Mlp: needs at least the sizes of input and output, such as "
                + "[784, 256, 10].");
        Key[] keys = key.Split(sizes.Length - 1);
        var layers = ImmutableArray.CreateBuilder<Linear>(keys.Length);
        for (int i = 0; i < keys.Length; i++)
            layers.Add(Linear.Create(keys[i], sizes[i], sizes[i + 1], type: type));
        return new(layers.MoveToImmutable(), activation);
    }

    /// <summary>(N, inputs) to (N, outputs).</summary>
    public Tensor Forward(Tensor x)
    {
        for (int i = 0; i < Layers.Length; i++)
        {
            x = Layers[i].Forward(x);
            if (i + 1 < Layers.Length) x = x.Activate(Activation);
        }
        return x;
    }
}

/// <summary>Convolution 3x3, batch normalisation, rectifier, 2x2 max-pooling.</summary>
public sealed partial record ConvBlock(Conv2d Convolution, BatchNorm Norm) : ITree
{
    /// <summary>A block from that many channels to that many filters.</summary>
    public static ConvBlock Create(
        Key key, int channels, int filters, DType type = DType.Float32) =>
        new(Conv2d.Create(key, channels, filters, padding: 1, type: type),
            BatchNorm.Create(filters, type));

    /// <summary>
    /// (N, C, H, W) to (N, filters, H / 2, W / 2), by the batch's own statistics.
    /// </summary>
    public Tensor Forward(Tensor x) =>
        Norm.Forward(Convolution.Forward(x)).Relu().MaxPool2d(2);
}

/// <summary>
/// Four blocks and a linear head (Vinyals et al., 2016; Finn et al., 2017): "Conv4-64" with 64
/// filters.
/// </summary>
public sealed partial record Conv4(ImmutableArray<ConvBlock> Blocks, Linear Head) : ITree
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
    public Tensor Features(Tensor x)
    {
        foreach (ConvBlock block in Blocks) x = block.Forward(x);
        return x.Flatten(1);
    }

    /// <summary>Images (N, C, H, W) to logits (N, ways).</summary>
    public Tensor Forward(Tensor x) => Head.Forward(Features(x));
}
