// Draws batches of images of all classes of a set, for ordinary classification. Batch i of a seed
// is the same whatever was drawn before.
namespace Engine.Data;

/// <summary>Batches of images: a class drawn evenly, then an image of it, for each.</summary>
public sealed class ImageBatches
{
    private readonly ImageClasses source;
    private readonly int size;
    private readonly int shift;
    private readonly bool flip;

    /// <summary>A sampler of batches of images.</summary>
    /// <param name="source">The classes; labels are their places in it.</param>
    /// <param name="size">Images in a batch.</param>
    /// <param name="shift">
    /// Each image is moved by up to so many pixels in both directions; what enters is 0.
    /// </param>
    /// <param name="flip">Whether half of the images are mirrored, left to right.</param>
    /// <exception cref="ArgumentException">
    /// There are no classes, one is empty, or a number is too small.
    /// </exception>
    public ImageBatches(ImageClasses source, int size, int shift = 0, bool flip = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        EpisodeSampler.CheckPositive(nameof(size), size);
        if (shift < 0) throw new ArgumentException($"shift: {shift}; choose 0 or more.");
        if (source.Classes.Length == 0 || source.Classes.Any(c => c.Images.Length == 0))
        {
            throw new ArgumentException(
                $"{source.Name}: needs at least one class, and an image in every class.");
        }

        (this.source, this.size, this.shift, this.flip) = (source, size, shift, flip);
    }

    /// <summary>
    /// Batches first .. first + count - 1 of a seed: query inputs (count, size, C, H, W) with
    /// labels 0 .. classes - 1; support sets are empty.
    /// </summary>
    public Episode Sample(long seed, long first, int count)
    {
        EpisodeSampler.CheckPositive(nameof(count), count);
        EpisodeSampler.CheckFits(
            $"count: {count} batches of {size} images", count, size, source.PixelCount);
        var pixels = new float[count * size * source.PixelCount];
        var labels = new long[count * size];
        for (int b = 0; b < count; b++)
        {
            var random = new SeededRandom(seed, first + b);
            for (int i = b * size; i < (b + 1) * size; i++)
            {
                int label = random.Below(source.Classes.Length);
                var images = source.Classes[label].Images;
                labels[i] = label;
                Copy(
                    images[random.Below(images.Length)], random,
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

    /// <summary>Writes an image, moved and mirrored as the stream says.</summary>
    private void Copy(int row, SeededRandom random, Span<float> target)
    {
        int Offset() => shift == 0 ? 0 : random.Below(2 * shift + 1) - shift;
        int down = Offset(), right = Offset();
        bool mirrored = flip && random.Below(2) == 1;
        if (shift == 0 && !mirrored)
        {
            source.CopyImage(row, target);
            return;
        }

        var from = new float[source.PixelCount];
        source.CopyImage(row, from);
        int width = source.Width, height = source.Height;
        for (int i = 0; i < target.Length; i++)
        {
            int x = i % width - right, y = i / width % height - down;
            if (x < 0 || x >= width || y < 0 || y >= height) continue;
            int plane = i / (width * height) * width * height;
            target[i] = from[plane + y * width + (mirrored ? width - 1 - x : x)];
        }
    }
}
