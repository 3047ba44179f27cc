// Losses against sums written out.
using Engine.Nn;

namespace Engine.NnTests;

public class LossTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(1.0)]
    public void CrossEntropyEqualsTheSum(double smoothing)
    {
        const int n = 6, classes = 4;
        double[] z = Naive.Normal(1, n * classes);
        long[] labels = [0, 3, 1, 2, 2, 0];
        double expected = 0;
        for (int i = 0; i < n; i++)
        {
            double sum = Enumerable.Range(0, classes).Sum(c => Math.Exp(z[i * classes + c]));
            for (int c = 0; c < classes; c++)
            {
                double target = smoothing / classes + (c == labels[i] ? 1 - smoothing : 0);
                expected -= target * (z[i * classes + c] - Math.Log(sum)) / n;
            }
        }
        Tensor logits = Tensor.From(z, Shape.Of(n, classes));
        Tensor loss = Loss.CrossEntropy(logits, Tensor.From(labels), smoothing);
        Assert.Equal(expected, loss.Item(), 13);
        Assert.Equal(expected, // labels of int32
            Loss.CrossEntropy(logits, Tensor.From(labels).Cast(DType.Int32), smoothing).Item(), 13);
        Assert.True(GradCheck.Run(
            (Tensor x) => Loss.CrossEntropy(x, Tensor.From(labels), smoothing), logits, 2)
            .Error < 1e-7);
    }

    [Fact]
    public void CrossEntropyOfExtremeLogitsIsFinite()
    {
        Tensor logits = Tensor.From([1e4f, -1e4f, -1e4f, 1e4f], Shape.Of(2, 2));
        Assert.Equal(1e4f, Loss.CrossEntropy(logits, Tensor.From([0, 0])).Item<float>());
        Tensor g = Grad.Of((Tensor x) => Loss.CrossEntropy(x, Tensor.From([0, 0])))(logits);
        Assert.Equal([0f, 0f, -0.5f, 0.5f], g.ToArray<float>());
    }

    [Fact]
    public void CrossEntropyExplainsWrongUse()
    {
        Tensor logits = Tensor.Zeros([3, 4]);
        const string shapes = "CrossEntropy: needs logits (N, classes) and labels (N), but got ";
        Assert.Equal(shapes + "(3, 4) and (2). Flatten other axes first.",
            Naive.Error(() => Loss.CrossEntropy(logits, Tensor.From([0, 1]))));
        Assert.StartsWith(shapes,
            Naive.Error(() => Loss.CrossEntropy(logits, Tensor.Zeros([3, 4], DType.Int64))));
        Assert.StartsWith(shapes,
            Naive.Error(() => Loss.CrossEntropy(logits[0], Tensor.Scalar(1L))));
        Assert.Equal("CrossEntropy: label smoothing 1.5 must lie in 0..1.",
            Naive.Error(() => Loss.CrossEntropy(logits, Tensor.From([0, 1, 2]), 1.5)));
        Assert.Contains("needs integer indices, but got float32",
            Naive.Error(() => Loss.CrossEntropy(logits, Tensor.Zeros(3))));
        AWrongLabelNamesTheLoss(logits);
    }

    private static void AWrongLabelNamesTheLoss(Tensor logits)
    {
        const string wrong = ", labels of 4 classes: index 4 at (1, 0) is outside 0 .. 3.";
        Tensor labels = Tensor.From([0, 4, 1]);
        Assert.Equal("CrossEntropy" + wrong,
            Naive.Error(() => Loss.CrossEntropy(logits, labels).Eval()));
        Assert.Equal("CrossEntropy" + wrong,
            Naive.Error(() => Loss.CrossEntropy(logits, labels, labelSmoothing: 0.1).Eval()));
        Assert.Equal("Nll" + wrong, Naive.Error(() => Loss.Nll(logits, labels).Eval()));
        Assert.StartsWith("CrossEntropy, labels of 4 classes: index 4 at ",
            Naive.Error(() => Loss.CrossEntropy(
                logits, labels, Reduction.Mean, classWeights: Tensor.Ones(4)).Eval()));
        // Also where the labels are known only when a compiled step runs, and in its gradient.
        var step = Compile.Of((Tensor z, Tensor y) =>
            Grad.Of((Tensor t) => Loss.CrossEntropy(t, y))(z));
        Assert.Equal("(3, 4)", $"{step(logits, Tensor.From([0, 3, 1])).Shape}");
        Assert.Equal("CrossEntropy" + wrong, Naive.Error(() => step(logits, labels)));
    }

    [Fact]
    public void MseIsTheMeanOfSquaresAndNeverBroadcasts()
    {
        Tensor a = Tensor.From([1.0, 2, 3, 4], Shape.Of(2, 2));
        Tensor b = Tensor.From([1.0, 0, 0, 1], Shape.Of(2, 2));
        Assert.Equal((0 + 4 + 9 + 9) / 4.0, Loss.Mse(a, b).Item());
        Assert.Equal("Mse: shapes (2, 2) and (2) differ; a silent broadcast would change the loss. "
            + "Reshape one.", Naive.Error(() => Loss.Mse(a, b[0])));
        Assert.StartsWith("Mse: ",
            Naive.Error(() => Loss.Mse(Tensor.Zeros([4, 1]), Tensor.Zeros(4))));
    }

    [Fact]
    public void AccuracyIsTheFractionOfRightRows()
    {
        Tensor logits = Tensor.From([1f, 2, 5, 3, 0, 0, -2, -1], Shape.Of(4, 2));
        Assert.Equal(0.75f, Loss.Accuracy(logits, Tensor.From([1L, 0, 0, 0])).Item<float>());
        Assert.Equal(0.75f, Loss.Accuracy(logits, Tensor.From([1, 0, 0, 0])).Item<float>());
        Tensor both = Vmap.Of(
            (Tensor x) => Loss.Accuracy(x, Tensor.From([1L, 0])))(logits.Reshape(2, 2, 2));
        Assert.Equal([1f, 0], both.ToArray<float>());
        Assert.StartsWith("Accuracy: ",
            Naive.Error(() => Loss.Accuracy(logits, Tensor.From([1L]))));
    }
}
