// Features without labels: the loss is the paper's, its derivative is right, views stay images of
// the same thing, and what is learnt groups digits better than their pixels do.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class InstanceDiscriminationTests
{
    [Fact]
    public void TheLossIsThePapers()
    {
        double[,] z = Rows(Key.From(1).Normal([6, 4], DType.Float64).Eval());
        double Similarity(int i, int j)
        {
            double dot = 0, a = 0, b = 0;
            for (int k = 0; k < 4; k++)
            {
                dot += z[i, k] * z[j, k];
                a += z[i, k] * z[i, k];
                b += z[j, k] * z[j, k];
            }
            return Math.Exp(dot / Math.Sqrt(a * b) / 0.3);
        }
        double sum = 0;
        for (int i = 0; i < 6; i++)
        {
            double others = Enumerable.Range(0, 6).Where(j => j != i).Sum(j => Similarity(i, j));
            sum -= Math.Log(Similarity(i, (i + 3) % 6) / others);
        }
        Tensor projections = Key.From(1).Normal([6, 4], DType.Float64);
        Assert.Equal(
            sum / 6, InstanceDiscrimination.Contrast(projections, 0.3).Item(), 10);
        GradCheckResult check = GradCheck.Run(
            (Tensor t) => InstanceDiscrimination.Contrast(t, 0.3), projections.Eval(), order: 2);
        Assert.True(check.Error < 1e-6, check.ToString());
    }

    [Fact]
    public void ViewsDifferAndWithoutStrengthAreNearlyTheImage()
    {
        Tensor x = LabelledSet.From(EmbeddedData.FontDigits).Range(0, 8).All().X;
        Tensor a = InstanceDiscrimination.Warped(x, Key.From(0)).Eval();
        Tensor b = InstanceDiscrimination.Warped(x, Key.From(1)).Eval();
        Assert.Equal(x.Shape, a.Shape);
        Assert.True((a - b).Abs().Mean().Item() > 0.02);
        // An image is nearer its own view than other images' on the whole.
        double own = (a - x).Square().Mean().Item();
        double other = (Tensor.Concat([a[1..], a[..1]], 0) - x).Square().Mean().Item();
        Assert.True(own < other, $"{own} {other}");
    }

    [Fact]
    public void AResumedRunHasTheBitsOfAnUninterruptedOne()
    {
        LabelledSet digits = LabelledSet.From(EmbeddedData.FontDigits).Resize(16, 16);
        Several.AssertResumes(
            InstanceDiscrimination.Training(Key.From(1), Digits.Conv4(), Optim.Adam(1e-3)),
            ImageBatch.Of(digits, 8, seed: 2));
    }

    [Fact]
    public void TheHeadStaysAndTheStatisticsMove()
    {
        LabelledSet digits = LabelledSet.From(EmbeddedData.FontDigits).Resize(16, 16);
        Conv4 net = Digits.Conv4();
        var state = InstanceDiscrimination.Training(Key.From(1), net, Optim.Adam(1e-3))
            .Run(ImageBatch.Of(digits, 8, seed: 2), 3);
        Assert.True(Fake.Same(net.Head, state.Network.Head));
        Assert.False(Fake.Same(net.Blocks[0].Convolution, state.Network.Blocks[0].Convolution));
        Assert.False(Fake.Same(NormStatistics.For(net), state.Read().Statistics));
    }

    private static double[,] Rows(Tensor x)
    {
        double[] flat = x.ToDoubles();
        var rows = new double[x.Shape[0], x.Shape[1]];
        Buffer.BlockCopy(flat, 0, rows, 0, flat.Length * sizeof(double));
        return rows;
    }
}
