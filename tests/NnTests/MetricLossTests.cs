// Losses of distances against loops, losses at the edges, and what they say of wrong use.
using Engine.Nn;

namespace Engine.NnTests;

public class MetricLossTests
{
    private const int N = 6, Features = 3;
    private static readonly double[] A = Naive.Normal(1, N * Features);
    private static readonly double[] B = Naive.Normal(2, N * Features);
    private static readonly long[] Labels = [0, 1, 0, 2, 1, 0];

    private static Tensor Rows(double[] values) => Tensor.From(values, Shape.Of(N, Features));

    private static double Dot(double[] a, int i, double[] b, int j) =>
        Enumerable.Range(0, Features).Sum(k => a[i * Features + k] * b[j * Features + k]);

    private static double Cosine(double[] a, int i, double[] b, int j) =>
        Dot(a, i, b, j) / Math.Sqrt(Dot(a, i, a, i) * Dot(b, j, b, j));

    private static void CheckDerivatives(Func<Tensor, Tensor> loss)
    {
        foreach (int order in (int[])[1, 2])
        {
            var check = GradCheck.Run((Tensor x) => loss(x), Rows(A), order);
            Assert.True(check.Error < 1e-6, $"{check}");
        }
    }

    [Fact]
    public void ContrastiveEqualsTheSum()
    {
        bool[] same = [true, false, false, true, false, false];
        var expected = new double[N];
        for (int i = 0; i < N; i++)
        {
            double square = Dot(A, i, A, i) + Dot(B, i, B, i) - 2 * Dot(A, i, B, i);
            double lack = Math.Max(0, 1.5 - Math.Sqrt(square));
            expected[i] = same[i] ? square / 2 : lack * lack / 2;
        }
        Tensor Of(Tensor x, Reduction r) => Loss.Contrastive(x, Rows(B), Tensor.From(same), 1.5, r);
        Naive.Near(expected, Of(Rows(A), Reduction.None), 1e-13);
        Assert.Equal(expected.Average(), Of(Rows(A), Reduction.Mean).Item(), 13);
        CheckDerivatives(x => Of(x, Reduction.Mean));
        Tensor equal = Grad.Of(
            (Tensor x) => Loss.Contrastive(x, Rows(B), Tensor.From(same)))(Rows(B));
        Assert.All(equal.ToDoubles(), g => Assert.Equal(0, g));
        Assert.Equal("Contrastive: needs one bool for each pair, (6), but got int64 (6).",
            Naive.Error(() => Loss.Contrastive(Rows(A), Rows(B), Tensor.From(Labels))));
    }

    [Fact]
    public void InfoNceEqualsTheSum()
    {
        double expected = 0;
        for (int i = 0; i < N; i++)
            expected += Math.Log(
                Enumerable.Range(0, N).Sum(j => Math.Exp(Cosine(A, i, B, j) / 0.2)))
                - Cosine(A, i, B, i) / 0.2;
        Assert.Equal(expected / N, Loss.InfoNce(Rows(A), Rows(B), 0.2).Item(), 12);
        CheckDerivatives(x => Loss.InfoNce(x, Rows(B), 0.2));
        Assert.Equal("InfoNce: needs embeddings (N, features) and a positive temperature, but got "
            + "(6, 3) and 0.", Naive.Error(() => Loss.InfoNce(Rows(A), Rows(B), 0)));
    }

    [Fact]
    public void SupervisedContrastiveEqualsTheSum()
    {
        var expected = new double[N];
        for (int i = 0; i < N; i++)
        {
            int[] others = [.. Enumerable.Range(0, N).Where(j => j != i)];
            int[] company = [.. others.Where(j => Labels[j] == Labels[i])];
            double sum = others.Sum(j => Math.Exp(Cosine(A, i, A, j) / 0.3));
            if (company.Length > 0)
                expected[i] = -company.Average(j => Cosine(A, i, A, j) / 0.3 - Math.Log(sum));
        }
        Tensor Of(Tensor x, Reduction r) =>
            Loss.SupervisedContrastive(x, Tensor.From(Labels), 0.3, r);
        Naive.Near(expected, Of(Rows(A), Reduction.None), 1e-12);
        Assert.Equal(expected.Sum() / 5, Of(Rows(A), Reduction.Mean).Item(), 12);
        CheckDerivatives(x => Of(x, Reduction.Mean));
        Tensor alone = Loss.SupervisedContrastive(Rows(A), Tensor.Arange(N));
        Assert.Equal(0, alone.Item());
    }

    [Fact]
    public void OneSampleOrNoneHasNoContrast()
    {
        var gradient = Grad.Of((Tensor x) =>
            Loss.SupervisedContrastive(x, Tensor.Arange(x.Shape[0])));
        foreach (int count in (int[])[0, 1])
        {
            Tensor x = Tensor.Ones([count, 3]);
            Assert.Equal(0, Loss.SupervisedContrastive(x, Tensor.Arange(count)).Item());
            Assert.Equal(new double[count * 3], gradient(x).ToDoubles());
            Assert.Equal(
                new double[count * 3], Grad.Of((Tensor t) => gradient(t).Sum())(x).ToDoubles());
        }
    }

    [Fact]
    public void ClassesOfProbabilityZeroCountNothing()
    {
        double never = double.NegativeInfinity;
        Tensor target = Tensor.From([Math.Log(0.5), Math.Log(0.5), never], Shape.Of(1, 3));
        Tensor prediction = Tensor.From([Math.Log(0.25), Math.Log(0.75), never], Shape.Of(1, 3));
        double expected = 0.5 * Math.Log(2) + 0.5 * Math.Log(2 / 3.0);
        Assert.Equal(expected, Loss.KlDivergence(prediction, target).Item(), 14);
        Tensor g = Grad.Of((Tensor q) => Loss.KlDivergence(q, target))(prediction);
        Naive.Near([-0.5, -0.5, 0], g, 1e-14);
    }

    [Fact]
    public void BinaryCrossEntropyOfExtremeLogitsIsFinite()
    {
        Tensor logits = Tensor.From([1e4f, -1e4f, 1e4f, -1e4f]);
        Tensor targets = Tensor.From([1f, 0, 0, 1]);
        foreach (double weight in (double[])[1, 2])
        {
            Tensor losses = Loss.BceWithLogits(logits, targets, Reduction.None, weight);
            Assert.Equal([0f, 0, 1e4f, (float)(weight * 1e4)], losses.ToArray<float>());
        }
    }

    [Fact]
    public void LossesExplainWrongUse()
    {
        Tensor two = Tensor.Zeros(2), three = Tensor.Zeros(3);
        foreach (var (name, loss) in new (string, Func<Tensor>)[]
        {
            ("Mae", () => Loss.Mae(two, three)), ("Huber", () => Loss.Huber(two, three)),
            ("BceWithLogits", () => Loss.BceWithLogits(two, three)),
            ("KlDivergence", () => Loss.KlDivergence(two, three)),
            ("Triplet", () => Loss.Triplet(two, two, three)),
            ("Contrastive", () => Loss.Contrastive(two, three, two)),
            ("InfoNce", () => Loss.InfoNce(two, three)),
        })
            Assert.Equal($"{name}: shapes (2) and (3) differ; a silent broadcast would change the "
                + "loss. Reshape one.", Naive.Error(() => loss()));
        Tensor logits = Tensor.Zeros([3, 4]), labels = Tensor.From([0, 1, 2]);
        Assert.Equal("CrossEntropy: needs one weight for each of 4 classes, but got (3).",
            Naive.Error(() => Loss.CrossEntropy(logits, labels, Reduction.Mean, 0, three)));
        Assert.StartsWith(
            "Nll: needs log-probabilities (N, classes) and labels (N), but got (4) and",
            Naive.Error(() => Loss.Nll(logits[0], labels)));
        Assert.Equal("Huber: delta 0 must be positive.",
            Naive.Error(() => Loss.Huber(two, two, 0)));
    }
}
