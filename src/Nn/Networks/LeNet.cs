// The small network of digits.
namespace Engine.Nn;

/// <summary>
/// LeNet with 20 and 50 filters of 5x5 and 500 hidden units (after LeCun et al., 1998; the sizes of
/// Caffe's, which the domain adaptation papers compare on). It has no batch normalisation. With a
/// dropout rate above 0, training that gives a key drops whole channels of the second convolution
/// and single hidden units, as those papers do (Long et al., "Conditional Adversarial Domain
/// Adaptation", 2018, take 0.5).
/// </summary>
public sealed partial record LeNet(
    Conv2d First, Conv2d Second, Linear Hidden, Linear Head, double DropoutRate = 0)
    : IFeatureNetwork
{
    /// <summary>A network for square images of at least 16 x 16.</summary>
    public static LeNet Create(
        Key key, int classes, int channels = 1, int size = 28, DType type = DType.Float32,
        double dropout = 0)
    {
        int left = ((size - 4) / 2 - 4) / 2;
        if (left < 1)
            throw Errors.Fail("LeNet", $"images of {size} x {size} vanish in two convolutions and "
                + "poolings. Give images of at least 16 x 16.");
        Key[] keys = key.Split(4);
        return new(
            Conv2d.Create(keys[0], channels, 20, kernel: 5, type: type),
            Conv2d.Create(keys[1], 20, 50, kernel: 5, type: type),
            Linear.Create(keys[2], 50 * left * left, 500, type: type),
            Linear.Create(keys[3], 500, classes, type: type),
            Dropout.Create(dropout).Rate);
    }

    /// <summary>Images (N, C, H, W) to the hidden units (N, 500).</summary>
    public Tensor Features(Tensor x, Normalize normalize) => Features(x, normalize, dropout: null);

    /// <summary>
    /// Images (N, C, H, W) to the hidden units (N, 500), some of them dropped if there is a key.
    /// </summary>
    public Tensor Features(Tensor x, Normalize normalize, Key? dropout)
    {
        Key[]? keys = DropoutRate > 0 ? dropout?.Split(2) : null;
        x = First.Forward(x).MaxPool2d(2).Relu();
        x = Second.Forward(x).MaxPool2d(2).Relu();
        // Whole channels may as well be dropped after their pooling, on a quarter of the elements.
        if (keys is not null) x = new Dropout(DropoutRate).ForwardChannels(x, keys[0], true);
        x = Hidden.Forward(x.Flatten(1)).Relu();
        return keys is null ? x : new Dropout(DropoutRate).Forward(x, keys[1], training: true);
    }
}
