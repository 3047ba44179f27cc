// Makes images of one domain look like those of another, without changing what they show: first a
// warp, which can stretch, slant and bend, then a small convolutional network, which changes
// strokes and tones. A translator alone cannot move a pixel further than its filters reach.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// Says where each image is read: an affine map and a smooth field, chosen by the image and by
/// noise.
/// </summary>
/// <param name="First">Sees the image, at half its size.</param>
/// <param name="Second">At a quarter of it.</param>
/// <param name="Hidden">Sees the filters and the noise.</param>
/// <param name="Out">Four numbers of a matrix, two of a shift, then the control points.</param>
/// <param name="Noise">How many random numbers each image gets.</param>
/// <param name="Controls">Control points of the field along an axis.</param>
public sealed partial record Warper(
    Conv2d First, Conv2d Second, Linear Hidden, Linear Out, int Noise, int Controls) : ITree
{
    // The largest changes: of an element of the matrix, and of shifts and displacements as shares
    // of the image's size. Enough to turn type into handwriting, too little to turn a 6 into a 9.
    private const double Affine = 0.4, Shift = 0.15, Bend = 0.1;

    /// <summary>
    /// A warper of images (channels, size, size), which begins near the identity.
    /// </summary>
    public static Warper Create(
        Key key, int channels, int size, int noise = 16, int controls = 5)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split(4);
        int quarter = size / 4;
        Linear last = Linear.Create(keys[3], 64, 6 + (2 * controls * controls));
        return new(
            Conv2d.Create(keys[0], channels, 8, kernel: 4, stride: 2, padding: 1),
            Conv2d.Create(keys[1], 8, 16, kernel: 4, stride: 2, padding: 1),
            Linear.Create(keys[2], (16 * quarter * quarter) + noise, 64),
            last with { Weight = (0.2 * last.Weight).Eval() }, noise, controls);
    }

    /// <summary>Images (N, C, H, W) to the positions (N, 2, H, W) they are read at.</summary>
    public Tensor Positions(Tensor images, Key key)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(key);
        int n = images.Shape[0], height = images.Shape[2], width = images.Shape[3];
        int size = Math.Min(height, width);
        Tensor seen = Second.Forward(First.Forward(images).LeakyRelu(0.2)).LeakyRelu(0.2);
        Tensor input = Tensor.Concat(
            [seen.Flatten(1), key.Normal([n, Noise], images.DType)], 1);
        Tensor change = Out.Forward(Hidden.Forward(input).LeakyRelu(0.2)).Tanh();
        Tensor matrices = Tensor.Eye(2, images.DType) + Affine * change[.., ..4].Reshape(n, 2, 2);
        Tensor controls = Bend * size * change[.., 6..].Reshape(n, 2, Controls, Controls);
        return Warp.Affine(matrices, Shift * size * change[.., 4..6], height, width)
            + Warp.Smooth(controls, height, width);
    }
}

/// <summary>
/// Changes strokes and tones of images whose values are 0 to 1 and whose size is even: at half the
/// size, a residual network that is given noise.
/// </summary>
public sealed partial record Translator(
    Conv2d Down, Conv2d First, Conv2d Second, ConvTranspose2d Up) : ITree
{
    // How steep the way from an image to logits and back is: a value of 0 begins as 0.05.
    private const double Steepness = 6;

    /// <summary>A translator of images of so many channels.</summary>
    public static Translator Create(Key key, int channels, int filters = 16)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split(4);
        return new(
            Conv2d.Create(keys[0], channels + 1, filters, kernel: 4, stride: 2, padding: 1),
            Conv2d.Create(keys[1], filters, filters, padding: 1),
            Conv2d.Create(keys[2], filters, filters, padding: 1),
            ConvTranspose2d.Create(
                keys[3], filters, channels, kernel: 4, stride: 2, padding: 1));
    }

    /// <summary>Images (N, C, H, W) to images (N, C, H, W).</summary>
    public Tensor Forward(Tensor images, Key key)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(key);
        Shape noise = [images.Shape[0], 1, images.Shape[2], images.Shape[3]];
        Tensor h = Tensor.Concat([images, key.Normal(noise, images.DType)], 1);
        h = Down.Forward(h).LeakyRelu(0.2);
        h = (h + First.Forward(h)).LeakyRelu(0.2);
        h = (h + Second.Forward(h)).LeakyRelu(0.2);
        return (Up.Forward(h) + Steepness * (images - 0.5)).Sigmoid();
    }
}

/// <summary>What a generator makes: the images after the warp, and those after all.</summary>
public sealed partial record Generated(Tensor Warped, Tensor Images) : ITree;

/// <summary>A warp, then a translation.</summary>
public sealed partial record Generator(Warper Warper, Translator Translator) : ITree
{
    /// <summary>
    /// A generator of images (channels, size, size), the size a multiple of 4, with values 0 to 1.
    /// </summary>
    /// <exception cref="EngineException">Another size.</exception>
    public static Generator Create(Key key, int channels = 1, int size = 28)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (size < 4 || size % 4 != 0)
            throw Errors.Fail("Generator", $"images of {size} x {size} cannot be halved twice. "
                + "Resize them to a multiple of 4.");
        Key[] keys = key.Split();
        return new(Warper.Create(keys[0], channels, size), Translator.Create(keys[1], channels));
    }

    /// <summary>Source images (N, C, H, W) to images of the same classes.</summary>
    public Generated Forward(Tensor images, Key key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split();
        Tensor warped = Warp.Sample(images, Warper.Positions(images, keys[0]));
        return new(warped, Translator.Forward(warped, keys[1]));
    }
}
