// k-means (Lloyd, "Least squares quantization in PCM", 1982), begun as k-means++ does (Arthur and
// Vassilvitskii, 2007): the usual way to group features without labels.
using Engine.Data;
using Engine.Meta;

namespace Engine.Transfer;

/// <summary>Points in groups.</summary>
/// <param name="Centres">The centre of each group, (groups, F).</param>
/// <param name="Groups">The group of each point.</param>
/// <param name="Error">The mean squared distance of a point from its centre.</param>
public sealed record Clusters(Tensor Centres, IReadOnlyList<int> Groups, double Error)
{
    /// <summary>
    /// The share of points whose group is their class, when each group is given a class of its own
    /// so that this share is largest: what unsupervised results are judged by (Xie et al.,
    /// "Unsupervised Deep Embedding for Clustering Analysis", 2016, equation 10). Only this
    /// measurement sees labels.
    /// </summary>
    /// <param name="labels">The class of each point, from 0 on.</param>
    /// <exception cref="EngineException">There are not as many labels as points.</exception>
    public double Accuracy(IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count != Groups.Count)
            throw Errors.Fail("Clusters", $"{labels.Count} labels for {Groups.Count} points. Give "
                + "the label of each point.");
        int size = Math.Max(Centres.Shape[0], labels.Max() + 1);
        var together = new double[size, size];
        for (int i = 0; i < labels.Count; i++) together[Groups[i], labels[i]]++;
        int[] classOf = Assignment.Best(together);
        return classOf.Select((label, group) => together[group, label]).Sum() / labels.Count;
    }
}

/// <summary>Groups points.</summary>
public static class KMeans
{
    private const string Op = "KMeans";

    /// <summary>
    /// Points (N, F) in groups: the best of several starts, each by Lloyd's steps until no point
    /// changes its group.
    /// </summary>
    /// <param name="points">The points, such as features.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="seed">Randomness of the starts.</param>
    /// <param name="starts">How many starts.</param>
    /// <param name="steps">Lloyd's steps of each start at most.</param>
    /// <exception cref="EngineException">
    /// There are fewer points than groups, or points that are not finite.
    /// </exception>
    public static Clusters Fit(
        Tensor points, int groups, long seed = 0, int starts = 10, int steps = 100)
    {
        ArgumentNullException.ThrowIfNull(points);
        if (points.Shape.Rank != 2 || groups < 1 || points.Shape[0] < groups || starts < 1)
            throw Errors.Fail(Op, $"points {points.Shape} do not make {groups} groups from "
                + $"{starts} starts. Give points (N, F), as many as groups at least.");
        if (points.ToDoubles().Any(value => !double.IsFinite(value)))
            throw Errors.Fail(Op, "a point is not finite. Look at the features.");
        var step = Compile.Of((Tensor x, Tensor centres) =>
        {
            Tensor distances = Tensor.Maximum(Features.SquaredDistances(x, centres), 0);
            return (distances.ArgMin(1), distances.Min(1));
        });
        return Enumerable.Range(0, starts)
            .Select(i => Lloyd(
                points, Spread(points, groups, new SeededRandom(seed, i)), step, steps))
            .MinBy(found => found.Error)!;
    }

    /// <summary>
    /// Centres among the points, each drawn with a chance in proportion to the squared distance
    /// from those before it.
    /// </summary>
    private static Tensor Spread(Tensor points, int groups, SeededRandom random)
    {
        var chosen = new List<long> { random.Below(points.Shape[0]) };
        double[] distance = [.. Enumerable.Repeat(double.PositiveInfinity, points.Shape[0])];
        while (chosen.Count < groups)
        {
            double[] last = (points - points[(int)chosen[^1]]).Square().Sum(1).ToDoubles();
            for (int i = 0; i < last.Length; i++) distance[i] = Math.Min(distance[i], last[i]);
            double left = distance.Sum() * random.Below(1 << 30) / (1 << 30);
            int at = 0;
            while (at < distance.Length - 1 && (left -= distance[at]) >= 0) at++;
            chosen.Add(at);
        }
        return points.Take(Tensor.From([.. chosen])).Eval();
    }

    private static Clusters Lloyd(
        Tensor points, Tensor centres, Func<Tensor, Tensor, (Tensor, Tensor)> step, int steps)
    {
        int groups = centres.Shape[0];
        long[] before = [];
        for (int i = 0; ; i++)
        {
            var (nearest, distance) = step(points, centres);
            long[] now = nearest.ToArray<long>();
            if (i >= steps || now.AsSpan().SequenceEqual(before))
                return new(centres, [.. now.Select(g => (int)g)], distance.Mean().Item());
            before = now;
            Tensor count = nearest.OneHot(groups, points.DType).Sum(0).ExpandDims(1);
            // A group without points keeps its centre.
            centres = Tensor.Where(
                count > 0,
                Features.ClassSums(points, nearest, groups) / Tensor.Maximum(count, 1), centres)
                .Eval();
        }
    }
}
