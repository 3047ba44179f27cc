// Tests of transferability scores against the papers' formulas written down without thought for
// speed, and on digits, where a trained network must beat an untrained one.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class TransferabilityTests
{
    // Features of full rank, and such that are combinations of three.
    [Theory, InlineData(30, 4, 4), InlineData(30, 6, 3), InlineData(20, 25, 3)]
    public void LogMeIsTheLargestEvidence(int n, int width, int rank)
    {
        Tensor f = Key.From(n).Normal([n, rank], DType.Float64).Eval();
        if (rank < width) f = f.MatMul(Key.From(7).Normal([rank, width], DType.Float64)).Eval();
        Tensor noise = Key.From(n + 1).Normal([n], DType.Float64);
        Tensor y = (f[.., 0] + f[.., 1] + 0.5 * noise > 0).Cast(DType.Int64).Eval();
        double sum = 0;
        for (int k = 0; k < 2; k++)
            sum += LargestEvidence(f, y.EqualTo((long)k).Cast(DType.Float64)) / n;
        Assert.Equal(sum / 2, Transferability.LogMe(f, y), 1e-6);
    }

    /// <summary>Equation 2 of the paper, with whole matrices, at its maximum.</summary>
    private static double LargestEvidence(Tensor f, Tensor y)
    {
        double At(double alpha, double beta)
        {
            int n = f.Shape[0], width = f.Shape[1];
            Tensor a = alpha * Tensor.Eye(width, type: DType.Float64)
                + beta * f.Transpose().MatMul(f);
            Tensor mean = beta * a.Solve(f.Transpose().MatMul(y.ExpandDims(1)));
            Tensor residual = f.MatMul(mean).Squeeze(1) - y;
            return 0.5 * n * Math.Log(beta) + 0.5 * width * Math.Log(alpha)
                - 0.5 * n * Math.Log(2 * Math.PI) - 0.5 * beta * residual.Square().Sum().Item()
                - 0.5 * alpha * mean.Square().Sum().Item()
                - 0.5 * a.Cholesky().Diagonal().Log().Sum().Item() * 2;
        }
        // The best of a grid of logarithms, then of ever finer ones around it.
        (double A, double B) centre = (1, 1);
        double best = double.NegativeInfinity;
        for (double stride = 2; stride > 1e-5; stride /= 2.5)
        {
            (double A, double B) middle = centre;
            for (int i = 0; i < 121; i++)
            {
                (double A, double B) at =
                    (middle.A + (i % 11 - 5) * stride, middle.B + (i / 11 - 5) * stride);
                double value = At(Math.Exp(at.A), Math.Exp(at.B));
                if (value > best) (best, centre) = (value, at);
            }
        }
        return best;
    }

    [Fact]
    public void AFeatureThatSaysNothingAddsNothing()
    {
        Tensor labels = Tensor.From([0L, 1, 0, 1]);
        double dead = Transferability.LogMe(Tensor.Zeros([4, 3]), labels);
        Assert.True(double.IsFinite(dead));
        Tensor good = Tensor.From([0f, 1, 0, 1], [4, 1]);
        Assert.True(Transferability.LogMe(good, labels) > dead);
    }

    [Fact]
    public void LeepIsTheLikelihoodOfTheLabels()
    {
        const int n = 12, sources = 4;
        double[,] theta = new double[n, sources];
        double[] p = Key.From(0).Normal([n, sources], DType.Float64).Softmax().ToDoubles();
        long[] y = [.. Enumerable.Range(0, n).Select(i => (long)(i % 3))];
        for (int i = 0; i < n * sources; i++) theta[i / sources, i % sources] = p[i];
        double expected = 0;
        for (int i = 0; i < n; i++)
        {
            double likelihood = 0;
            for (int z = 0; z < sources; z++)
            {
                double both = 0, any = 0;
                for (int j = 0; j < n; j++)
                {
                    any += theta[j, z];
                    if (y[j] == y[i]) both += theta[j, z];
                }
                likelihood += both / any * theta[i, z];
            }
            expected += Math.Log(likelihood) / n;
        }
        Assert.Equal(expected,
            Transferability.Leep(Tensor.From(p, [n, sources]), Tensor.From(y)), 1e-12);
        // A source whose classes are the target's explains them all.
        Assert.Equal(0, Transferability.Leep(
            Tensor.From(y).OneHot(3, DType.Float64), Tensor.From(y)), 1e-12);
    }

    [Fact]
    public void ATrainedNetworkIsAboveAnUntrainedOne()
    {
        LeNet raw = LeNet.Create(Key.From(0), 10);
        NormStatistics none = NormStatistics.For(raw);
        var training = new FineTuning<LeNet>(raw, none, TunePlan.All(), Optim.Adam(1e-3));
        LeNet trained = training.Network(
            training.Run(training.Begin(), Digits.FontDigits(0), 60));
        Episode batch = new ImageBatches(EmbeddedData.Mnist, 300).Sample(1, 0, 1);
        Tensor x = batch.QueryX[0].Eval(), y = batch.QueryY[0].Eval();
        double LogMe(LeNet n) => Transferability.LogMe(n.Features(x, none), y);
        double Leep(LeNet n) => Transferability.Leep(n.Forward(x, none).Softmax(), y);
        Assert.True(LogMe(trained) > LogMe(raw) + 0.02, $"{LogMe(trained)} {LogMe(raw)}");
        Assert.True(Leep(trained) > Leep(raw) + 0.2, $"{Leep(trained)} {Leep(raw)}");
    }

    [Fact]
    public void WhatIsNoTaskIsRefused()
    {
        Tensor f = Key.From(0).Normal([4, 2]).Eval(), y = Tensor.From([0L, 1, 0, 1]);
        Assert.Equal("LogMe: labels go from 0 to 0: give labels from 0 on, of at least two "
            + "classes.", Fake.Error(() => Transferability.LogMe(f, 0 * y)));
        Assert.Contains("labels go from -1 to 0", Fake.Error(
            () => Transferability.LogMe(f, y - 1)));
        Assert.Contains("a value is NaN or infinite", Fake.Error(
            () => Transferability.LogMe(f / 0, y)));
        Assert.Contains("needs (N, columns) and integer labels (N)", Fake.Error(
            () => Transferability.Leep(f, y[..3])));
        Assert.Contains("Give probabilities, such as logits.Softmax().", Fake.Error(
            () => Transferability.Leep(f, y)));
    }
}
