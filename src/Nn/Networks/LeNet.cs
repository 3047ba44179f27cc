// The small network of digits.
namespace Engine.Nn;

/// <summary>
/// LeNet with 20 and 50 filters of 5x5 and 500 hidden units (after LeCun et al., 1998; the sizes of
/// Caffe's, which the domain adaptation papers compare on). It has no batch normalisation.
/// </summary>
public sealed partial record LeNet(Conv2d First, Conv2d Second, Linear Hidden, Linear Head)
    : IFeatureNetwork
{
    /// <summary>A network for square images of at least 16 x 16.</summary>
    public static LeNet Create(
        Key key, int classes, int channels = 1, int size = 28, DType type = DType.Float32)
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
            Linear.Create(keys[3], 500, classes, type: type));
    }

    /// <summary>Images (N, C, H, W) to the hidden units (N, 500).</summary>
    public Tensor Features(Tensor x, Normalize normalize)
    {
        x = First.Forward(x).MaxPool2d(2).Relu();
        x = Second.Forward(x).MaxPool2d(2).Relu();
        return Hidden.Forward(x.Flatten(1)).Relu();
    }
}
