// Draws few-shot tasks from classes of images or vectors. Task i of a seed is the same whatever was drawn
// before and however tasks are batched.
namespace Engine.Data;

/// <summary>
/// Few-shot classification tasks: classes without replacement, and within a class support and query
/// images without replacement.
/// </summary>
public sealed class EpisodeSampler
{
    private readonly IEpisodeSource source;
    private readonly int ways;
    private readonly int shots;
    private readonly int queries;
    private readonly bool rotations;
    private readonly int sampleCount;

    /// <summary>A sampler of tasks of one form.</summary>
    /// <param name="source">Where classes and images, or other samples, come from.</param>
    /// <param name="ways">Classes in a task.</param>
    /// <param name="shots">Support images of each class.</param>
    /// <param name="queries">Query images of each class.</param>
    /// <param name="rotations">
    /// Whether all images of a class are turned by the same random multiple of 90 degrees, each
    /// (class, turn) being a class of its own. A task never holds two turns of one class, because
    /// many characters look the same in both: the protocol of Finn et al., "Model-Agnostic
    /// Meta-Learning" (2017), for Omniglot.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The source has too few classes or images, or they are to be turned and not square.
    /// </exception>
    public EpisodeSampler(
        IEpisodeSource source, int ways, int shots, int queries, bool rotations = false)
    {
        CheckPositive(nameof(ways), ways);
        CheckPositive(nameof(shots), shots);
        CheckPositive(nameof(queries), queries);
        bool isImage = source.SampleShape.Length == 3;
        if (ways > source.ClassCount)
        {
            throw new ArgumentException(
                $"ways: {ways} exceeds the {source.ClassCount} classes of {source.Name}; "
                + $"choose at most {source.ClassCount}.");
        }

        int smallest = Enumerable.Range(0, source.ClassCount).MinBy(Samples);
        if ((long)shots + queries > Samples(smallest))
        {
            throw new ArgumentException(
                $"shots + queries: {shots} + {queries} exceeds the {Samples(smallest)} "
                + $"{(isImage ? "images" : "samples")} of class '{source.ClassName(smallest)}' of "
                + $"{source.Name}; choose at most {Samples(smallest)} together.");
        }

        if (rotations && !(isImage && source.SampleShape[1] == source.SampleShape[2]))
        {
            throw new ArgumentException(
                $"rotations: samples of {source.Name} are "
                + $"{string.Join(" x ", source.SampleShape.Skip(isImage ? 1 : 0))}, and only "
                + "square images can be turned; switch rotations off.");
        }

        (this.source, this.ways, this.shots, this.queries, this.rotations) =
            (source, ways, shots, queries, rotations);
        sampleCount = source.SampleShape.Aggregate(1, (count, size) => count * size);

        int Samples(int number) => source.ClassRows(number).Length;
    }

    /// <summary>Tasks first .. first + tasks - 1 of a seed, stacked.</summary>
    /// <exception cref="ArgumentException">
    /// No tasks, or more pixels than an array can hold.
    /// </exception>
    public EpisodeArrays Sample(long seed, long first, int tasks)
    {
        CheckPositive(nameof(tasks), tasks);
        int support = ways * shots, query = ways * queries;
        if ((long)tasks * Math.Max(support, query) * sampleCount > Array.MaxLength)
        {
            throw new ArgumentException(
                $"tasks: {tasks} tasks of {support} + {query} images do not fit into one array; "
                + "draw fewer at a time.");
        }

        var batch = new EpisodeArrays
        {
            Tasks = tasks,
            Ways = ways,
            Shots = shots,
            Queries = queries,
            SampleShape = source.SampleShape,
            SupportX = new float[tasks * support * sampleCount],
            SupportY = new long[tasks * support],
            QueryX = new float[tasks * query * sampleCount],
            QueryY = new long[tasks * query],
            ClassIds = new int[tasks * ways],
            QuarterTurns = new int[tasks * ways],
            SupportImages = new int[tasks * support],
            QueryImages = new int[tasks * query],
        };
        for (int t = 0; t < tasks; t++) Fill(batch, t, new SeededRandom(seed, first + t));
        return batch;
    }

    private void Fill(EpisodeArrays batch, int task, SeededRandom random)
    {
        var classes = random.Choose(ways, source.ClassCount);
        for (int w = 0; w < ways; w++)
        {
            int turns = rotations ? random.Below(4) : 0;
            batch.ClassIds[(task * ways) + w] = classes[w];
            batch.QuarterTurns[(task * ways) + w] = turns;

            var images = source.ClassRows(classes[w]);
            var chosen = random.Choose(shots + queries, images.Length);
            for (int i = 0; i < chosen.Length; i++)
            {
                bool support = i < shots;
                int at = support
                    ? (((task * ways) + w) * shots) + i
                    : (((task * ways) + w) * queries) + i - shots;
                int row = images[chosen[i]];
                (support ? batch.SupportImages : batch.QueryImages)[at] = row;
                (support ? batch.SupportY : batch.QueryY)[at] = w;
                var pixels = (support ? batch.SupportX : batch.QueryX)
                    .AsSpan(at * sampleCount, sampleCount);
                source.CopySample(row, pixels, turns);
            }
        }
    }

    internal static void CheckPositive(string name, int value)
    {
        if (value < 1)
        {
            throw new ArgumentException($"{name}: {value} is too few; choose at least 1.");
        }
    }
}
