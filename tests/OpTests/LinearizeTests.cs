// Linearised functions: the tangents of forward mode, without computing the function again.
namespace Engine.OpTests;

public class LinearizeTests
{
    private static readonly Key[] Keys = Key.From(23).Split(6);
    private static readonly Tensor X = Keys[0].Normal([5, 3], DType.Float64).Eval();
    private static readonly Tensor V = Keys[1].Normal([3, 4], DType.Float64).Eval();

    private static readonly Layer At = new(
        Keys[2].Normal([3, 4], DType.Float64).Eval(), Keys[3].Normal([4], DType.Float64).Eval());

    private static readonly Layer Direction = new(V, At.Bias!.Sin().Eval());

    private static Tensor Forward(Layer n, Tensor x) => (x.MatMul(n.Weight) + n.Bias!).Tanh();

    private static Tensor Loss(Layer n) => Loss(n, X);

    private static Tensor Loss(Layer n, Tensor x) =>
        Forward(n, x).MatMul(n.Weight.Transpose()).Softplus().Square().Sum();

    private static void Equal(ITree expected, ITree actual) =>
        Assert.True(Tree.AllClose(expected, actual, 1e-12, 1e-12), $"{actual}\nis not\n{expected}");

    [Fact]
    public void ValueAndTangentsAreThoseOfForwardMode()
    {
        var jvp = Jvp.Of((Layer n) => Forward(n, X));
        var (value, tangent) = Linearize.Of((Layer n) => Forward(n, X))(At);
        Equal(Forward(At, X), value);
        foreach (Layer v in (Layer[])[Direction, At, Direction.Map((Tensor t) => t * t)])
            Equal(jvp(At, v).Tangent, tangent(v));
        // What does not depend on the argument does not move; integers and plain values pass.
        var (_, linear) = Linearize.Of((Tensor a, Tensor b, int k) =>
            (a * b * k, X, Tensor.From([1, 2]), a))(V, V.Exp(), 3);
        var (product, still, integer, same) = linear((V.Cos(), V, 3));
        Equal(3 * (V.Cos() * V.Exp() + V * V), product);
        Equal(0 * X, still);
        Equal(Tensor.From([0, 0]), integer);
        Equal(V.Cos(), same);
    }

    [Fact]
    public void HessianProductsAreThoseOfTheHessian()
    {
        var (gradient, product) = Hessian.Linearized((Layer n) => Loss(n))(At);
        Equal(Grad.Of((Layer n) => Loss(n))(At), gradient);
        var expected = Hessian.Product((Layer n) => Loss(n));
        Equal(expected(At, Direction), product(Direction));
        Equal(expected(At, At), product(At));

        // Of some leaves: their block, whatever the direction along the others.
        var (part, block) = Hessian.Linearized((Layer n) => Loss(n), path => path == "Weight")(At);
        Assert.True(part.Bias!.IsSymbolicZero);
        Layer along = expected(At, Direction with { Bias = 0 * At.Bias! });
        foreach (Layer v in (Layer[])[
            Direction, part with { Weight = V }, Direction with { Bias = 9 * At.Bias! }])
        {
            Equal(along.Weight, block(v).Weight);
            Assert.True(block(v).Bias!.IsSymbolicZero);
        }
        // A symbolic zero is a zero.
        Equal(along, product(part with { Weight = V }));
    }

    [Fact]
    public void TheFunctionIsComputedOnce()
    {
        var backend = new ReferenceBackend();
        var device = new Device(backend);
        Layer at = At.To(device), v = Direction.To(device);
        Tensor x = X.To(device).Eval();
        int Products(Action run)
        {
            int before = backend.Products;
            run();
            return backend.Products - before;
        }
        var jvp = Jvp.Of((Layer n) => Loss(n, x));
        Assert.Equal(5, Products(() => jvp(at, v)));
        Func<Layer, Tensor> tangent = null!;
        // Nothing but the two products of the loss, though tangents need more of it than its value.
        Assert.Equal(2, Products(
            () => tangent = Linearize.Of((Layer n) => Loss(n, x))(at).Tangent));
        for (int i = 0; i < 3; i++) Assert.Equal(3, Products(() => tangent(v)));

        var repeated = Hessian.Product((Layer n) => Loss(n, x));
        int gradient = Products(() => Grad.Of((Layer n) => Loss(n, x))(at));
        int all = Products(() => repeated(at, v));
        Func<Layer, Layer> product = null!;
        Assert.Equal(gradient, Products(
            () => product = Hessian.Linearized((Layer n) => Loss(n, x))(at).Product));
        // The gradient's two last products, one for each use of the weights, serve no other.
        for (int i = 0; i < 3; i++) Assert.Equal(all - gradient + 2, Products(() => product(v)));
    }

    [Fact]
    public void OnlyTheLinearPartIsLeft()
    {
        var (_, tangent) = Linearize.Of((Tensor x) => (x.Sin().Exp() + x.Max(1, true)).Tanh())(X);
        var compiled = Compile.Of(tangent);
        Equal(tangent(X.Cos()), compiled(X.Cos()));
        Explanation.Trace trace = Compile.Explain(compiled).Traces[0];
        Assert.DoesNotContain(trace.Steps, step => step.Contains("Sin") || step.Contains("Cos")
            || step.Contains("Exp") || step.Contains("Tanh") || step.Contains("Max"));
        // Views are read where they lie: a row that is repeated is not written out.
        Tensor row = X[0].Exp();
        var (_, scaled) = Linearize.Of((Tensor x) => x * row.BroadcastTo([5, 3]))(X);
        var small = Compile.Of(scaled);
        Equal(X.Cos() * row, small(X.Cos()));
        Assert.Contains("(3)", Assert.Single(Compile.Explain(small).Traces[0].Captured));
    }

    [Fact]
    public void ItNestsInEveryTransform()
    {
        Tensor Curvature(Layer n, Tensor x, bool once)
        {
            Layer v = Direction with { Weight = n.Weight.Cos() };
            if (!once)
            {
                var product = Hessian.Product((Layer m) => Loss(m, x));
                Layer pv = product(n, v);
                return product(n, pv).Weight.Sum() + pv.Bias!.Sin().Sum();
            }
            var (_, linear) = Hessian.Linearized((Layer m) => Loss(m, x))(n);
            Layer hv = linear(v);
            return linear(hv).Weight.Sum() + hv.Bias!.Sin().Sum();
        }
        Tensor batch = Tensor.Stack([X, X.Sin(), 0.1 * X, X + 0.5]);
        object[][] Of(bool once)
        {
            var gradient = Grad.Of((Layer n) => Curvature(n, X, once));
            var each = Vmap.Of((Tensor x) => Curvature(At, x, once));
            return
            [
                [Curvature(At, X, once)],
                [gradient(At)],
                [Compile.Of(gradient)(At)],
                [each(batch)],
                [Vmap.Of((Tensor x) => Curvature(At, x, once), chunk: 2)(batch)],
                [Compile.Of(each)(batch)],
                [Grad.Of((Layer n) => Vmap.Of(
                    (Tensor x) => Curvature(n, x, once), chunk: 2)(batch).Sum())(At)],
                [Jvp.Of((Layer n) => Curvature(n, X, once))(At, Direction).Tangent],
                [Grad.Of(Remat.Of((Layer n) => Curvature(n, X, once)))(At)],
            ];
        }
        foreach (var (expected, actual) in Of(false).Zip(Of(true)))
            Assert.True(
                Tree.AllClose((ITree)expected[0], (ITree)actual[0], 1e-9), $"{actual[0]}");
    }

    [Fact]
    public void ItSolvesByConjugateGradientsUnderEveryTransform()
    {
        Layer Solved(Layer n, Tensor x)
        {
            var (gradient, product) = Hessian.Linearized((Layer m) =>
                Loss(m, x) + 2 * (m.Weight.Square().Sum() + m.Bias!.Square().Sum()))(n);
            return ConjugateGradient.Solve(product, gradient, 40, 1e-13, damping: 40).Solution;
        }
        Tensor Dense(Layer n, Tensor x)
        {
            Tensor flat = Tensor.Concat([n.Weight.Reshape(-1), n.Bias!], 0);
            Tensor LossOf(Tensor p)
            {
                var m = new Layer(p[..12].Reshape(3, 4), p[12..]);
                return Loss(m, x) + 2 * p.Square().Sum();
            }
            Tensor h = Hessian.Of(LossOf)(flat) + 40 * Tensor.Eye(16, DType.Float64);
            return h.Solve(Grad.Of((Tensor p) => LossOf(p))(flat));
        }
        Tensor Flat(Layer n) => Tensor.Concat([n.Weight.Reshape(-1), n.Bias!], 0);
        var solved = Compile.Of(Vmap.Of((Tensor x) => Flat(Solved(At, x))));
        Tensor batch = Tensor.Stack([X, 0.1 * X, X.Sin()]);
        Tensor expected = Vmap.Of((Tensor x) => Dense(At, x))(batch);
        Assert.True(Tree.AllClose(expected, solved(batch), 1e-8, 1e-10), $"{solved(batch)}");
        Assert.True(Tree.AllClose(expected[0], Flat(Solved(At, X)), 1e-8, 1e-10));
    }

    [Fact]
    public void FunctionsWithRulesOfTheirOwnAndLoopsAreLinearisedByTheirs()
    {
        var rounded = CustomRule.Of((Tensor x) => x.Sign(), vjp: (x, y, g) => 2 * g);
        Tensor F(Tensor x) => Remat.Of((Tensor t) => t.Sin() * t)(rounded(x) * x.Exp());
        Tensor G(Tensor x) => Vmap.Of((Tensor row) => F(row).Softmax(), chunk: 2)(x);
        foreach (var f in (Func<Tensor, Tensor>[])[F, G])
            Equal(Jvp.Of(f)(X, X.Cos()).Tangent, Linearize.Of(f)(X).Tangent(X.Cos()));
    }

    [Fact]
    public void MisuseIsExplained()
    {
        string Error(Func<object> call) => Assert.Throws<EngineException>(call).Message;
        var (_, tangent) = Linearize.Of((Tensor x) => x.Sin())(X);
        Assert.Equal("Linearize: float64 (3, 4) does not match float64 (5, 3). Pass a tensor of "
            + "the same dtype and shape.", Error(() => tangent(V)));
        var product = Hessian.Linearized((Layer n) => Loss(n))(At).Product;
        Assert.Equal("Hessian.Linearized: the argument has 2 tensors, but the direction 1. Pass "
            + "one shaped like the argument.", Error(() => product(At with { Bias = null })));
        Assert.Contains("must return a scalar float loss",
            Error(() => Hessian.Linearized((Tensor x) => x)(X)));
    }
}
