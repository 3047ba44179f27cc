// Functions with derivatives of their own: what they are for, at every order and under every
// transform.
namespace Engine.OpTests;

public class CustomRuleTests
{
    private static readonly Tensor X = Tensor.From([0.3, -0.2, 0.9]);

    private static readonly Tensor A =
        Tensor.From(new double[,] { { 1, 2, 3 }, { -1, 0.5, 2 }, { 0.2, -0.4, 1 } });

    private static void Equal(ITree expected, ITree actual, double tolerance = 1e-13) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance, tolerance), $"{actual}\nis not\n{expected}");

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void GradientReversal()
    {
        var reversed = CustomRule.Of((Tensor x) => x, vjp: (x, y, g) => -0.5 * g);
        Tensor Loss(Tensor x) => reversed(x.Sin()).Square().Sum();
        Equal(X.Sin().Square().Sum(), Loss(X));
        Equal(-X.Sin() * X.Cos(), Grad.Of((Tensor x) => Loss(x))(X));
        Tensor batch = Tensor.Stack([X, 2 * X]);
        Equal(-batch.Sin() * batch.Cos(), Vmap.Of(Grad.Of((Tensor x) => Loss(x)))(batch));
        Equal(-X.Sin() * X.Cos(), Compile.Of(Grad.Of((Tensor x) => Loss(x)))(X));
        // Forward mode transposes the rule: -0.5 there too.
        Equal(-0.5 * A[0], Jvp.Of((Tensor x) => reversed(x))(X, A[0]).Tangent);
    }

    [Fact]
    public void StraightThroughEstimator()
    {
        var round = CustomRule.Of((Tensor x) => x.Sign(), vjp: (x, y, g) => g);
        Equal(X.Sign() * 2, Grad.Of((Tensor x) => round(x).Square().Sum())(X));
        Tensor shared = Vmap.Of((Tensor s) => Grad.Of((Tensor x) => (round(x) * s).Sum())(X))(A);
        Equal(A, shared);
        // The value of one that ignores its argument still carries a derivative.
        var constant = CustomRule.Of((Tensor x) => A[0], vjp: (x, y, g) => g * x);
        Equal(X, Grad.Of((Tensor x) => constant(x).Sum())(X));
    }

    /// <summary>The fixed point w = tanh(A w / 8 + x), by iteration.</summary>
    private static Tensor Iterate(Tensor x)
    {
        Tensor w = Tensor.Zeros(3, DType.Float64);
        for (int i = 0; i < 60; i++) w = Step(w, x);
        return w;
    }

    private static Tensor Step(Tensor w, Tensor x) => (A.MatMul(w) / 8 + x).Tanh();

    /// <summary>
    /// Its derivative by the implicit function theorem: u = g + u ds/dw, then u ds/dx.
    /// </summary>
    private static Func<Tensor, Tensor> FixedPoint => CustomRule.Of((Tensor x) => Iterate(x),
        vjp: (x, y, g) =>
        {
            var pull = Vjp.Of((Tensor w) => Step(w, x))(y).Pullback;
            Tensor u = g;
            for (int i = 0; i < 60; i++) u = g + pull(u);
            return Vjp.Of((Tensor t) => Step(y, t))(x).Pullback(u);
        });

    [Fact]
    public void ImplicitDifferentiationOfAFixedPointEqualsUnrolling()
    {
        Tensor Unrolled(Tensor x) => Iterate(x).Square().Sum();
        Tensor Implicit(Tensor x) => FixedPoint(x).Square().Sum();
        Equal(Grad.Of((Tensor x) => Unrolled(x))(X), Grad.Of((Tensor x) => Implicit(x))(X), 1e-12);
        Equal(Jvp.Of((Tensor x) => Unrolled(x))(X, A[1]).Tangent,
            Jvp.Of((Tensor x) => Implicit(x))(X, A[1]).Tangent, 1e-12);
        // The rule is a tensor program: its own derivative is the second one.
        Tensor Second(Func<Tensor, Tensor> f) =>
            Grad.Of((Tensor x) => (Grad.Of(f)(x) * A[0]).Sum())(X);
        Equal(Second(Unrolled), Second(Implicit), 1e-11);
        Equal(Vmap.Of(Grad.Of((Tensor x) => Unrolled(x)))(A),
            Vmap.Of(Grad.Of((Tensor x) => Implicit(x)))(A), 1e-11);
    }

    /// <summary>
    /// Ridge regression (X'X + rate) w = X'y by gradient steps; solved once more to differentiate.
    /// </summary>
    [Fact]
    public void ImplicitDifferentiationOfRidgeEqualsUnrolling()
    {
        Tensor Normal(Tensor w, Tensor y, Tensor rate) =>
            A.Transpose().MatMul(A.MatMul(w)) + rate * w - A.Transpose().MatMul(y);
        Tensor Solve(Tensor right, Tensor rate)
        {
            Tensor w = Tensor.Zeros(3, DType.Float64);
            for (int i = 0; i < 400; i++)
                w -= 0.08 * (A.Transpose().MatMul(A.MatMul(w)) + rate * w - right);
            return w;
        }
        Tensor Ridge((Tensor Y, Tensor Rate) p) => Solve(A.Transpose().MatMul(p.Y), p.Rate);
        var ridge = CustomRule.Of(((Tensor Y, Tensor Rate) p) => Ridge(p), vjp: (p, w, g) =>
        {
            Tensor u = Solve(g, p.Rate); // the normal matrix is symmetric
            var (dy, dRate) = Vjp.Of((Tensor y, Tensor r) => -Normal(w, y, r))(p.Y, p.Rate)
                .Pullback(u);
            return (dy, dRate);
        });
        Tensor rate = Tensor.Scalar(2.0);
        Tensor Loss(Func<(Tensor, Tensor), Tensor> f, Tensor y, Tensor r) => f((y, r)).Sin().Sum();
        var unrolled = Grad.Of(((Tensor Y, Tensor Rate) p) => Loss(Ridge, p.Y, p.Rate))((X, rate));
        var implied = Grad.Of(((Tensor Y, Tensor Rate) p) => Loss(ridge, p.Y, p.Rate))((X, rate));
        Equal(unrolled.Y, implied.Y, 1e-10);
        Equal(unrolled.Rate, implied.Rate, 1e-10);
        // Batched over the targets with one rate for all: its cotangents add up.
        Tensor Shared(Func<(Tensor, Tensor), Tensor> f, Tensor r) =>
            Vmap.Of((Tensor y) => Loss(f, y, r))(A).Sum();
        Equal(Grad.Of((Tensor r) => Shared(Ridge, r))(rate),
            Grad.Of((Tensor r) => Shared(ridge, r))(rate), 1e-10);
        Equal(Grad.Of(Grad.Of((Tensor r) => Shared(Ridge, r)))(rate),
            Grad.Of(Grad.Of((Tensor r) => Shared(ridge, r)))(rate), 1e-9);
    }

    [Fact]
    public void EitherRuleGivesTheOther()
    {
        Func<Tensor, Tensor> f = x => x.Sin() * x.Sum();
        Tensor Push(Tensor x, Tensor v) => x.Cos() * v * x.Sum() + x.Sin() * v.Sum();
        Tensor Pull(Tensor x, Tensor g) => x.Cos() * x.Sum() * g + (x.Sin() * g).Sum();
        var pushed = CustomRule.Of(f, jvp: (x, y, v) => Push(x, v));
        var pulled = CustomRule.Of(f, vjp: (x, y, g) => Pull(x, g));
        var both = CustomRule.Of(f, (x, y, g) => Pull(x, g), (x, y, v) => Push(x, v));
        foreach (var rule in (Func<Tensor, Tensor>[])[pushed, pulled, both])
        {
            Equal(Jacobian.Of(f)(X), Jacobian.Of(rule, JacobianMode.Forward)(X));
            Equal(Jacobian.Of(f)(X), Jacobian.Of(rule, JacobianMode.Reverse)(X));
            Equal(Jacobian.Of(Jacobian.Of(f))(X), Jacobian.Of(Jacobian.Of(rule))(X));
            Equal(Vmap.Of(Jacobian.Of(f))(A), Vmap.Of(Jacobian.Of(rule))(A));
            Equal(Vmap.Of(Hessian.Of(x => f(x).Exp().Sum()))(A),
                Compile.Of(Vmap.Of(Hessian.Of(
                    Remat.Of((Tensor x) => rule(x).Exp().Sum()))))(A), 1e-12);
        }
    }

    [Fact]
    public void TreesWithIntegersAndSeveralResults()
    {
        var scaled = CustomRule.Of(
            ((Layer N, Tensor Index, int Times) p) =>
                (p.N with { Weight = p.N.Weight * p.Times }, p.Index),
            vjp: (p, y, g) => (g.Item1.Map((Tensor t) => t * (10 * p.Times)), p.Index, p.Times));
        var layer = new Layer(A, X);
        Tensor Loss(Layer n)
        {
            var (m, index) = scaled((n, Tensor.From([2, 0]), 3));
            return m.Weight.Take(index, 0).Sum();
        }
        Layer g = Grad.Of((Layer n) => Loss(n))(layer);
        Equal(Tensor.From([30.0, 0, 30]).ExpandDims(1).BroadcastTo([3, 3]), g.Weight);
        Equal(0 * X, g.Bias!);
    }

    [Fact]
    public void MistakesAreExplained()
    {
        Assert.Equal("CustomRule: has no rule. Give a vjp, (x, y, g) to the cotangents of x, or a "
            + "jvp, (x, y, v) to the tangents of y.", Error(() => CustomRule.Of((Tensor x) => x)));
        var wrong = CustomRule.Of(
            (Layer n) => n.Weight.Sum(), vjp: (n, y, g) => n with { Weight = g });
        Assert.Equal("CustomRule: the vjp gave float64 () as the cotangent of the argument "
            + "'Weight' float64 (3, 3). Return tensors shaped like the argument.",
            Error(() => Grad.Of((Layer n) => wrong(n))(new(A, X))));
        var tangent = CustomRule.Of((Tensor x) => x.Sum(), jvp: (x, y, v) => v);
        Assert.Equal("CustomRule: the jvp gave float64 (3) as the tangent of the result float64 "
            + "(). Return tensors shaped like the result.",
            Error(() => Jvp.Of((Tensor x) => tangent(x))(X, X)));
        Tensor Capturing(Tensor s) =>
            CustomRule.Of((Tensor x) => x * s, vjp: (x, y, g) => g)(X).Sum();
        const string text = "CustomRule: is differentiated by a float64 (3) tensor that its "
            + "function captures, but its rules are for the argument alone. Pass the tensor in the "
            + "argument, or stop its gradient.";
        Assert.Equal(text, Error(() => Grad.Of((Tensor s) => Capturing(s))(X)));
        Assert.Equal(text, Error(() => Jvp.Of((Tensor s) => Capturing(s))(X, X)));
        Equal((A * X).Sum(1), Vmap.Of((Tensor s) => Capturing(s))(A));
    }
    /// <summary>
    /// A rule that runs once its Vmap is over has the batch as its arguments. What it captured
    /// stands for one element, and nobody can say for which.
    /// </summary>
    [Fact]
    public void ARuleThatCapturesWhatVariesBetweenElementsIsExplained()
    {
        const string text = "captured and that varies between the elements of a Vmap. Within Vmap "
            + "a rule reads what varies from its arguments: pass the tensor in the argument.";
        Tensor scales = Tensor.From([1.0, 2, 3]);
        Tensor Scaled(Tensor x, Tensor s) =>
            CustomRule.Of((Tensor t) => t, vjp: (t, y, g) => g * s)(x);
        Tensor Pushed(Tensor x, Tensor s) =>
            CustomRule.Of((Tensor t) => t, jvp: (t, y, v) => 2 * s * v)(x);
        Tensor Constant(Tensor x, Tensor s) =>
            CustomRule.Of((Tensor t) => t, vjp: (t, y, g) => s)(x);
        // Its derivative maps a tree of captured tensors alone, which is computed at once.
        Tensor Eager(Tensor x, Tensor s) =>
            CustomRule.Of((Tensor t) => t, vjp: (t, y, g) => g * s.Map((Tensor p) => 2 * p))(x);

        string vjp = "CustomRule: the vjp reads a float64 () tensor that it " + text;
        Assert.Equal(vjp, Error(() => Grad.Of((Tensor x) =>
            Vmap.Of((Tensor t, Tensor s) => Scaled(t, s))(x, scales).Sum())(X)));
        Assert.Equal(vjp, Error(() => Grad.Of((Tensor x) =>
            Vmap.Of((Tensor t, Tensor s) => Constant(t, s), chunk: 1)(x, scales).Sum())(X)));
        Assert.Equal(vjp, Error(() => Grad.Of((Tensor x) =>
            Vmap.Of((Tensor s) => Scaled(x, s))(scales).Sum())(Tensor.Scalar(1.0))));
        Assert.Equal(vjp, Error(() => Compile.Of(Grad.Of((Tensor x) =>
            Vmap.Of((Tensor t, Tensor s) => Scaled(t, s.Exp()))(x, scales).Sum()))(X)));
        Assert.Equal("CustomRule: the jvp reads a float64 () tensor that it " + text,
            Error(() => Jvp.Of((Tensor x) =>
                Vmap.Of((Tensor t, Tensor s) => Pushed(t, s))(x, scales))(X, X)));
        Assert.EndsWith("A rule of CustomRule takes it in its argument.", Error(() =>
            Grad.Of((Tensor x) =>
                Vmap.Of((Tensor t, Tensor s) => Eager(t, s))(x, scales).Sum())(X)));

        // Differentiated within the Vmap, the rule runs for the element that it captured.
        Equal(scales, Vmap.Of((Tensor t, Tensor s) =>
            Grad.Of((Tensor p) => Scaled(p, s))(t))(X, scales));
        // Passed in the argument, as the advice says.
        var passed = CustomRule.Of(((Tensor T, Tensor S) p) => p.T,
            vjp: (p, y, g) => (g * p.S, 0 * p.S));
        Equal(scales, Grad.Of((Tensor x) =>
            Vmap.Of((Tensor t, Tensor s) => passed((t, s)))(x, scales).Sum())(X));
    }
}
