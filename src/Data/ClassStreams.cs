// Draws streams for continual learning: samples of a few new classes in order, and samples of all
// classes beside them. Task i of a seed is the same whatever was drawn before.
namespace Engine.Data;

/// <summary>
/// Tasks of Javed and White, "Meta-learning representations for continual learning" (2019): the
/// support set is a stream, class after class; the query set is that stream and, behind it, samples
/// drawn evenly from all classes. That it begins with the very samples of the stream is promised:
/// learners take the features of both in one pass over it. Labels are the classes' numbers in the
/// source.
/// </summary>
public sealed class ClassStreams
{
    private readonly ImageClasses source;
    private readonly int classes;
    private readonly int perClass;
    private readonly int remember;

    /// <summary>A sampler of tasks of one form.</summary>
    /// <param name="source">Where classes and images come from.</param>
    /// <param name="classes">Classes in a stream.</param>
    /// <param name="perClass">Images of each, different ones.</param>
    /// <param name="remember">Samples of all classes in the query set.</param>
    /// <exception cref="ArgumentException">The source has too few classes or images.</exception>
    public ClassStreams(ImageClasses source, int classes, int perClass, int remember)
    {
        ArgumentNullException.ThrowIfNull(source);
        EpisodeSampler.CheckPositive(nameof(classes), classes);
        EpisodeSampler.CheckPositive(nameof(perClass), perClass);
        EpisodeSampler.CheckPositive(nameof(remember), remember);
        if (classes > source.Classes.Length)
        {
            throw new ArgumentException(
                $"classes: {classes} exceeds the {source.Classes.Length} classes of "
                + $"{source.Name}; choose at most {source.Classes.Length}.");
        }

        var smallest = source.Classes.MinBy(c => c.Images.Length)!;
        if (perClass > smallest.Images.Length)
        {
            throw new ArgumentException(
                $"perClass: {perClass} exceeds the {smallest.Images.Length} images of class "
                + $"'{smallest.Name}' of {source.Name}; choose at most {smallest.Images.Length}.");
        }

        (this.source, this.classes, this.perClass, this.remember) =
            (source, classes, perClass, remember);
    }

    /// <summary>Tasks first .. first + tasks - 1 of a seed, stacked.</summary>
    public Episode Sample(long seed, long first, int tasks)
    {
        EpisodeSampler.CheckPositive(nameof(tasks), tasks);
        int stream = classes * perClass, query = stream + remember, size = source.PixelCount;
        EpisodeSampler.CheckFits(
            $"tasks: {tasks} tasks of {stream} + {remember} images", tasks,
            (double)stream + remember, size);
        var pixels = new float[tasks * query * size];
        var labels = new long[tasks * query];
        for (int t = 0; t < tasks; t++)
        {
            var random = new SeededRandom(seed, first + t);
            int at = t * query;
            foreach (int label in random.Choose(classes, source.Classes.Length))
            {
                var images = source.Classes[label].Images;
                foreach (int i in random.Choose(perClass, images.Length)) Add(label, images[i]);
            }

            for (int r = 0; r < remember; r++)
            {
                int label = random.Below(source.Classes.Length);
                var images = source.Classes[label].Images;
                Add(label, images[random.Below(images.Length)]);
            }

            void Add(int label, int row)
            {
                labels[at] = label;
                source.CopyImage(row, pixels.AsSpan(at * size, size));
                at++;
            }
        }

        Tensor x = Tensor.From(
            pixels, [tasks, query, source.Channels, source.Height, source.Width]);
        Tensor y = Tensor.From(labels, [tasks, query]);
        return new(
            x[.., ..stream].Eval(), y[.., ..stream].Eval(), x, y, source.Classes.Length);
    }
}
