// An operation of a user's own is one like the library's: right at every order, batched, fused,
// compiled, on every shape, layout and type that it takes.
using Engine;

namespace Seams;

public class OwnOperationTests
{
    private static readonly Tensor X = Key.From(1).Normal([5, 7], DType.Float64).Eval();
    private static readonly Tensor Y = Key.From(2).Normal([7], DType.Float64).Eval();

    public static TheoryData<string> Names => [.. Programs.Keys];

    /// <summary>A program of one tensor (5, 7) for each operation.</summary>
    private static Dictionary<string, Func<Tensor, Tensor>> Programs { get; } = new()
    {
        ["Softsign"] = x => x.Softsign(),
        ["Hypot"] = x => x.Hypot(Y + x),
        ["SquaredDifference"] = x => x.SquaredDifference(Y * x),
        ["AtMostSix"] = x => (20 * x).AtMostSix(),
        ["LogSumExp"] = x => OwnOperations.LogSumExp(x),
    };

    [Theory, MemberData(nameof(Names))]
    public void DerivativesOfFirstAndSecondOrderAreRight(string name)
    {
        Func<Tensor, Tensor> f = Programs[name];
        Tensor Loss(Tensor x) => (f(x) * f(x).Cos()).Sum();
        foreach (int order in (int[])[1, 2])
            Assert.InRange(GradCheck.Run((Tensor x) => Loss(x), X, order).Error, 0, 1e-6);
    }

    [Fact]
    public void AWrongDerivativeIsFound() => Assert.True(
        GradCheck.Run((Tensor x) => Tensor.Apply(new WrongSoftsign(), x).Sum(), X).Error > 1e-2);

    [Theory, MemberData(nameof(Names))]
    public void ABatchOfElementsGivesWhatEachGives(string name)
    {
        Func<Tensor, Tensor> f = Programs[name];
        Tensor batch = Key.From(3).Normal([4, 5, 7], DType.Float64).Eval();
        Tensor value = Vmap.Of(f)(batch);
        Tensor gradient = Vmap.Of(Grad.Of((Tensor x) => f(x).Sum()))(batch);
        for (int i = 0; i < 4; i++)
        {
            Equal(f(batch[i]), value[i]);
            Equal(Grad.Of((Tensor x) => f(x).Sum())(batch[i]), gradient[i]);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void ForwardModeAgreesWithReverseMode(string name)
    {
        Func<Tensor, Tensor> f = Programs[name];
        Tensor v = Key.From(4).Normal([5, 7], DType.Float64).Eval();
        Tensor forward = Jvp.Of((Tensor x) => f(x).Sum())(X, v).Tangent;
        Tensor reverse = (Grad.Of((Tensor x) => f(x).Sum())(X) * v).Sum();
        Assert.Equal(reverse.Item(), forward.Item(), 1e-10);
    }

    [Fact]
    public void ItIsFusedWithItsNeighbours()
    {
        var compiled = Compile.Of((Tensor x) =>
            (2 * x).Softsign().Hypot(x).SquaredDifference(x.Tanh()).AtMostSix().Sum(-1));
        Tensor value = compiled(X);
        Explanation.Trace trace = Assert.Single(Compile.Explain(compiled).Traces);
        string step = Assert.Single(trace.Steps);
        foreach (string op in (string[])["Softsign", "Hypot", "SquaredDifference", "AtMostSix"])
            Assert.Contains(op, step, StringComparison.Ordinal);
        Equal(
            (2 * X).Softsign().Hypot(X).SquaredDifference(X.Tanh()).AtMostSix().Sum(-1), value);
    }

    [Fact]
    public void ValuesAreThoseOfTheFormulaInEveryTypeAndLayout()
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            foreach (Tensor x in (Tensor[])[
                X.Cast(type), X.Cast(type).Transpose(), X.Cast(type)[1..4, 2..]])
                Assert.Equal(
                    x.ToDoubles().Select(v => v / (1 + Math.Abs(v))), x.Softsign().ToDoubles(),
                    (a, b) => Math.Abs(a - b) < (type == DType.Float32 ? 1e-6 : 1e-15));
        Tensor whole = Tensor.Arange(10).Cast(DType.Int32);
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => Math.Min(i, 6)), whole.AtMostSix().ToArray<int>());
        Assert.Equal(
            Enumerable.Range(0, 10).Select(i => (i - 3) * (i - 3)),
            whole.SquaredDifference(Tensor.Full([1], 3, DType.Int32)).ToArray<int>());
    }

    [Fact]
    public void ErrorsNameTheOperation()
    {
        Tensor whole = Tensor.Arange(3);
        Assert.Contains("Softsign", Error(() => whole.Softsign()), StringComparison.Ordinal);
        Assert.Contains("Hypot", Error(() => X.Hypot(X.Cast(DType.Float32))),
            StringComparison.Ordinal);
        Assert.Contains("(5, 7)", Error(() => X.Hypot(Tensor.Ones([4]).Cast(DType.Float64))),
            StringComparison.Ordinal);
    }

    private static string Error(Func<Tensor> f) => Assert.Throws<EngineException>(f).Message;

    private static void Equal(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(
            expected.ToDoubles(), actual.ToDoubles(),
            (a, b) => Math.Abs(a - b) <= 1e-12 * (1 + Math.Abs(a)));
    }
}
