// Implicit derivatives of minima against finite differences, at both orders and under every
// transform, and the Neumann series against dense solutions.
namespace Engine.OpTests;

public class ImplicitTests
{
    private static readonly Key[] Keys = Key.From(23).Split(4);

    private static readonly Tensor A = Keys[0].Normal([6, 4], DType.Float64).Eval();
    private static readonly Tensor B = Keys[1].Normal([6], DType.Float64).Eval();
    private static readonly Tensor H = (0.3 * Keys[2].Normal([6], DType.Float64)).Eval();

    private static void Equal(ITree expected, ITree actual, double tolerance = 1e-10) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance, tolerance), $"{actual}\nis not\n{expected}");

    /// <summary>Weighted and smooth, with a third derivative.</summary>
    private static Tensor Objective(Tensor x, Tensor h)
    {
        Tensor rest = A.MatMul(x) - B;
        return (h.Exp() * (rest.Square() + 1).Sqrt()).Sum() + 0.5 * x.Square().Sum();
    }

    /// <summary>Newton's method: no derivative goes through it.</summary>
    private static Tensor Solve(Tensor h)
    {
        Tensor x = Tensor.Zeros(4, DType.Float64);
        for (int i = 0; i < 12; i++)
            x -= Hessian.Of((Tensor at) => Objective(at, h))(x).Solve(
                Grad.Of((Tensor at) => Objective(at, h))(x));
        return x;
    }

    private static readonly Func<Tensor, Tensor> Minimum = Implicit.Minimum<Tensor, Tensor>(
        Objective, Solve,
        (product, right) => ConjugateGradient.Solve(product, right, 8, 1e-15).Solution);

    private static Tensor Loss(Tensor h) => Minimum(h).Sin().Sum();

    [Fact]
    public void FirstAndSecondDerivativesAreThoseOfTheMinimum()
    {
        Equal(Solve(H), Minimum(H), 0);
        GradCheckResult first = GradCheck.Run(Loss, H, step: 1e-3);
        Assert.True(first.Error < 1e-9, $"{first}");
        GradCheckResult second = GradCheck.Run(Loss, H, step: 1e-3, order: 2);
        Assert.True(second.Error < 1e-8, $"{second}");
    }

    [Fact]
    public void ItStandsUnderEveryTransform()
    {
        Tensor gradient = Grad.Of((Tensor h) => Loss(h))(H);
        Equal(gradient, Compile.Of(Grad.Of((Tensor h) => Loss(h)))(H));
        Tensor both = Tensor.Stack([H, H.Sin()]);
        Equal(
            Tensor.Stack([gradient, Grad.Of((Tensor h) => Loss(h))(H.Sin())]),
            Vmap.Of(Grad.Of((Tensor h) => Loss(h)))(both));
        Tensor direction = Keys[3].Normal([6], DType.Float64);
        Tensor along = (gradient * direction).Sum();
        Equal(along, Jvp.Of((Tensor h) => Loss(h))(H, direction).Tangent);
    }

    [Fact]
    public void SeveralUnknownsAndGivensAreTreesAndTuples()
    {
        // The minimum of (x - a)² + (y - a b)² + x y, which has a closed form.
        var minimum = Implicit.Minimum(
            ((Tensor X, Tensor Y) at, (Tensor A, Tensor B) h) =>
                (at.X - h.A).Square() + (at.Y - h.A * h.B).Square() + at.X * at.Y,
            h => ((4 * h.A - 2 * h.A * h.B) / 3, (4 * h.A * h.B - 2 * h.A) / 3));
        var h = (Tensor.Scalar(0.7), Tensor.Scalar(-1.2));
        // Of x alone: what has no cotangent is an unknown all the same.
        var (byA, byB) = Grad.Of(((Tensor A, Tensor B) given) => minimum(given).Item1)(h);
        Equal(Tensor.Scalar((4 - 2 * -1.2) / 3), byA);
        Equal(Tensor.Scalar(-2 * 0.7 / 3), byB);
    }

    [Fact]
    public void AnotherLinearSolverIsUsed()
    {
        var identity = Implicit.Minimum<Tensor, Tensor>(Objective, Solve, (_, right) => 2 * right);
        Tensor x = Solve(H), g = Key.From(1).Normal([4], DType.Float64);
        Tensor expected = Grad.Of((Tensor h) =>
            -2 * (g * Grad.Of((Tensor at) => Objective(at, h))(x)).Sum())(H);
        Equal(expected, Vjp.Of(identity)(H).Pullback(g));
    }

    [Fact]
    public void TheNeumannSeriesApproachesTheSolutionTermByTerm()
    {
        Tensor a = (A.Transpose().MatMul(A) + Tensor.Eye(4, DType.Float64)).Eval();
        Tensor b = B[..4], exact = a.Solve(b);
        Tensor Series(int terms) => Neumann.Solve(v => a.MatMul(v), b, terms, 0.05);
        Equal(0.05 * b, Series(1), 1e-15);
        Equal(0.05 * (2 * b - 0.05 * a.MatMul(b)), Series(2), 1e-14);
        double last = double.PositiveInfinity;
        foreach (int terms in (int[])[1, 4, 16, 64])
        {
            double error = (Series(terms) - exact).Square().Sum().Item();
            Assert.True(error < 0.9 * last, $"{terms}: {error} after {last}");
            last = error;
        }
        Equal(exact, Series(2000), 1e-10);
    }

    [Fact]
    public void MisuseIsExplained()
    {
        string Error(Func<object> call) => Assert.Throws<EngineException>(call).Message;
        Assert.Equal("Neumann: 0 terms with rate 1; give at least 1, and a rate that is not "
            + "negative.", Error(() => Neumann.Solve(v => v, B, 0, 1)));
        Assert.Contains("rate NaN", Error(() => Neumann.Solve(v => v, B, 1, double.NaN)));
        Assert.Contains("does not match", Error(() => Neumann.Solve(v => v.Sum(), B, 2, 1)));
    }
}
