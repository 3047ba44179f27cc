// Validators against plain programs of their formulas, and on models whose order is known.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class ValidatorTests
{
    private static Unlabelled Look(double sharpness, double quality, int count = 200)
    {
        // Logits that are right for a fraction of the samples and as sure as is asked.
        Tensor labels = Tensor.From([.. Enumerable.Range(0, count).Select(i => (long)(i % 4))]);
        Tensor wrong = Key.From(1).Uniform(count) < 1 - quality;
        Tensor taken = Tensor.Where(wrong, 0 * labels, labels);
        Tensor z = sharpness * taken.OneHot(4) + 0.3 * Key.From(2).Normal([count, 4]);
        Tensor f = z + 0.1 * Key.From(3).Normal([count, 4]);
        return new(f.Eval(), z.Eval(), labels, (f + 0.2).Eval(), z.Eval());
    }

    [Fact]
    public void CertainAndDiverseScoresHigherThanUnsureOrCollapsed()
    {
        Validator v = Validators.InformationMaximisation;
        double good = v.Score(Look(6, 1)), unsure = v.Score(Look(1, 1));
        double collapsed = v.Score(Look(6, 0.05));
        Assert.True(good > unsure && good > collapsed, $"{good}, {unsure}, {collapsed}");
    }

    [Fact]
    public void DensityIsTheEntropyOfNeighbours()
    {
        Unlabelled seen = Look(2, 0.8, count: 12);
        double[] p = seen.TargetZ.Softmax(1).ToDoubles();
        double Dot(int i, int j) => Enumerable.Range(0, 4).Sum(c => p[4 * i + c] * p[4 * j + c]);
        double mean = Enumerable.Range(0, 12).Average(i =>
        {
            double[] e = [.. Enumerable.Range(0, 12).Where(j => j != i).Select(j =>
                Math.Exp(Dot(i, j) / Math.Sqrt(Dot(i, i) * Dot(j, j)) / 0.05))];
            return -e.Sum(v => v / e.Sum() * Math.Log(v / e.Sum()));
        });
        Assert.Equal(mean, Validators.SoftNeighbourhoodDensity.Score(seen), 4);
    }

    [Fact]
    public void WithoutAShiftTheEmbeddedRiskIsThatOfTheSource()
    {
        Unlabelled seen = Look(3, 0.9, 400);
        Unlabelled same = seen with { TargetF = seen.SourceF };
        Assert.Equal(
            Validators.SourceRisk.Score(same), Validators.DeepEmbedded.Score(same), 0.15);
    }

    [Fact]
    public void TheEmbeddedRiskLooksWhereTheTargetIs()
    {
        // Right where the first feature is negative, wrong where it is positive. The target lies on
        // one side.
        int count = 600;
        Tensor x = Key.From(4).Normal([count, 2]).Eval();
        Tensor labels = Tensor.From([.. Enumerable.Range(0, count).Select(i => (long)(i % 2))]);
        Tensor right = x[.., 0] < 0;
        Tensor taken = Tensor.Where(right, labels, 1 - labels);
        Tensor z = (3 * taken.OneHot(2)).Eval();
        Unlabelled At(double side) => new(x, z, labels, (0.5 * x + Tensor.From(
            [(float)side, 0f])).Eval(), z);
        Assert.True(
            Validators.DeepEmbedded.Score(At(-1)) > Validators.DeepEmbedded.Score(At(1)) + 0.5);
    }

    [Fact]
    public void TheEmbeddedRiskIsThatOfItsFormula()
    {
        Unlabelled seen = Look(1, 0.8, 60);
        static Tensor Part(Tensor rows, int first) =>
            rows.Take(2 * Tensor.Arange(30) + first, 0);
        Linear domain = LogisticRegression.Fit(
            Tensor.Concat([Part(seen.SourceF, 0), Part(seen.TargetF, 0)], 0),
            Tensor.From([.. Enumerable.Range(0, 60).Select(i => i < 30 ? 0L : 1L)]), 2, 1e-2);
        double[] z = domain.Forward(Part(seen.SourceF, 1).Cast(DType.Float64)).ToDoubles();
        double[] w = [.. Enumerable.Range(0, 30).Select(i => Math.Exp(z[2 * i + 1] - z[2 * i]))];
        double[] losses = Loss.CrossEntropy(
            Part(seen.SourceZ, 1), Part(seen.SourceY, 1), Reduction.None).ToDoubles();
        double[] risks = [.. w.Zip(losses, (a, b) => a * b)];
        double mean = w.Average(), risk = risks.Average();
        double covariance = w.Zip(risks, (a, b) => (a - mean) * (b - risk)).Average();
        double eta = -covariance / w.Average(a => (a - mean) * (a - mean));
        Assert.Equal(
            -(risk + eta * mean - eta), Validators.DeepEmbedded.Score(seen), 1e-5);
    }

    [Fact]
    public void WhatAValidatorIsGivenHoldsNoTargetLabels() =>
        Assert.DoesNotContain("TargetY", typeof(Unlabelled).GetProperties().Select(p => p.Name));

    [Fact]
    public void OutputsAreThoseOfTheWholeSetInItsOrder()
    {
        LabelledSet digits = LabelledSet.From(EmbeddedData.UciDigits).Sample(70, 1).Chosen;
        Mlp network = Mlp.Create(Key.From(0), [64, 12, 10]);
        LabelledSet flat = LabelledSet.FromFloats(
            "flat", 64, [.. digits.All().X.ToArray<float>()], [.. digits.Labels],
            [.. digits.Classes]);
        Outputs made = Outputs.Of(
            new Adapted<Mlp>(network, NormStatistics.For(network)), flat, chunk: 32);
        LabelledBatch all = flat.All();
        Assert.True(Tree.AllClose(network.Forward(all.X), made.Logits, 1e-5, 1e-6));
        Assert.Equal(all.Y.ToArray<long>(), made.Labels.ToArray<long>());
        int[,] confusion = made.Confusion();
        int right = Enumerable.Range(0, 10).Sum(c => confusion[c, c]);
        Assert.Equal(made.Accuracy, right / 70.0, 6);
        Assert.Equal(70, confusion.Cast<int>().Sum());
        double Spread(Func<int, int> count) => Math.Exp(-Enumerable.Range(0, 10)
            .Select(c => count(c) / 70.0).Where(p => p > 0).Sum(p => p * Math.Log(p)));
        Assert.Equal(
            Spread(c => Enumerable.Range(0, 10).Sum(of => confusion[of, c])),
            made.PredictedClasses, 9);
        Assert.Equal(
            Spread(c => Enumerable.Range(0, 10).Sum(taken => confusion[c, taken])),
            made.LabelledClasses, 9);
    }

    [Fact]
    public void DomainsThatDoNotFitAreRefused()
    {
        static LabelledSet Set(string name, Shape shape, int[] labels, string[] classes) =>
            LabelledSet.FromFloats(
                name, shape, new float[labels.Length * shape.Count], labels, classes);
        LabelledSet source = Set("a", 2, [0, 1], ["x", "y"]);
        string Says(LabelledSet s, LabelledSet t) =>
            Assert.Throws<ArgumentException>(() => DomainBatches.Of(s, t, 4, 10, 0)).Message;
        Assert.Contains("nothing to adapt to", Says(source, source.Range(0, 0)));
        Assert.Contains("resize one", Says(source, Set("b", 3, [0, 1], ["x", "y"])));
        Assert.Contains("give images of as many channels", Says(
            Set("d", [1, 2, 2], [0, 1], ["x", "y"]), Set("e", [3, 2, 2], [0, 1], ["x", "y"])));
        Assert.Contains("fewer than two classes",
            Says(Set("c", 2, [1, 1], ["x", "y"]), source));
        Assert.Equal("a and b do not have the same classes: only the source has y; only the target "
            + "has z; choose domains of the same classes.",
            Says(source, Set("b", 2, [0, 1], ["x", "z"])));
        Assert.Contains("different orders", Says(source, Set("b", 2, [0, 1], ["y", "x"])));
        Assert.Contains("1 weights for 2 examples", Assert.Throws<ArgumentException>(() =>
            DomainBatches.Of(source, source, 4, 10, 0, [1f])).Message);
    }

    [Fact]
    public void ABatchDependsOnSeedAndStepAloneAndCarriesItsWeights()
    {
        LabelledSet set = LabelledSet.FromFloats(
            "a", 1, [0, 1, 2, 3, 4], [0, 1, 0, 1, 0], ["x", "y"]);
        var draw = DomainBatches.Of(set, set, 3, 10, 7, [10f, 11f, 12f, 13f, 14f]);
        DomainBatch later = draw(4);
        draw(0);
        Assert.True(Tree.AllClose(later, draw(4), 0, 0));
        Assert.Equal(
            later.SourceX.ToArray<float>().Select(v => (v + 10) / 12),
            later.SourceWeights!.ToArray<float>());
        Assert.Equal(0.4f, later.Progress.Item());
        Assert.NotEqual(later.SourceX.ToArray<float>(), later.TargetX.ToArray<float>());
    }
}
