// Labelled sets with other values: resized, scaled, standardised, or changed by a function.
namespace Engine.Data;

public sealed partial class LabelledSet
{
    /// <summary>
    /// Images of another size, bilinear as torchvision's <c>resize</c> of float tensors: the
    /// centres of the outer pixels lie half a pixel within the image, and shrinking takes a
    /// weighted mean of all pixels that a new one covers ("antialias").
    /// </summary>
    /// <exception cref="ArgumentException">These are no images, or too large.</exception>
    public LabelledSet Resize(int height, int width)
    {
        EpisodeSampler.CheckPositive(nameof(height), height);
        EpisodeSampler.CheckPositive(nameof(width), width);
        if (Shape.Rank != 3)
        {
            throw new ArgumentException(
                $"{Name}: examples of {Shape} cannot be resized; images are (C, H, W).");
        }

        var (channels, h, w) = (Shape[0], Shape[1], Shape[2]);
        if (h == height && w == width) return this;
        var resize = new ImageResize(channels, h, w, height, width);
        return Rewrite([channels, height, width], resize.Apply);
    }

    /// <summary>
    /// Every value x as scale * x + offset. There is one scale and one offset for all, or one for
    /// each channel of images (C, H, W), each feature of vectors (F). What MobileNet takes, bytes b
    /// as b / 127.5 - 1, is <c>Scaled([2], [-1])</c> of values in 0..1.
    /// </summary>
    /// <exception cref="ArgumentException">Other numbers of scales and offsets.</exception>
    public LabelledSet Scaled(float[] scale, float[] offset)
    {
        ArgumentNullException.ThrowIfNull(scale);
        ArgumentNullException.ThrowIfNull(offset);
        int channels = Shape.Rank == 0 ? 1 : Shape[0];
        if (scale.Length != offset.Length || (scale.Length != 1 && scale.Length != channels))
        {
            throw new ArgumentException(
                $"{Name}: examples of {Shape} need 1 or {channels} scales and as many offsets, but "
                + $"got {scale.Length} and {offset.Length}.");
        }

        return new(
            Name, Shape, new ScaledValues(values, [.. scale], [.. offset]), rows, Labels, Classes);
    }

    /// <summary>
    /// Mean 0 and deviation 1 for each channel of images or feature of vectors, over this set or
    /// over the set that is given, such as that for training. What never varies becomes 0 there.
    /// </summary>
    /// <exception cref="ArgumentException">Another shape, or no examples.</exception>
    public LabelledSet Standardised(LabelledSet? by = null)
    {
        by ??= this;
        if (by.Shape != Shape || by.Count == 0)
        {
            throw new ArgumentException(
                $"{Name}: examples of {Shape} cannot be standardised by {by}.");
        }

        int channels = Shape.Rank == 0 ? 1 : Shape[0], share = Size / channels;
        double count = (double)by.Count * share;
        double[] mean = new double[channels], square = new double[channels];
        Each((x, c) => mean[c] += x / count);
        Each((x, c) => square[c] += (x - mean[c]) * (x - mean[c]) / count);
        // Below this a deviation is the rounding of float32 values that are all the same.
        double[] factor =
            [.. square.Zip(mean, (s, m) => s <= 1e-16 * m * m ? 1 : 1 / Math.Sqrt(s))];
        return Scaled(
            [.. factor.Select(f => (float)f)],
            [.. mean.Zip(factor, (m, f) => (float)(-m * f))]);

        void Each(Action<float, int> take)
        {
            var example = new float[Size];
            for (int i = 0; i < by.Count; i++)
            {
                by.CopyExample(i, example);
                for (int v = 0; v < example.Length; v++) take(example[v], v / share);
            }
        }
    }

    /// <summary>
    /// The values of each example changed by a function of its values, such as
    /// <c>x => { foreach (ref float v in x) v = MathF.Log(1 + v); }</c>.
    /// </summary>
    public LabelledSet Map(Change change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Rewrite(Shape, (example, target) =>
        {
            example.CopyTo(target);
            change(target);
        });
    }

    /// <summary>Changes the values of an example in place.</summary>
    public delegate void Change(Span<float> values);

    private delegate void Rewriting(ReadOnlySpan<float> example, Span<float> target);

    /// <summary>A set of its own whose examples are made of those of this one.</summary>
    private LabelledSet Rewrite(Shape shape, Rewriting make)
    {
        int size = (int)shape.Count;
        EpisodeSampler.CheckFits($"{Name}: {Count} examples of {shape}", Count, shape.Count);
        var made = new float[Count * size];
        var example = new float[Size];
        for (int i = 0; i < Count; i++)
        {
            CopyExample(i, example);
            make(example, made.AsSpan(i * size, size));
        }

        return FromFloats(Name, shape, made, Labels, Classes);
    }
}
