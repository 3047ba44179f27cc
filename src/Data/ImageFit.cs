// Images of one size and number of channels as images of another: what brings several sets into one
// shape.
namespace Engine.Data;

/// <summary>
/// Bilinear resizing as torchvision's <c>resize</c> of float tensors: the centres of the outer
/// pixels lie half a pixel within the image, and shrinking takes a weighted mean of all pixels that
/// a new one covers ("antialias").
/// </summary>
internal sealed class ImageResize(int channels, int height, int width, int toHeight, int toWidth)
{
    private readonly ResizeWeights[] down = ResizeWeights.Bilinear(height, toHeight);
    private readonly ResizeWeights[] across = ResizeWeights.Bilinear(width, toWidth);

    /// <summary>From (C, H, W) values to (C, H', W').</summary>
    public void Apply(ReadOnlySpan<float> image, Span<float> target)
    {
        var narrow = new double[channels * height * toWidth];
        for (int line = 0; line < channels * height; line++)
            for (int x = 0; x < toWidth; x++)
            {
                var (first, weights) = across[x];
                double sum = 0;
                for (int k = 0; k < weights.Length; k++)
                    sum += weights[k] * image[(line * width) + first + k];
                narrow[(line * toWidth) + x] = sum;
            }

        for (int i = 0; i < target.Length; i++)
        {
            int x = i % toWidth, y = i / toWidth % toHeight, c = i / (toWidth * toHeight);
            var (first, weights) = down[y];
            double sum = 0;
            for (int k = 0; k < weights.Length; k++)
                sum += weights[k] * narrow[(((c * height) + first + k) * toWidth) + x];
            target[i] = (float)sum;
        }
    }
}

/// <summary>
/// The values of images with other channels and another size. Grey has its one channel three times
/// as red, green and blue; of these, grey is the luma of ITU-R BT.601.
/// </summary>
internal sealed class FittedValues(
    IStoredValues of, (int Channels, int Height, int Width) from,
    (int Channels, int Height, int Width) to) : IStoredValues
{
    private readonly int size = from.Channels * from.Height * from.Width;
    private readonly int plane = from.Height * from.Width;

    private readonly ImageResize resize =
        new(to.Channels, from.Height, from.Width, to.Height, to.Width);

    public long Length => of.Length / size * to.Channels * to.Height * to.Width;

    public void Copy(int row, Span<float> target)
    {
        var image = new float[size];
        of.Copy(row, image);
        float[] coloured = from.Channels == to.Channels ? image : new float[to.Channels * plane];
        if (from.Channels < to.Channels)
        {
            for (int c = 0; c < to.Channels; c++) image.CopyTo(coloured, c * plane);
        }
        else if (from.Channels > to.Channels)
        {
            for (int p = 0; p < plane; p++)
                coloured[p] = (0.299f * image[p]) + (0.587f * image[plane + p])
                    + (0.114f * image[(2 * plane) + p]);
        }

        if ((from.Height, from.Width) == (to.Height, to.Width)) coloured.CopyTo(target);
        else resize.Apply(coloured, target);
    }
}
