// Rematerialised functions: the same values and derivatives at every order and under every
// transform, with less memory.
namespace Engine.OpTests;

public class RematTests
{
    private static readonly Tensor X = Tensor.From([0.3, -0.2, 0.9]);

    private static readonly Tensor W =
        Tensor.From(new double[,] { { 1, 2, 3 }, { -1, 0.5, 2 }, { 0.2, -0.4, 1 } });

    private static Tensor Block(Tensor x) => (W.MatMul(x.Sin()) + x.Square()).Tanh();

    private static Tensor Plain(Tensor x) => (Block(Block(x)) * x).Sum();

    private static Tensor Again(Tensor x)
    {
        var block = Remat.Of((Tensor t) => Block(t));
        return (block(block(x)) * x).Sum();
    }

    private static void Equal(ITree expected, ITree actual) =>
        Assert.True(Tree.AllClose(expected, actual, 1e-13, 1e-14), $"{actual}\nis not\n{expected}");

    [Fact]
    public void DerivativesOfEveryOrderAreThoseOfTheFunction()
    {
        Equal(Plain(X), Again(X));
        Equal(Grad.Of((Tensor x) => Plain(x))(X), Grad.Of((Tensor x) => Again(x))(X));
        Equal(Hessian.Of(Plain)(X), Hessian.Of(Again)(X));
        Equal(Jacobian.Of(Hessian.Of(Plain))(X), Jacobian.Of(Hessian.Of(Again))(X));
        Tensor Twice(Func<Tensor, Tensor> f, Tensor x) => Grad.Of((Tensor y) =>
            (Grad.Of((Tensor z) => (Grad.Of(f)(z) * X).Sum())(y) * X).Sum())(x);
        Equal(Twice(Plain, X), Twice(Again, X));
        Equal(Jvp.Of((Tensor x) => Plain(x))(X, W[0]).Tangent,
            Jvp.Of((Tensor x) => Again(x))(X, W[0]).Tangent);
    }

    [Fact]
    public void ItNestsInEveryTransform()
    {
        Tensor batch = Tensor.Stack([X, 2 * X, X.Exp()]);
        var plain = Grad.Of((Tensor x) => Plain(x));
        var again = Grad.Of((Tensor x) => Again(x));
        Equal(Vmap.Of(plain)(batch), Vmap.Of(again)(batch));
        Equal(Vmap.Of(plain)(batch), Vmap.Of(again, chunk: 2)(batch));
        Equal(plain(X), Compile.Of(again)(X));
        Equal(Vmap.Of(Hessian.Of(Plain))(batch), Compile.Of(Vmap.Of(Hessian.Of(Again)))(batch));
        Tensor Sum(Func<Tensor, Tensor> f, Tensor x) => Vmap.Of(f)(batch * x).Sum();
        Equal(Grad.Of((Tensor x) => Sum(Plain, x))(X), Grad.Of((Tensor x) => Sum(Again, x))(X));
        Equal(plain(X), Grad.Of(Remat.Of((Tensor x) => Again(x)))(X));
        Equal(plain(X), Remat.Of(again)(X));
    }

    [Fact]
    public void CapturedTensorsAreDifferentiatedBatchedAndFrozenAsIfTheyWereArguments()
    {
        Tensor One(Tensor s, Tensor x) => Remat.Of((Tensor t) => (t * s).Sin() * s)(x).Sum();
        Tensor Two(Tensor s, Tensor x) => ((x * s).Sin() * s).Sum();
        Equal(Grad.Of((Tensor s) => Two(s, X))(W[1]), Grad.Of((Tensor s) => One(s, X))(W[1]));
        Equal(Vmap.Of((Tensor s) => Two(s, X))(W), Vmap.Of((Tensor s) => One(s, X))(W));
        Equal(Vmap.Of(Grad.Of((Tensor x) => Two(W[0], x)))(W),
            Vmap.Of(Grad.Of((Tensor x) => One(W[0], x)))(W));
        Equal(Vmap.Of((Tensor s) => Grad.Of((Tensor x) => Two(s, x))(X))(W),
            Vmap.Of((Tensor s) => Grad.Of((Tensor x) => One(s, x))(X))(W));
        var compiled = Compile.Of(Grad.Of((Tensor x) => One(W[0], x)));
        Equal(Grad.Of((Tensor x) => Two(W[0], x))(X), compiled(X));
        Equal(Grad.Of((Tensor x) => Two(W[0], x))(2 * X), compiled(2 * X));
    }

    [Fact]
    public void TreesTuplesPlainValuesAndSymbolicZerosPassThrough()
    {
        var layer = new Layer(W, X);
        bool Chosen(string path) => path == "Weight";
        (Layer, Tensor, int) Step(Layer n, Tensor x, int k)
        {
            Layer g = Grad.Of(
                (Layer p) => (p.Weight.MatMul(x) + p.Bias!).Square().Sum(), Chosen)(n);
            Assert.True(g.Bias!.IsSymbolicZero);
            return (n.Zip(g, (w, d) => d.IsSymbolicZero ? w : w - 0.1 * d), g.Bias!, k + 1);
        }
        var (stepped, frozen, k) =
            Remat.Of((Layer n, Tensor x, int i) => Step(n, x, i))(layer, X, 2);
        Assert.Equal(3, k);
        Assert.True(frozen.IsSymbolicZero);
        Equal(Step(layer, X, 2).Item1, stepped);
        Tensor Outer(Layer n, bool remat)
        {
            for (int i = 0; i < 3; i++)
                n = remat
                    ? Remat.Of((Layer m, Tensor x) => Step(m, x, 0).Item1)(n, X)
                    : Step(n, X, 0).Item1;
            return n.Weight.Square().Sum() + n.Bias!.Sum();
        }
        Equal(Grad.Of((Layer n) => Outer(n, false))(layer),
            Grad.Of((Layer n) => Outer(n, true))(layer));
        GradCheckResult check = GradCheck.Run((Layer n) => Outer(n, true), layer, order: 2);
        Assert.True(check.Error < 1e-7, $"{check}");
    }

    [Fact]
    public void AFunctionOfNothingAndOneThatIgnoresItsArgument()
    {
        Equal(X.Exp(), Remat.Of((int n) => X.Exp())(3));
        Equal(0 * X, Grad.Of((Tensor x) => Remat.Of((Tensor t) => W)(x).Sum())(X));
        Equal(Tensor.Ones(3, DType.Float64),
            Grad.Of((Tensor x) => Remat.Of((Tensor t) => t)(x).Sum())(X));
        var (a, b) = Remat.Of((Tensor t) => (t, t))(X);
        Equal(a, b);
        Equal(5 * Tensor.Ones(3, DType.Float64), Grad.Of((Tensor x) =>
        {
            var (p, q) = Remat.Of((Tensor t) => (2 * t, 3 * t))(x);
            return (p + q).Sum();
        })(X));
    }

    [Fact]
    public void EvaluatingInsideChangesNothing()
    {
        Tensor Peeking(Tensor x) => Remat.Of((Tensor t) =>
        {
            Tensor s = t.Sin();
            Assert.True(double.IsFinite(s.Sum().Item()));
            return (s * t).Eval();
        })(x).Sum();
        Equal(Hessian.Of((Tensor x) => (x.Sin() * x).Sum())(X), Hessian.Of(Peeking)(X));
    }

    [Fact]
    public void TheBodyRunsAgainInTheBackwardPassAndIsNotMergedWithTheFirst()
    {
        string Steps(Func<Tensor, Tensor> f)
        {
            var compiled = Compile.Of(Grad.WithValue(f));
            compiled(X);
            return Compile.Explain(compiled).ToString()!;
        }
        Func<Tensor, Tensor> f = x => W.MatMul(x.Exp()).Exp().Sum();
        int once = Steps(f).Split("MatMul").Length;
        int twice = Steps(Remat.Of(f)).Split("MatMul").Length;
        Assert.True(twice > once, $"{once} and {twice} products");
    }

    [Fact]
    public void MemoryOfManyStepsIsThatOfOne()
    {
        // Wide activations, few parameters: an inner step of MAML on 400 examples.
        Key[] keys = Key.From(3).Split(4);
        var model = new Layer(
            (0.3 * keys[0].Normal([8, 8])).Eval(), (0.1 * keys[1].Normal(8)).Eval());
        Tensor x = keys[2].Normal([400, 8]).Eval();
        long Arena(int steps, bool remat)
        {
            Layer Step(Layer n) => n.Zip(
                Grad.Of((Layer p) => (x.MatMul(p.Weight) + p.Bias!).Tanh().Square().Sum())(n),
                (w, g) => w - 0.01 * g);
            var step = remat ? Remat.Of((Layer n) => Step(n)) : Step;
            var gradient = Compile.Of(Grad.Of((Layer n) =>
            {
                for (int i = 0; i < steps; i++) n = step(n);
                return (x.MatMul(n.Weight) + n.Bias!).Tanh().Square().Sum();
            }));
            gradient(model);
            return Compile.Explain(gradient).Traces[0].PeakBytes;
        }
        long one = Arena(1, false), twenty = Arena(20, true);
        Assert.True(twenty < 1.3 * one, $"one step takes {one} bytes, twenty {twenty}");
        Assert.True(Arena(20, false) > 5L * one);
    }
}
