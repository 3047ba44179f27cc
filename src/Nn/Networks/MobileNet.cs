// MobileNet v1: depthwise separable convolutions.
using System.Collections.Immutable;
using System.Globalization;

namespace Engine.Nn;

/// <summary>
/// A 3x3 convolution of each channel alone, then a 1x1 convolution of all, each with batch
/// normalisation and a rectifier cut at 6.
/// </summary>
public sealed partial record SeparableBlock(ConvNorm Depthwise, ConvNorm Pointwise) : ITree
{
    /// <summary>A block from that many channels to that many filters.</summary>
    public static SeparableBlock Create(
        Key key, int channels, int filters, int stride, DType type = DType.Float32)
    {
        Key[] keys = key.Split();
        return new(
            MobileNet.Brick(keys[0], channels, channels, 3, stride, channels, type),
            MobileNet.Brick(keys[1], channels, filters, 1, 1, 1, type));
    }

    /// <summary>
    /// (N, C, H, W) to (N, filters, OH, OW), sizes divided by the stride and rounded up.
    /// </summary>
    public Tensor Forward(Tensor x, Normalize normalize) => MobileNet.Run(
        Pointwise, MobileNet.Run(Depthwise, x, normalize), normalize);
}

/// <summary>
/// MobileNet v1 (Howard et al., 2017, table 1) as Keras has it: batch normalisation with epsilon
/// 1e-3, rectifiers cut at 6, TensorFlow's "same" padding. Images are scaled to -1..1 (x / 127.5
/// - 1); the published weights are for 224 x 224.
/// </summary>
public sealed partial record MobileNet(
    ConvNorm Stem, ImmutableArray<SeparableBlock> Blocks, Linear Head) : IFeatureNetwork
{
    /// <summary>Filters at width 1 and stride of each block.</summary>
    private static readonly (int Filters, int Stride)[] Layout =
    [
        (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
        (512, 1), (512, 1), (1024, 2), (1024, 1),
    ];

    /// <summary>
    /// A network whose layers have <paramref name="width"/> (1, 0.75, 0.5, 0.25, ...) times the
    /// filters of the paper.
    /// </summary>
    public static MobileNet Create(
        Key key, int classes, double width = 1, int channels = 3, DType type = DType.Float32)
    {
        int Scaled(int filters) => (int)(filters * width);
        if (Scaled(32) < 1)
            throw Errors.Fail("MobileNet", $"width {width} leaves no filters. Give 1/32 or more.");
        Key[] keys = key.Split(Layout.Length + 2);
        var blocks = ImmutableArray.CreateBuilder<SeparableBlock>(Layout.Length);
        ConvNorm stem = Brick(keys[^2], channels, Scaled(32), 3, 2, 1, type);
        int current = Scaled(32);
        foreach (var (filters, stride) in Layout)
        {
            blocks.Add(SeparableBlock.Create(
                keys[blocks.Count], current, Scaled(filters), stride, type));
            current = Scaled(filters);
        }
        return new(
            stem, blocks.MoveToImmutable(), Linear.Create(keys[^1], current, classes, type: type));
    }

    /// <summary>
    /// The network of Keras's weights (conv1/kernel, conv_dw_1_bn/gamma, ..., conv_preds/bias),
    /// such as <see cref="TensorFlowJs.Read"/> reads them, with its running statistics.
    /// </summary>
    /// <exception cref="EngineException">A weight is missing, left over or different.</exception>
    public static (MobileNet Model, NormStatistics Statistics) FromKeras(
        IReadOnlyDictionary<string, Tensor> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        if (!weights.TryGetValue("conv1/kernel", out Tensor? first) || first.Rank != 4
            || !weights.TryGetValue("conv_preds/bias", out Tensor? last) || last.Rank != 1)
            throw Errors.Fail("MobileNet", "the weights have no conv1/kernel (3, 3, channels, "
                + "filters) and conv_preds/bias (classes). Are they of MobileNet v1?");
        MobileNet like = Create(Key.From(0), last.Shape[0], first.Shape[3] / 32.0, first.Shape[2]);
        return StateDict.LoadWithStatistics(
            like, weights.ToDictionary(w => w.Key, w => FromKeras(w.Key, w.Value)), KerasName);
    }

    /// <summary>Images (N, C, H, W) to features (N, F), the average over all places.</summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        x = Run(Stem, x, normalize);
        foreach (SeparableBlock block in Blocks) x = block.Forward(x, normalize);
        return x.GlobalAvgPool2d();
    }

    internal static ConvNorm Brick(
        Key key, int channels, int filters, int kernel, int stride, int groups, DType type)
    {
        ConvNorm made = ConvNorm.Create(key, channels, filters, kernel, stride, groups, type);
        return made with { Norm = made.Norm with { Epsilon = 1e-3 } };
    }

    /// <summary>
    /// Convolution, normalisation and rectifier with TensorFlow's "same" padding: at stride 2 an
    /// even size gets one row of zeros at its end alone, but a convolution pads both ends alike.
    /// </summary>
    internal static Tensor Run(ConvNorm layer, Tensor x, Normalize normalize)
    {
        Conv2d convolution = layer.Convolution;
        if (convolution.Stride == 2 && convolution.Padding == 1)
        {
            x = x.Pad([0, 0, x.Shape[2] % 2, x.Shape[3] % 2], [0, 0, 1, 1]);
            layer = layer with { Convolution = convolution with { Padding = 0 } };
        }
        return Tensor.Minimum(layer.Forward(x, normalize).Relu(), 6);
    }

    /// <summary>Keras's (rows, columns, in, out) as (out, in, rows, columns).</summary>
    private static Tensor FromKeras(string name, Tensor weight) => name switch
    {
        "conv_preds/kernel" => weight.Reshape(weight.Shape[2], -1).Transpose().Eval(),
        _ when name.EndsWith("depthwise_kernel", StringComparison.Ordinal) =>
            weight.Transpose(2, 3, 0, 1).Eval(),
        _ when weight.Rank == 4 => weight.Transpose(3, 2, 0, 1).Eval(),
        _ => weight,
    };

    private static string KerasName(string path)
    {
        string[] parts = path.Split('.');
        string layer = parts switch
        {
            ["Stem", ..] => "conv1",
            ["Head", ..] => "conv_preds",
            ["Blocks", var i, var kind, ..] => (kind == "Depthwise" ? "conv_dw_" : "conv_pw_")
                + (int.Parse(i, CultureInfo.InvariantCulture) + 1),
            _ => path,
        };
        return parts switch
        {
            [.., "Depthwise", "Convolution", _] => $"{layer}/depthwise_kernel",
            [.., "Norm", "Scale"] => $"{layer}_bn/gamma",
            [.., "Norm", "Shift"] => $"{layer}_bn/beta",
            [.., "Norm", "Mean"] => $"{layer}_bn/moving_mean",
            [.., "Norm", "Variance"] => $"{layer}_bn/moving_variance",
            [.., "Weight"] => $"{layer}/kernel",
            _ => $"{layer}/bias",
        };
    }
}
