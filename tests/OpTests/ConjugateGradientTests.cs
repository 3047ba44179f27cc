// Conjugate gradients against dense solutions, alone and under every transform.
namespace Engine.OpTests;

public class ConjugateGradientTests
{
    private const int Size = 7;

    private static readonly Key[] Keys = Key.From(17).Split(6);

    private static readonly Tensor A = Positive(Keys[0]);
    private static readonly Tensor B = Keys[1].Normal([Size], DType.Float64).Eval();

    private static Tensor Positive(Key key, DType type = DType.Float64)
    {
        Tensor root = key.Normal([Size, Size], type);
        return (root.MatMul(root.Transpose()) + 0.5 * Tensor.Eye(Size, type)).Eval();
    }

    private static (Tensor Solution, Tensor Residual) Solve(
        Tensor a, Tensor b, int iterations = 3 * Size, double tolerance = 1e-13) =>
        ConjugateGradient.Solve(v => a.MatMul(v), b, iterations, tolerance);

    private static void Equal(ITree expected, ITree actual, double tolerance = 1e-10) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance, tolerance), $"{actual}\nis not\n{expected}");

    private static double Length(Tensor x) => x.Square().Sum().Sqrt().Item();

    [Fact]
    public void TheSolutionIsTheDenseOne()
    {
        var (x, residual) = Solve(A, B);
        Equal(A.Solve(B), x);
        Assert.InRange(residual.Item(), 0, 1e-12);
        Equal((A + 0.3 * Tensor.Eye(Size, DType.Float64)).Solve(B), ConjugateGradient.Solve(
            v => A.MatMul(v), B, 3 * Size, 1e-13, damping: 0.3).Solution);
        Tensor single = Positive(Keys[0], DType.Float32), right = B.Cast(DType.Float32);
        Equal(single.Solve(right), Solve(single, right, 40, 1e-6).Solution, 1e-2);
    }

    [Fact]
    public void TheResidualIsThatOfTheSolutionHoweverFewTheSteps()
    {
        double last = 1;
        for (int steps = 1; steps <= Size; steps++)
        {
            var (x, residual) = Solve(A, B, steps, 0);
            Assert.Equal(Length(B - A.MatMul(x)) / Length(B), residual.Item(), 1e-12);
            last = residual.Item();
        }
        Assert.InRange(last, 0, 1e-8);
        Assert.InRange(Solve(A, B, 1).Residual.Item(), 1e-3, 10);
    }

    [Fact]
    public void StepsChangeNothingOnceTheResidualIsSmallEnough()
    {
        var (five, residual) = Solve(A, B, Size, 1e-2);
        Assert.InRange(residual.Item(), 0, 1e-2);
        Assert.Equal(five.ToArray<double>(), Solve(A, B, 500, 1e-2).Solution.ToArray<double>());
        // Nor with no tolerance at all, when the residual has reached zero.
        var (x, left) = ConjugateGradient.Solve(v => 2 * v, B, 200, 0);
        Assert.Equal((B / 2).ToArray<double>(), x.ToArray<double>());
        Assert.Equal(0, left.Item());
    }

    [Fact]
    public void OfNothingTheSolutionIsNothingAndSoAreItsDerivatives()
    {
        var (x, residual) = Solve(A, 0 * B);
        Assert.Equal(new double[Size], x.ToArray<double>());
        Assert.Equal(0, residual.Item());
        Tensor Loss(Tensor a, Tensor b) => Solve(a, b).Solution.Sin().Sum();
        Tensor g = Grad.Of((Tensor a) => Loss(a, 0 * B))(A);
        Assert.Equal(new double[Size * Size], g.ToDoubles());
    }

    [Fact]
    public void WhereTheMatrixIsNotPositiveItStopsAndTheResidualSaysSo()
    {
        var (x, residual) = ConjugateGradient.Solve(v => -A.MatMul(v), B, 20);
        Assert.Equal(new double[Size], x.ToArray<double>());
        Assert.Equal(1, residual.Item(), 1e-15);
        // What is not a number is not hidden.
        var (none, unknown) = ConjugateGradient.Solve(v => v * double.NaN, B, 1);
        Assert.All(none.ToArray<double>(), value => Assert.True(double.IsNaN(value)));
        Assert.True(double.IsNaN(unknown.Item()));
    }

    [Fact]
    public void EachElementOfABatchIsASystemOfItsOwn()
    {
        // One needs seven steps, one a single step, one none.
        Tensor a = Tensor.Stack([A, 3 * Tensor.Eye(Size, DType.Float64), Positive(Keys[2])]);
        Tensor b = Tensor.Stack([B, B.Sin(), 0 * B]);
        Tensor expected = Tensor.Stack([A.Solve(B), B.Sin() / 3, 0 * B]);
        var solve = Vmap.Of((Tensor m, Tensor r) => Solve(m, r));
        var (x, residual) = solve(a, b);
        Equal(expected, x);
        Assert.All(residual.ToDoubles(), r => Assert.InRange(r, 0, 1e-12));
        Equal(expected, Compile.Of(solve)(a, b).Solution);
        Equal(expected, Vmap.Of((Tensor m, Tensor r) => Solve(m, r), chunk: 2)(a, b).Solution);
        // The element's own bits, so that neighbours do not decide when it stops.
        var coarse = Vmap.Of((Tensor m, Tensor r) => Solve(m, r, 9, 0.3).Solution);
        Equal(Solve(A, B, 9, 0.3).Solution, coarse(a, b)[0], 1e-12);
        Assert.True(Length(coarse(a, b)[0] - expected[0]) > 1e-8);
    }

    [Fact]
    public void CompiledItGivesWhatItGivesPlainly()
    {
        var compiled = Compile.Of((Tensor a, Tensor b) => Solve(a, b));
        var (x, residual) = compiled(A, B);
        Equal(A.Solve(B), x);
        Assert.InRange(residual.Item(), 0, 1e-12);
        Tensor other = Positive(Keys[3]);
        Equal(other.Solve(B), compiled(other, B).Solution);
        Assert.Equal(new double[Size], compiled(A, 0 * B).Solution.ToArray<double>());
        Assert.Single(Compile.Explain(compiled).Traces);
    }

    [Fact]
    public void DerivativesGoThroughTheSteps()
    {
        Tensor Dense(Tensor b) => A.Solve(b).Sin().Sum();
        Equal(Grad.Of((Tensor b) => Dense(b))(B),
            Grad.Of((Tensor b) => Solve(A, b, Size, 0).Solution.Sin().Sum())(B), 1e-6);
        // The implicit derivative: one more solution.
        var implicitly = CustomRule.Of(
            (Tensor b) => Solve(A, b).Solution, vjp: (b, x, g) => Solve(A, g).Solution);
        Equal(Grad.Of((Tensor b) => Dense(b))(B),
            Grad.Of((Tensor b) => implicitly(b).Sin().Sum())(B));
    }

    [Fact]
    public void TreesAreOneVectorAndWhatIsFrozenStaysOut()
    {
        var at = new Layer(0.3 * A[..3, ..2], B[..3]);
        Tensor x = Keys[4].Normal([2], DType.Float64);
        Tensor Loss(Layer n) => (n.Weight.MatMul(x) + n.Bias!).Exp().Sum()
            + n.Weight.Square().Sum() + n.Bias!.Square().Sum();
        var product = Hessian.Product((Layer n) => Loss(n));
        Layer g = Grad.Of((Layer n) => Loss(n))(at);
        var (solution, residual) =
            ConjugateGradient.Solve(v => product(at, v), g, 30, 1e-14);
        Equal(g, product(at, solution), 1e-11);
        Assert.InRange(residual.Item(), 0, 1e-13);

        // Of the weights alone: their own block of the Hessian.
        Layer part = Grad.Of((Layer n) => Loss(n), where: path => path == "Weight")(at);
        var (weights, small) = ConjugateGradient.Solve(v => product(at, v), part, 30, 1e-14);
        Assert.True(weights.Bias!.IsSymbolicZero);
        Assert.InRange(small.Item(), 0, 1e-13);
        Tensor block = Hessian.Of((Layer n) => Loss(n))(at)["Weight"].Weight.Reshape(6, 6);
        Equal(block.Solve(part.Weight.Reshape(6)), weights.Weight.Reshape(6));

        var (pair, _) = ConjugateGradient.Solve(
            ((Tensor P, Tensor Q) v) => (A.MatMul(v.P), 4 * v.Q),
            (B, Tensor.Scalar(2f)), 30, 1e-13);
        Equal(A.Solve(B), pair.Item1, 1e-6);
        Assert.Equal(0.5, pair.Item2.Item(), 1e-6);
        Assert.Equal(DType.Float32, pair.Item2.DType);
    }

    [Fact]
    public void MisuseIsExplained()
    {
        string Error(Func<object> call) => Assert.Throws<EngineException>(call).Message;
        Assert.Equal("ConjugateGradient: 0 iterations, tolerance 1E-13, damping 0; give at least 1, "
            + "and numbers that are not negative.", Error(() => Solve(A, B, 0)));
        Assert.Contains("tolerance NaN", Error(() => Solve(A, B, 1, double.NaN)));
        Assert.Contains("damping -1", Error(() => ConjugateGradient.Solve(v => v, B, damping: -1)));
        Assert.Equal("ConjugateGradient: float64 () does not match float64 (7). Pass a tensor of "
            + "the same dtype and shape.", Error(() => ConjugateGradient.Solve(v => v.Sum(), B)));
        Assert.Equal("ConjugateGradient: the right side holds no float tensor but symbolic zeros. "
            + "Give one that is to be solved for.",
            Error(() => ConjugateGradient.Solve(v => v, Tensor.From([1, 2]))));
        Assert.Contains("the product has 1 tensors, but the right side 2", Error(
            () => ConjugateGradient.Solve(n => n with { Bias = null }, new Layer(A, B))));
    }
}
