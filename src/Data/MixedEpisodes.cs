// Few-shot tasks of several sets, as in Meta-Dataset (Triantafillou et al., 2020): each task is
// drawn from one set, and which one is drawn for each task.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// Tasks of several sets of samples of one shape. Task i of a seed is the same whatever was drawn
/// before: the set is drawn from a stream of its own, and the task is that which the set's sampler
/// has under this number. <see cref="ImageClasses.Fit"/> brings sets of images to one shape.
/// </summary>
public sealed class MixedEpisodes
{
    // The sets are drawn from streams of their own: seeds are small numbers, this is a large one.
    private const long SetSeed = 0x3C91_7AE4_D20B_58F7;

    private readonly ImmutableArray<EpisodeSampler> samplers;
    private readonly ImmutableArray<double> upTo; // the weights of a set and of all before it
    private readonly ImmutableArray<int> firstClass;

    /// <summary>A mix in which every set is as likely.</summary>
    /// <param name="sources">The sets.</param>
    /// <param name="ways">Classes in a task; every set has as many.</param>
    /// <param name="shots">Support samples of each class.</param>
    /// <param name="queries">Query samples of each class.</param>
    /// <param name="rotations">As <see cref="EpisodeSampler"/> has them.</param>
    /// <param name="tasksPerForm">
    /// How many tasks in a row have one number of ways and shots, where these vary: those of a
    /// training step. The tasks of a step may be of different sets.
    /// </param>
    /// <param name="weights">How likely the sets are, relative to one another.</param>
    /// <exception cref="ArgumentException">
    /// There are no sets, their shapes differ, one is named twice, one is too small, or the weights
    /// are wrong.
    /// </exception>
    public MixedEpisodes(
        IReadOnlyList<IEpisodeSource> sources, Counts ways, Counts shots, int queries,
        bool rotations = false, int tasksPerForm = 1, IReadOnlyList<double>? weights = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        Check(sources, weights);
        samplers =
        [
            .. sources.Select(source => new EpisodeSampler(
                source, ways, shots, queries, rotations, tasksPerForm)),
        ];
        upTo = [.. Sums(sources.Select((_, i) => weights?[i] ?? 1)).Skip(1)];
        firstClass = [.. Sums(sources.Select(source => (double)source.ClassCount))
            .Select(sum => (int)sum)];
    }

    /// <summary>The number of the set that a task of a seed is of.</summary>
    public int SetOf(long seed, long task)
    {
        double drawn = new SeededRandom(unchecked(seed + SetSeed), task).Uniform() * upTo[^1];
        int set = 0;
        while (drawn >= upTo[set] && set < upTo.Length - 1) set++;
        return set;
    }

    /// <summary>
    /// Tasks first .. first + tasks - 1 of a seed, stacked. Classes are numbered on from one set to
    /// the next; rows of images are those of the task's own set.
    /// </summary>
    /// <exception cref="ArgumentException">
    /// No tasks, more pixels than an array can hold, or tasks of different forms.
    /// </exception>
    public EpisodeArrays Sample(long seed, long first, int tasks)
    {
        EpisodeArrays batch = samplers[0].Empty(seed, first, tasks);
        for (int t = 0; t < tasks; t++)
        {
            int set = SetOf(seed, first + t);
            samplers[set].Fill(batch, t, seed, first + t);
            foreach (ref int number in batch.ClassIds.AsSpan(t * batch.Ways, batch.Ways))
                number += firstClass[set];
        }

        return batch;
    }

    private static void Check(IReadOnlyList<IEpisodeSource> sources, IReadOnlyList<double>? weights)
    {
        if (sources.Count == 0)
            throw new ArgumentException("MixedEpisodes: there is no set; give at least one.");
        if (sources.FirstOrDefault(s => !s.SampleShape.SequenceEqual(sources[0].SampleShape)) is
            { } other)
        {
            throw new ArgumentException(
                $"MixedEpisodes: samples of {sources[0].Name} are {Shape(sources[0])}, those of "
                + $"{other.Name} {Shape(other)}; bring images to one shape with Fit, or leave one "
                + "out.");
        }

        if (sources.GroupBy(s => s.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException(
                $"MixedEpisodes: {twice.Key} is there twice; name each set once, and give weights "
                + "if it should come more often.");
        }

        if (weights is null) return;
        if (weights.Count != sources.Count || !weights.All(w => w > 0 && double.IsFinite(w)))
        {
            throw new ArgumentException(
                $"MixedEpisodes: weights [{string.Join(", ", weights)}] for {sources.Count} sets; "
                + "give a number above 0 for each.");
        }
    }

    /// <summary>0, the first number, the sum of the first two, ...</summary>
    private static IEnumerable<double> Sums(IEnumerable<double> numbers)
    {
        double sum = 0;
        yield return sum;
        foreach (double number in numbers) yield return sum += number;
    }

    private static string Shape(IEpisodeSource source) => string.Join(" x ", source.SampleShape);
}
