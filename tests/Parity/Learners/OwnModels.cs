// Models that no library knows, on which every learner must work, and tasks small enough to learn
// in a second.
using Engine.Data;
using Engine.Nn;

namespace Engine.Parity.Learners;

/// <summary>Bumps of a learned width at learned places of a line, and a linear head.</summary>
public sealed partial record Bumps(Tensor Centres, Tensor Width, Linear Head) : ITree
{
    public static Bumps Create(Key key, int bumps = 6, int outputs = 1)
    {
        Key[] keys = key.Split();
        return new(
            keys[0].Uniform(bumps, -5, 5).Eval(), Tensor.Scalar(0.5f).Eval(),
            Linear.Create(keys[1], bumps, outputs));
    }

    public Tensor Features(Tensor x) => (-(x - Centres).Square() * Width.Softplus()).Exp();

    public Tensor Forward(Tensor x) => Head.Forward(Features(x));
}

/// <summary>
/// One convolution with batch normalisation, smooth throughout, and a linear head.
/// </summary>
public sealed partial record TinyNet(Conv2d Convolution, BatchNorm Norm, Linear Head)
    : IFeatureNetwork
{
    public static TinyNet Create(Key key, int ways, bool bias = false)
    {
        Key[] keys = key.Split();
        return new(
            Conv2d.Create(keys[0], 1, 4, padding: 1, bias: bias), BatchNorm.Create(4),
            Linear.Create(keys[1], 4 * 3 * 3, ways));
    }

    public Tensor Features(Tensor x, Normalize normalize) =>
        normalize(Norm, Convolution.Forward(x)).Tanh().AvgPool2d(2).Flatten(1);
}

/// <summary>Draws tasks.</summary>
internal static class Tasks
{
    /// <summary>Twelve classes of eight images of 6 x 6: a pattern each, and noise.</summary>
    public static ImageClasses Images { get; } = Create();

    public static Episode Sinusoids(long first, int count) =>
        Episode.From(new SinusoidTasks(8, 8).Sample(1, first, count));

    public static Episode OfImages(long first, int count) => OfImages(3, 2, first, count);

    public static Episode OfImages(int ways, int shots, long first, int count) =>
        Episode.From(new EpisodeSampler(Images, ways, shots, 2).Sample(1, first, count));

    public static Episode InDouble(Episode task) =>
        task.Map((Tensor x) => x.DType.IsFloat() ? x.Cast(DType.Float64) : x);

    private static ImageClasses Create()
    {
        const int classes = 12, images = 8, size = 6;
        Key[] keys = Key.From(7).Split();
        Tensor patterns = keys[0].Normal([classes, 1, size * size]);
        Tensor noise = keys[1].Normal([classes, images, size * size]);
        return ImageClasses.FromFloats(
            "patterns", 1, size, size, (patterns + 1.5 * noise).ToArray<float>(),
            Enumerable.Range(0, classes).Select(c => new ImageClass(
                $"pattern {c}", "", [.. Enumerable.Range(c * images, images)])));
    }
}
