// The two networks of "Learning to compare" (Sung et al., 2018, figure 2): one that embeds images
// as maps, one that compares maps.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Four blocks of convolution 3x3, batch normalisation and rectifier; the first two have unpadded
/// convolutions and are pooled, the others keep the size: images of 28 x 28 become maps of 5 x 5.
/// </summary>
public sealed partial record RelationEncoder(ImmutableArray<ConvBlock> Blocks) : ITree
{
    private const int Pooled = 2;

    /// <summary>The embedding for <see cref="RelationNet{T}"/>.</summary>
    public static Features<RelationEncoder> Embed =>
        (model, x, normalize) => model.Maps(x, normalize);

    /// <summary>An encoder of images with that many channels.</summary>
    public static RelationEncoder Create(
        Key key, int channels, int filters = 64, DType type = DType.Float32) =>
        new([.. key.Split(4).Select((k, i) =>
        {
            ConvBlock block = ConvBlock.Create(k, i == 0 ? channels : filters, filters, type);
            return i < Pooled ? block with
            {
                Convolution = block.Convolution with { Padding = 0 },
            } : block;
        })]);

    /// <summary>Side of the maps of square images.</summary>
    public static int MapSize(int imageSize) => ((imageSize - 2) / 2 - 2) / 2;

    /// <summary>Images (N, C, H, W) to maps (N, filters, h, w).</summary>
    public Tensor Maps(Tensor x, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(normalize);
        for (int i = 0; i < Blocks.Length; i++)
            x = i < Pooled
                ? Blocks[i].Forward(x, normalize)
                : normalize(Blocks[i].Norm, Blocks[i].Convolution.Forward(x)).Relu();
        return x;
    }
}

/// <summary>
/// Compares maps: two blocks on the maps of a class and a query together, then two linear layers.
/// </summary>
public sealed partial record RelationModule(
    ConvBlock First, ConvBlock Second, Linear Hidden, Linear Score) : ITree
{
    /// <summary>A module for square maps of that many channels and that size, 4 or more.</summary>
    public static RelationModule Create(
        Key key, int channels, int size, int filters = 64, int hidden = 8,
        DType type = DType.Float32)
    {
        int left = size / 2 / 2;
        if (left < 1)
            throw new EngineException($"RelationModule: maps of {size} x {size} vanish in two "
                + "poolings. Give maps of at least 4 x 4: embed larger images or pool less.");
        Key[] keys = key.Split(4);
        return new(
            ConvBlock.Create(keys[0], 2 * channels, filters, type),
            ConvBlock.Create(keys[1], filters, filters, type),
            Linear.Create(keys[2], filters * left * left, hidden, type: type),
            Linear.Create(keys[3], hidden, 1, type: type));
    }

    /// <summary>
    /// How far each query (Q, C, h, w) belongs to each class (W, C, h, w): (Q, W), in 0..1.
    /// </summary>
    public Tensor Forward(Tensor classes, Tensor queries, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(normalize);
        int channels = classes.Shape[1], ways = classes.Shape[0], count = queries.Shape[0];
        if (First.Convolution.Weight.Shape[1] != 2 * channels || queries.Rank != 4)
            throw new EngineException($"RelationModule: made for maps of "
                + $"{First.Convolution.Weight.Shape[1] / 2} channels, but got {classes.Shape} and "
                + $"{queries.Shape}. Create it with the embedding's channels.");
        // The convolution of two maps one behind the other is the sum of the convolutions of each:
        // so every class and every query goes through it once, not once a pair.
        Conv2d first = First.Convolution;
        Tensor ofClasses =
            (first with { Weight = first.Weight[.., ..channels], Bias = null }).Forward(classes);
        Tensor ofQueries = (first with { Weight = first.Weight[.., channels..] }).Forward(queries);
        Tensor pairs = ofQueries.ExpandDims(1) + ofClasses;
        Tensor x = pairs.Reshape([count * ways, .. pairs.Shape.Sizes[2..]]);
        x = normalize(First.Norm, x).MaxPool2d(2).Relu();
        x = Second.Forward(x, normalize).Flatten(1);
        x = Hidden.Forward(x).Relu();
        return Score.Forward(x).Sigmoid().Reshape(count, ways);
    }
}
