// Draws few-shot tasks from classes of images or vectors. Task i of a seed is the same
// whatever was drawn before and however tasks are batched.
//
// Ways and shots may vary from task to task (Triantafillou et al., "Meta-Dataset", 2020), but the
// tasks of a batch must stack. So the form is drawn for each block of tasks: tasks 0 .. n - 1 of
// a seed have one, tasks n .. 2 n - 1 the next, and a batch is taken from one block. Training
// steps of n tasks (or of a divisor of n) then meet a form each, and task i still depends on the
// seed and on i alone. Unlike Meta-Dataset's, all classes of a task have the same number of shots.
namespace Engine.Data;

/// <summary>What tasks of one form have in common.</summary>
/// <param name="Ways">Classes.</param>
/// <param name="Shots">Support images of each class.</param>
/// <param name="Queries">Query images of each class.</param>
public readonly record struct EpisodeForm(int Ways, int Shots, int Queries);

/// <summary>
/// Few-shot classification tasks: classes without replacement, and within a class support and query
/// images without replacement.
/// </summary>
public sealed class EpisodeSampler
{
    // The forms are drawn from streams of their own: seeds are small numbers, this is a large one.
    private const long FormSeed = 0x5A4D_F1E3_9B27_C681;

    private readonly IEpisodeSource source;
    private readonly Counts ways;
    private readonly Counts shots;
    private readonly int queries;
    private readonly bool rotations;
    private readonly int tasksPerForm;
    private readonly int sampleCount;

    /// <summary>A sampler of tasks of one form, or of several.</summary>
    /// <param name="source">Where classes and images, or other samples, come from.</param>
    /// <param name="ways">Classes in a task, such as 5 or [5, 10, 20].</param>
    /// <param name="shots">Support images of each class, such as 1 or [1, 5].</param>
    /// <param name="queries">Query images of each class.</param>
    /// <param name="rotations">
    /// Whether all images of a class are turned by the same random multiple of 90 degrees, each
    /// (class, turn) being a class of its own. A task never holds two turns of one class, because
    /// many characters look the same in both: the protocol of Finn et al., "Model-Agnostic
    /// Meta-Learning" (2017), for Omniglot.
    /// </param>
    /// <param name="tasksPerForm">
    /// How many tasks in a row have one form where ways or shots vary: those of a training step.
    /// A compiled step is made once for each form, eight at most.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The source has too few classes or images, or they are to be turned and not square.
    /// </exception>
    public EpisodeSampler(
        IEpisodeSource source, Counts ways, Counts shots, int queries, bool rotations = false,
        int tasksPerForm = 1)
    {
        CheckPositive(nameof(ways), ways.Least);
        CheckPositive(nameof(shots), shots.Least);
        CheckPositive(nameof(queries), queries);
        CheckPositive(nameof(tasksPerForm), tasksPerForm);
        bool isImage = source.SampleShape.Length == 3;
        if (ways.Most > source.ClassCount)
        {
            throw new ArgumentException(
                $"ways: {ways.Most} exceeds the {source.ClassCount} classes of {source.Name}; "
                + $"choose at most {source.ClassCount}.");
        }

        int smallest = Enumerable.Range(0, source.ClassCount).MinBy(Samples);
        if ((long)shots.Most + queries > Samples(smallest))
        {
            throw new ArgumentException(
                $"shots + queries: {shots.Most} + {queries} exceeds the {Samples(smallest)} "
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

        (this.source, this.ways, this.shots) = (source, ways, shots);
        (this.queries, this.rotations, this.tasksPerForm) = (queries, rotations, tasksPerForm);
        sampleCount = source.SampleShape.Aggregate(1, (count, size) => count * size);

        int Samples(int number) => source.ClassRows(number).Length;
    }

    /// <summary>The form of a task of a seed.</summary>
    public EpisodeForm Form(long seed, long task)
    {
        var random = new SeededRandom(unchecked(seed + FormSeed), task / tasksPerForm);
        return new(ways.Draw(random), shots.Draw(random), queries);
    }

    /// <summary>Tasks first .. first + tasks - 1 of a seed, stacked.</summary>
    /// <exception cref="ArgumentException">
    /// No tasks, more pixels than an array can hold, or tasks of different forms.
    /// </exception>
    public EpisodeArrays Sample(long seed, long first, int tasks)
    {
        EpisodeArrays batch = Empty(seed, first, tasks);
        for (int t = 0; t < tasks; t++) Fill(batch, t, seed, first + t);
        return batch;
    }

    /// <summary>Room for tasks first .. first + tasks - 1 of a seed.</summary>
    internal EpisodeArrays Empty(long seed, long first, int tasks)
    {
        CheckPositive(nameof(tasks), tasks);
        if (ways.Vary || shots.Vary) CheckOneBlock(first, tasks);
        EpisodeForm form = Form(seed, first);
        int support = form.Ways * form.Shots, query = form.Ways * form.Queries;
        CheckFits(
            $"tasks: {tasks} tasks of {support} + {query} images", tasks,
            Math.Max(support, query), sampleCount);

        return new EpisodeArrays
        {
            Tasks = tasks,
            Ways = form.Ways,
            Shots = form.Shots,
            Queries = form.Queries,
            SampleShape = source.SampleShape,
            SupportX = new float[tasks * support * sampleCount],
            SupportY = new long[tasks * support],
            QueryX = new float[tasks * query * sampleCount],
            QueryY = new long[tasks * query],
            ClassIds = new int[tasks * form.Ways],
            QuarterTurns = new int[tasks * form.Ways],
            SupportImages = new int[tasks * support],
            QueryImages = new int[tasks * query],
        };
    }

    private void CheckOneBlock(long first, int tasks)
    {
        long inBlock = first % tasksPerForm;
        if (inBlock + tasks > tasksPerForm)
        {
            throw new ArgumentException(
                $"tasks: tasks {first} to {first + tasks - 1} are of more than one form, of which "
                + $"each holds for {tasksPerForm}; draw at most {tasksPerForm - inBlock} from "
                + $"{first} on, or choose tasksPerForm to be the number of tasks in a step.");
        }
    }

    /// <summary>Writes a task of a seed to its place in a batch of tasks of its form.</summary>
    internal void Fill(EpisodeArrays batch, int task, long seed, long number)
    {
        var random = new SeededRandom(seed, number);
        var (ways, shots) = (batch.Ways, batch.Shots);
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

    /// <summary>Whether an array can hold the product of the sizes.</summary>
    internal static void CheckFits(string what, params ReadOnlySpan<double> sizes)
    {
        double product = 1;
        foreach (double size in sizes) product *= size;
        if (product > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{what} do not fit into one array; draw fewer at a time.");
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
