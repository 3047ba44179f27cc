// Ordinary classification of all training classes, by which meta-transfer learning begins. It is a
// method without inner steps, so that training, checkpoints and policies are those of all methods:
// a "task" is a batch of images, whose labels are the classes' numbers.
using Engine.Data;

namespace Engine.Meta;

/// <summary>Pre-training of a network on labelled images.</summary>
public static class Pretraining
{
    /// <summary>
    /// Lowers the objective's loss on the query set of each task, without adaptation.
    /// </summary>
    public static Method<T> Of<T>(Objective<T> objective) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(objective);
        return new(
            (model, batch, _) => objective.Query(model, batch),
            (model, batch, steps) =>
                [.. Enumerable.Repeat(objective.Forward(model, batch.QueryX), steps.Length)],
            Claim.Exact, objective.BatchNorm);
    }

    /// <summary>
    /// Draws batches of images of any class, for <see cref="MetaTraining{P}"/>. Batch i of a seed
    /// is the same whatever was drawn before. Support and query set are the same images.
    /// </summary>
    /// <param name="source">The training classes; labels are their places in it.</param>
    /// <param name="size">Images in a batch.</param>
    /// <param name="seed">Determines the batches.</param>
    /// <param name="shift">
    /// Each image is moved by up to so many pixels in both directions; what enters is 0.
    /// </param>
    /// <param name="flip">Whether half of the images are mirrored, left to right.</param>
    public static Func<long, int, Episode> Batches(
        ImageClasses source, int size, long seed, int shift = 0, bool flip = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (size < 1 || shift < 0)
            throw new EngineException($"Pretraining: batches of {size} images, moved by up to "
                + $"{shift} pixels; give at least 1 and 0.");
        return (first, count) =>
        {
            var pixels = new float[count * size * source.PixelCount];
            var labels = new long[count * size];
            for (int i = 0; i < labels.Length; i++)
            {
                var random = new SeededRandom(seed, first * size + i);
                int label = random.Below(source.Classes.Length);
                var images = source.Classes[label].Images;
                int Offset() => random.Below(2 * shift + 1) - shift;
                labels[i] = label;
                Copy(
                    source, images[random.Below(images.Length)],
                    pixels.AsSpan(i * source.PixelCount, source.PixelCount),
                    Offset(), Offset(), flip && random.Below(2) == 1);
            }
            Tensor x = Tensor.From(
                pixels, [count, size, source.Channels, source.Height, source.Width]);
            Tensor y = Tensor.From(labels, [count, size]);
            return new(x, y, x, y);
        };
    }

    /// <summary>Writes an image moved down and to the right, after mirroring it.</summary>
    private static void Copy(
        ImageClasses source, int row, Span<float> to, int down, int right, bool mirrored)
    {
        var from = new float[source.PixelCount];
        source.CopyImage(row, from);
        int width = source.Width, height = source.Height;
        for (int i = 0; i < to.Length; i++)
        {
            int x = i % width - right, y = i / width % height - down;
            if (x < 0 || x >= width || y < 0 || y >= height) continue;
            to[i] = from[i / (width * height) * width * height + y * width
                + (mirrored ? width - 1 - x : x)];
        }
    }
}
