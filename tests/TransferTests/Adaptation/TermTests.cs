// The terms of domain adaptation: values against the plainest program of their papers' formulas,
// derivatives to second order against finite differences.
using Engine.Transfer;

namespace Engine.Tests;

/// <summary>What terms take: views of both domains, kernel widths and a weight.</summary>
public sealed partial record TermInputs(Views Views, Tensor Widths, Tensor Weight) : ITree;

public class TermTests
{
    internal static readonly Views Both = new(
        Key.From(1).Normal([5, 3], DType.Float64).Eval(),
        Key.From(2).Normal([5, 4], DType.Float64).Eval(),
        (Key.From(3).Normal([6, 3], DType.Float64) + 0.5).Eval(),
        Key.From(4).Normal([6, 4], DType.Float64).Eval());

    private static readonly TermInputs Inputs = new(
        Both, Tensor.From([0.7, 1.5, 4.0]), Tensor.Scalar(0.6));

    public static TheoryData<string> Terms => [.. Formulas.Keys];

    private static Dictionary<string, Func<TermInputs, Tensor>> Formulas { get; } = new()
    {
        ["mmd"] = i => i.Weight * Mmd.Between(i.Views.SourceF, i.Views.TargetF, i.Widths),
        ["jan"] = i => i.Weight * Jan.Between(i.Views, i.Widths, i.Widths[1..]),
        ["coral"] = i => i.Weight * Coral.Between(i.Views.SourceF, i.Views.TargetF),
        ["information"] = i => i.Weight * InformationMaximisation.Of(i.Views.TargetZ),
        ["self-training"] = i => i.Weight * SelfTraining.Of(i.Views.TargetZ, 0.5),
        ["discrepancy"] = i => i.Weight * Mcd.Discrepancy(
            i.Views.TargetZ, 2 * i.Views.TargetZ.Sin()),
        ["rebuild"] = i => i.Weight * SeparationNetwork.RebuildError(
            i.Views.SourceF, i.Views.SourceZ[.., ..3]),
        ["in common"] = i => i.Weight * SeparationNetwork.InCommon(
            i.Views.SourceF, i.Views.SourceZ[.., ..3]),
    };

    [Theory]
    [MemberData(nameof(Terms))]
    public void DerivativesAreThoseOfDifferences(string term)
    {
        Func<TermInputs, Tensor> f = Formulas[term];
        for (int order = 1; order <= 2; order++)
        {
            GradCheckResult result = GradCheck.Run(f, Inputs, order);
            Assert.True(result.Error < 1e-6, result.ToString());
        }
    }

    [Fact]
    public void TheWeightsOfClassConfusionAreConstants()
    {
        // As the paper's code has it, no gradient flows through the samples' weights: with the
        // weights held, values and derivatives agree with those of the formula.
        Tensor held = (1 + (-Entropy.OfEach(Both.TargetZ / 2.5)).Exp()).Eval();
        Tensor Plain(Tensor z)
        {
            Tensor p = (z / 2.5).Softmax(1);
            Tensor w = (held / held.Mean()).ExpandDims(1);
            Tensor c = (p * w).Transpose().MatMul(p);
            Tensor rows = c / c.Sum(1, keepDims: true);
            return (rows * (1 - Tensor.Eye(4, DType.Float64))).Sum() / 4;
        }
        Assert.Equal(Plain(Both.TargetZ).Item(), Mcc.Of(Both.TargetZ).Item(), 12);
        GradCheckResult result = GradCheck.Run((Tensor z) => Plain(z), Both.TargetZ, 2);
        Assert.True(result.Error < 1e-6, result.ToString());
        Assert.True(Tree.AllClose(
            Grad.Of((Tensor z) => Plain(z))(Both.TargetZ),
            Grad.Of((Tensor z) => Mcc.Of(z))(Both.TargetZ), 1e-10, 1e-14));
    }

    [Fact]
    public void DiscrepancyIsTheUnbiasedEstimate()
    {
        double[,] a = Rows(Both.SourceF), b = Rows(Both.TargetF);
        double[] widths = [0.7, 1.5, 4.0];
        double Kernel(double[,] p, int i, double[,] q, int j)
        {
            double squared = 0;
            for (int k = 0; k < p.GetLength(1); k++) squared += Math.Pow(p[i, k] - q[j, k], 2);
            return widths.Sum(w => Math.Exp(-squared / (2 * w)));
        }
        double sum = 0;
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 5; j++)
                if (i != j) sum += Kernel(a, i, a, j) / 20;
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++)
                if (i != j) sum += Kernel(b, i, b, j) / 30;
        for (int i = 0; i < 5; i++)
            for (int j = 0; j < 6; j++)
                sum -= 2 * Kernel(a, i, b, j) / 30;
        Assert.Equal(
            sum, Mmd.Between(Both.SourceF, Both.TargetF, Tensor.From(widths)).Item(), 12);
    }

    [Fact]
    public void TheJointKernelIsTheProductOfFeaturesAndPredictions()
    {
        double[,] f = Rows(Tensor.Concat([Both.SourceF, Both.TargetF], 0));
        double[,] p = Rows(Tensor.Concat([Both.SourceZ, Both.TargetZ], 0).Softmax(1));
        static double Squared(double[,] x, int i, int j) =>
            Enumerable.Range(0, x.GetLength(1)).Sum(k => Math.Pow(x[i, k] - x[j, k], 2));
        double Kernel(int i, int j) =>
            (Math.Exp(-Squared(f, i, j) / (2 * 0.7)) + Math.Exp(-Squared(f, i, j) / (2 * 4.0)))
            * Math.Exp(-Squared(p, i, j) / (2 * 0.3));
        double Mean(int first, int end) => (
            from i in Enumerable.Range(first, end - first)
            from j in Enumerable.Range(first, end - first)
            where i != j
            select Kernel(i, j)).Average();
        double between = (
            from i in Enumerable.Range(0, 5)
            from j in Enumerable.Range(5, 6)
            select Kernel(i, j)).Average();
        Assert.Equal(
            Mean(0, 5) + Mean(5, 11) - 2 * between,
            Jan.Between(Both, Tensor.From([0.7, 4.0]), Tensor.From([0.3])).Item(), 12);
    }

    [Fact]
    public void ARebuiltInputMayBeLighterButNotOtherwiseWrong()
    {
        Assert.Equal(
            0, SeparationNetwork.RebuildError(Both.SourceF, Both.SourceF + 2).Item(), 12);
        // Errors (1, -1) and (0, 4): their variances are 1 and 4.
        Tensor x = Tensor.From([1.0, 0.0, 0.0, 4.0], [2, 2]);
        Tensor rebuilt = Tensor.From([0.0, 1.0, 0.0, 0.0], [2, 2]);
        Assert.Equal(2.5, SeparationNetwork.RebuildError(x, rebuilt).Item(), 12);
    }

    [Fact]
    public void OrthogonalCodesHaveNothingInCommon()
    {
        Tensor left = Tensor.From([1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0], [4, 2]);
        Tensor crossed = Tensor.From([0.0, 1.0, 0.0, 1.0, 0.0, -1.0, 0.0, -1.0], [4, 2]);
        Assert.Equal(0, SeparationNetwork.InCommon(left, crossed).Item(), 10);
        Assert.Equal(1, SeparationNetwork.InCommon(left, 3 * left).Item(), 6);
    }

    [Fact]
    public void CorrelationDistanceIsThatOfCovariances()
    {
        static double[,] Covariance(double[,] x)
        {
            int n = x.GetLength(0), d = x.GetLength(1);
            var c = new double[d, d];
            double[] mean = [.. Enumerable.Range(0, d).Select(j =>
                Enumerable.Range(0, n).Average(i => x[i, j]))];
            for (int i = 0; i < n; i++)
                for (int j = 0; j < d; j++)
                    for (int k = 0; k < d; k++)
                        c[j, k] += (x[i, j] - mean[j]) * (x[i, k] - mean[k]) / (n - 1);
            return c;
        }
        double[,] s = Covariance(Rows(Both.SourceF)), t = Covariance(Rows(Both.TargetF));
        double sum = 0;
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                sum += Math.Pow(s[j, k] - t[j, k], 2) / (4 * 9);
        Assert.Equal(sum, Coral.Between(Both.SourceF, Both.TargetF).Item(), 12);
    }

    [Fact]
    public void AlignedSourcesHaveTheTargetsCovariance()
    {
        Tensor source = Key.From(5).Normal([400, 3], DType.Float64)
            * Tensor.From([1.0, 3.0, 0.5]);
        Tensor target = Key.From(6).Normal([300, 3], DType.Float64).MatMul(
            Key.From(7).Normal([3, 3], DType.Float64));
        Tensor aligned = Coral.Align(source, target, ridge: 1e-9);
        Assert.True(Coral.Between(source, target).Item() > 0.1);
        Assert.True(Coral.Between(aligned, target).Item() < 1e-14);
    }

    [Fact]
    public void EntropiesAreThoseOfProbabilities()
    {
        double[,] z = Rows(Both.TargetZ);
        double[][] p = [.. Enumerable.Range(0, 6).Select(i =>
        {
            double[] e = [.. Enumerable.Range(0, 4).Select(c => Math.Exp(z[i, c]))];
            return e.Select(v => v / e.Sum()).ToArray();
        })];
        double OfOne(double[] q) => -q.Sum(v => v * Math.Log(v));
        double[] mean = [.. Enumerable.Range(0, 4).Select(c => p.Average(row => row[c]))];
        Assert.Equal(p.Average(OfOne), Entropy.OfEach(Both.TargetZ).Mean().Item(), 12);
        Assert.Equal(OfOne(mean), Entropy.OfMean(Both.TargetZ).Item(), 12);
    }

    [Fact]
    public void CertainPredictionsHaveFiniteEntropiesAndDerivatives()
    {
        // Probabilities that underflow to 0 have no logarithm, but their entropies are known.
        Tensor z = Tensor.From([1000f, 0f, 0f, 1000f], [2, 2]);
        Assert.Equal(-Math.Log(2), InformationMaximisation.Of(z).Item(), 6);
        Assert.All(
            Grad.Of((Tensor x) => InformationMaximisation.Of(x))(z).ToArray<float>(),
            value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void DiscrepanciesAreTheSameFarFromTheOrigin()
    {
        // Features of mean 1000 and deviation 1, whose squares float32 rounds to sixteenths.
        Tensor a = Key.From(1).Normal([50, 8]), b = Key.From(2).Normal([60, 8]) + 0.5;
        double Between(double shift) => Mmd.Between(
            a + shift, b + shift, Mmd.Widths(a + shift, b + shift)).Item();
        Assert.Equal(Between(0), Between(1000), 3);
        Tensor all = Tensor.Concat([a, b], 0).Cast(DType.Float64);
        double mean = (all.ExpandDims(0) - all.ExpandDims(1)).Square().Sum(2).Mean().Item();
        Assert.True(Tree.AllClose(
            Tensor.From(Mmd.Multiples.ToArray()) * mean,
            Mmd.Widths(a, b).Cast(DType.Float64), 1e-5, 1e-5));
    }

    [Fact]
    public void FeaturesThatAreAllTheSameDoNotDiffer()
    {
        Tensor same = Tensor.Ones([4, 3]);
        Assert.Equal(0, Mmd.Between(same, same, Mmd.Widths(same, same)).Item(), 6);
    }

    [Fact]
    public void PseudoLabelsAreTheConfidentPredictions()
    {
        Tensor z = Tensor.From([4.0, 0.0, 0.1, 0.0], [2, 2]);
        double confident = Math.Log(1 + Math.Exp(-4));
        Assert.Equal(confident / 2, SelfTraining.Of(z, 0.9).Item(), 12);
    }

    [Fact]
    public void OneSampleHasNeitherPairsNorCovariance()
    {
        Tensor one = Tensor.Ones([1, 3]), many = Tensor.Ones([4, 3]), width = Tensor.From([1f]);
        Assert.Contains("at least two",
            Assert.Throws<EngineException>(() => Mmd.Between(one, many, width)).Message);
        Assert.Contains("at least two",
            Assert.Throws<EngineException>(() => Coral.Between(many, one)).Message);
    }

    internal static double[,] Rows(Tensor x)
    {
        double[] values = x.ToDoubles();
        var rows = new double[x.Shape[0], x.Shape[1]];
        for (int i = 0; i < values.Length; i++) rows[i / x.Shape[1], i % x.Shape[1]] = values[i];
        return rows;
    }
}
