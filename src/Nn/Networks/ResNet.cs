// Residual networks of basic blocks (He et al., 2016), laid out as torchvision's ResNet-18 and -34.
using System.Collections.Immutable;
using System.Globalization;

namespace Engine.Nn;

/// <summary>
/// relu(second(relu(first(x))) + x): two 3x3 convolutions; where the shape changes, a 1x1
/// convolution takes x along.
/// </summary>
public sealed partial record BasicBlock(ConvNorm First, ConvNorm Second, ConvNorm? Shortcut) : ITree
{
    /// <summary>A block from that many channels to that many filters.</summary>
    public static BasicBlock Create(
        Key key, int channels, int filters, int stride = 1, DType type = DType.Float32)
    {
        Key[] keys = key.Split(3);
        return new(
            ConvNorm.Create(keys[0], channels, filters, stride: stride, type: type),
            ConvNorm.Create(keys[1], filters, filters, type: type),
            stride == 1 && channels == filters
                ? null
                : ConvNorm.Create(keys[2], channels, filters, kernel: 1, stride, type: type));
    }

    /// <summary>(N, C, H, W) to (N, filters, OH, OW).</summary>
    public Tensor Forward(Tensor x, Normalize normalize)
    {
        Tensor y = Second.Forward(First.Forward(x, normalize).Relu(), normalize);
        return (y + (Shortcut?.Forward(x, normalize) ?? x)).Relu();
    }
}

/// <summary>Blocks of one resolution.</summary>
public sealed partial record ResidualStage(ImmutableArray<BasicBlock> Blocks) : ITree;

/// <summary>
/// A residual network of basic blocks for images of about 224 x 224: 7x7 convolution of stride 2,
/// 3x3 max-pooling of stride 2, four stages each of half the resolution and twice the filters of
/// the one before, global average, linear head (He et al., 2016, table 1).
/// </summary>
public sealed partial record ResNet(
    ConvNorm Stem, ImmutableArray<ResidualStage> Stages, Linear Head) : IFeatureNetwork
{
    /// <summary>ResNet-18: two blocks a stage; 64 filters in the first unless said.</summary>
    public static ResNet Create18(
        Key key, int classes, int channels = 3, int filters = 64, DType type = DType.Float32) =>
        Create(key, classes, channels, filters, [2, 2, 2, 2], type);

    /// <summary>ResNet-34: 3, 4, 6 and 3 blocks; 64 filters in the first unless said.</summary>
    public static ResNet Create34(
        Key key, int classes, int channels = 3, int filters = 64, DType type = DType.Float32) =>
        Create(key, classes, channels, filters, [3, 4, 6, 3], type);

    /// <summary>
    /// Images (N, C, H, W) to features (N, 8 filters), the average over all places.
    /// </summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        x = Stem.Forward(x, normalize).MaxPool2d(3, stride: 2, padding: 1).Relu();
        foreach (ResidualStage stage in Stages)
            foreach (BasicBlock block in stage.Blocks)
                x = block.Forward(x, normalize);
        return x.GlobalAvgPool2d();
    }

    /// <summary>
    /// The key that torchvision's ResNet gives a leaf of that path, for
    /// <see cref="StateDict.LoadWithStatistics"/>: "Stages.0.Blocks.1.First.Norm.Scale" is
    /// "layer1.1.bn1.weight".
    /// </summary>
    public static string TorchvisionName(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] parts = path.Split('.');
        string leaf = StateDict.PyTorchName(parts[^1]);
        static string Kind(string part) => part == "Norm" ? "bn" : "conv";
        static int Number(string part) => int.Parse(part, CultureInfo.InvariantCulture);
        string owner = parts switch
        {
            ["Head", _] => "fc",
            ["Stem", var kind, _] => Kind(kind) + "1",
            ["Stages", var stage, "Blocks", var block, var place, var kind, _] =>
                $"layer{Number(stage) + 1}.{block}." + place switch
                {
                    "First" => Kind(kind) + "1",
                    "Second" => Kind(kind) + "2",
                    _ => kind == "Norm" ? "downsample.1" : "downsample.0",
                },
            _ => throw Errors.Fail("ResNet", $"'{path}' is not a path of a ResNet."),
        };
        return $"{owner}.{leaf}";
    }

    private static ResNet Create(
        Key key, int classes, int channels, int filters, ReadOnlySpan<int> blocks, DType type)
    {
        Key[] keys = key.Split(blocks.Length + 2);
        var stages = ImmutableArray.CreateBuilder<ResidualStage>(blocks.Length);
        int width = filters;
        for (int i = 0; i < blocks.Length; i++)
        {
            int wider = filters << i;
            Key[] stageKeys = keys[i].Split(blocks[i]);
            var stage = ImmutableArray.CreateBuilder<BasicBlock>(blocks[i]);
            foreach (Key blockKey in stageKeys)
            {
                int stride = i > 0 && stage.Count == 0 ? 2 : 1;
                stage.Add(BasicBlock.Create(blockKey, width, wider, stride, type));
                width = wider;
            }
            stages.Add(new(stage.MoveToImmutable()));
        }
        return new(
            ConvNorm.Create(keys[^2], channels, filters, kernel: 7, stride: 2, type: type),
            stages.MoveToImmutable(), Linear.Create(keys[^1], width, classes, type: type));
    }
}
