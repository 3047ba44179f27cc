// Grouping without labels, and how a grouping is measured.
using Engine.Transfer;

namespace Engine.Tests;

public class KMeansTests
{
    [Fact]
    public void GroupsThatLieApartAreFound()
    {
        Tensor labels = Tensor.From([.. Enumerable.Range(0, 120).Select(i => (long)(i % 4))]);
        Tensor centres = 5 * Key.From(3).Normal([4, 6]);
        Tensor points = (centres.Take(labels) + 0.3 * Key.From(4).Normal([120, 6])).Eval();
        Clusters found = KMeans.Fit(points, 4, seed: 1);
        int[] classes = [.. labels.ToArray<long>().Select(l => (int)l)];
        Assert.Equal(1, found.Accuracy(classes));
        Assert.InRange(found.Error, 0.8 * 0.09 * 6, 1.1 * 0.09 * 6);
        Assert.Equal(found.Groups, KMeans.Fit(points, 4, seed: 1).Groups);

        // Each centre is the mean of its points, each point in the group of the nearest centre.
        for (int g = 0; g < 4; g++)
        {
            long[] own = [.. Enumerable.Range(0, 120).Where(i => found.Groups[i] == g)
                .Select(i => (long)i)];
            Assert.True(Tree.AllClose(
                points.Take(Tensor.From(own)).Mean(0), found.Centres[g], 1e-5, 1e-5));
        }
        for (int i = 0; i < 120; i++)
            Assert.Equal(
                found.Groups[i],
                (int)(found.Centres - points[i]).Square().Sum(1).ArgMin().Item<long>());
    }

    [Fact]
    public void PointsThatAreAllTheSameMakeGroupsToo()
    {
        Clusters found = KMeans.Fit(Tensor.Ones([5, 2]), 3);
        Assert.Equal(0, found.Error);
        Assert.Equal(1, found.Accuracy([0, 0, 0, 0, 0]));
    }

    [Fact]
    public void AccuracyIsThatOfTheBestMatching()
    {
        // Against all orders of the classes.
        for (int seed = 0; seed < 30; seed++)
        {
            int groups = 2 + seed % 4, classes = 2 + seed % 3;
            int[] group = Draw(seed, groups), label = Draw(seed + 100, classes);
            int size = Math.Max(groups, classes);
            double best = Orders([.. Enumerable.Range(0, size)]).Max(order =>
                group.Zip(label).Count(at => order[at.First] == at.Second) / 40.0);
            var clusters = new Clusters(Tensor.Zeros([groups, 1]), group, 0);
            Assert.Equal(best, clusters.Accuracy(label), 12);
        }

        static int[] Draw(int seed, int below) =>
            [.. Key.From(seed).Integers([40], 0, below).ToArray<long>().Select(v => (int)v)];
    }

    [Fact]
    public void BadInputIsToldApart()
    {
        Assert.Contains("do not make 4 groups", Fake.Error(
            () => KMeans.Fit(Tensor.Zeros([3, 2]), 4)));
        Assert.Contains("not finite", Fake.Error(
            () => KMeans.Fit(Tensor.From([1.0, double.NaN], [2, 1]), 1)));
        Assert.Contains("2 labels for 5 points", Fake.Error(
            () => KMeans.Fit(Tensor.Ones([5, 2]), 1).Accuracy([0, 1])));
    }

    private static IEnumerable<int[]> Orders(int[] items) => items.Length == 1 ? [items]
        : items.SelectMany(first => Orders([.. items.Where(i => i != first)])
            .Select(rest => (int[])[first, .. rest]));
}
