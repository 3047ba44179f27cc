// Draws batches of images of all classes of a set, for ordinary classification. Batch i of a seed
// is the same whatever was drawn before.
namespace Engine.Data;

/// <summary>Batches of images: a class drawn evenly, then an image of it, for each.</summary>
public sealed class ImageBatches
{
    private readonly ImageClasses source;
    private readonly int size;

    /// <summary>A sampler of batches of that many images.</summary>
    /// <exception cref="ArgumentException">There are no classes, or one is empty.</exception>
    public ImageBatches(ImageClasses source, int size)
    {
        ArgumentNullException.ThrowIfNull(source);
        EpisodeSampler.CheckPositive(nameof(size), size);
        if (source.Classes.Length == 0 || source.Classes.Any(c => c.Images.Length == 0))
        {
            throw new ArgumentException(
                $"{source.Name}: needs at least one class, and an image in every class.");
        }

        (this.source, this.size) = (source, size);
    }

    /// <summary>
    /// Batches first .. first + count - 1 of a seed: query inputs (count, size, C, H, W) with
    /// labels 0 .. classes - 1; support sets are empty.
    /// </summary>
    public Episode Sample(long seed, long first, int count)
    {
        EpisodeSampler.CheckPositive(nameof(count), count);
        var pixels = new float[checked(count * size * source.PixelCount)];
        var labels = new long[count * size];
        for (int b = 0; b < count; b++)
        {
            var random = new SeededRandom(seed, first + b);
            for (int i = b * size; i < (b + 1) * size; i++)
            {
                int label = random.Below(source.Classes.Length);
                var images = source.Classes[label].Images;
                labels[i] = label;
                source.CopyImage(
                    images[random.Below(images.Length)],
                    pixels.AsSpan(i * source.PixelCount, source.PixelCount));
            }
        }

        Shape Images(int n) => [count, n, source.Channels, source.Height, source.Width];
        return new(
            Tensor.From(Array.Empty<float>(), Images(0)),
            Tensor.From(Array.Empty<long>(), [count, 0]),
            Tensor.From(pixels, Images(size)),
            Tensor.From(labels, [count, size]),
            source.Classes.Length);
    }
}
