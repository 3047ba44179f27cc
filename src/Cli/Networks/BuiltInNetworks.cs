// The networks the command knows by name; the first is the default. Deleting an entry removes a
// network. ResNet-12 starts with fewer filters than in its paper, whose images are larger.
// ResNet-18 and MobileNet are for large images: on small ones their last layers see single pixels,
// and kinks of the rectifiers lie so densely that the check of the meta-gradient fails too often.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

internal static class BuiltInNetworks
{
    public static IReadOnlyList<NetworkEntry> All { get; } =
    [
        NetworkEntry.Of<Conv4, Conv4Options>(
            "conv4", (key, images, ways, o) => Conv4.Create(
                key, images.Channels, images.Height, o.Filters, ways),
            Network.OfImages<Conv4>(), o => $"Conv4 with {o.Filters} filters"),
        NetworkEntry.Of<ResNet12, ResNet12Options>(
            "resnet12", (key, images, ways, o) => images.Height < 16
                ? throw new EngineException($"ResNet-12: images of {images.Height} x "
                    + $"{images.Width} vanish in four poolings. Give at least 16 x 16.")
                : ResNet12.Create(
                    key, ways, images.Channels,
                    [o.Filters, 5 * o.Filters / 2, 5 * o.Filters, 10 * o.Filters]),
            Network.OfImages<ResNet12>(), o => $"ResNet-12 with {o.Filters} filters"),
        NetworkEntry.Of(
            "lenet", (key, images, ways) => OffTheKink(LeNet.Create(
                key, ways, images.Channels, images.Height)),
            WithoutNorms(Network.OfImages<LeNet>())),
        NetworkEntry.Of<Mlp, MlpOptions>(
            "mlp", (key, images, ways, o) => Mlp.Create(
                key,
                [
                    images.Channels * images.Height * images.Width,
                    .. Enumerable.Repeat(o.Hidden, o.Layers), ways,
                ]),
            new Network<Mlp>(new(
                (model, x) => model.Forward(x.Flatten(1)),
                (logits, labels) => Loss.CrossEntropy(logits, labels), BatchNormMode.None))
            {
                Features = (model, x, _) => model.Features(x.Flatten(1)),
                Head = model => model.Layers[^1],
                HeadPath = model => $"Layers.{model.Layers.Length - 1}",
            }),
    ];

    private static Network<T> WithoutNorms<T>(Network<T> network) where T : ITree =>
        network with { Objective = network.Objective with { BatchNorm = BatchNormMode.None } };

    /// <summary>
    /// Without batch normalisation and with zero biases, blank parts of an image reach the
    /// rectifiers as exactly 0, where they have no derivative: the biases start above it.
    /// </summary>
    private static LeNet OffTheKink(LeNet start) => start with
    {
        First = start.First with { Bias = (start.First.Bias! + 0.01).Eval() },
        Second = start.Second with { Bias = (start.Second.Bias! + 0.01).Eval() },
    };

    private sealed record Conv4Options
    {
        [Option("Filters of a convolution")]
        public int Filters { get; init; } = 32;
    }

    private sealed record ResNet12Options
    {
        [Option("Filters of the first block")]
        public int Filters { get; init; } = 16;
    }

    private sealed record MlpOptions
    {
        [Option("Units of a hidden layer")]
        public int Hidden { get; init; } = 256;

        [Option("Hidden layers")]
        public int Layers { get; init; } = 2;
    }
}
