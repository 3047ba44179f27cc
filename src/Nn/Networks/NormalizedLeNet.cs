// The small network of digits with batch normalisation behind every layer.
namespace Engine.Nn;

/// <summary>
/// <see cref="LeNet"/> with batch normalisation behind both convolutions and behind the hidden
/// layer, which has 256 units: what the domain adaptation of digits is compared on when each domain
/// has statistics of its own.
/// </summary>
public sealed partial record NormalizedLeNet(
    Conv2d First, BatchNorm FirstNorm, Conv2d Second, BatchNorm SecondNorm,
    Linear Hidden, BatchNorm HiddenNorm, Linear Head) : IFeatureNetwork
{
    /// <summary>A network for square images of at least 16 x 16.</summary>
    public static NormalizedLeNet Create(
        Key key, int classes, int channels = 1, int size = 28, int hidden = 256,
        DType type = DType.Float32)
    {
        int left = ((size - 4) / 2 - 4) / 2;
        if (left < 1)
            throw Errors.Fail("NormalizedLeNet", $"images of {size} x {size} vanish in two "
                + "convolutions and poolings. Give images of at least 16 x 16.");
        Key[] keys = key.Split(4);
        return new(
            Conv2d.Create(keys[0], channels, 20, kernel: 5, type: type),
            BatchNorm.Create(20, type),
            Conv2d.Create(keys[1], 20, 50, kernel: 5, type: type), BatchNorm.Create(50, type),
            Linear.Create(keys[2], 50 * left * left, hidden, type: type),
            BatchNorm.Create(hidden, type),
            Linear.Create(keys[3], hidden, classes, type: type));
    }

    /// <summary>Images (N, C, H, W) to the hidden units (N, hidden).</summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(normalize);
        x = normalize(FirstNorm, First.Forward(x)).MaxPool2d(2).Relu();
        x = normalize(SecondNorm, Second.Forward(x)).MaxPool2d(2).Relu();
        return normalize(HiddenNorm, Hidden.Forward(x.Flatten(1))).Relu();
    }
}
