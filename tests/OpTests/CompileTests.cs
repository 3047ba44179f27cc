// Compiled functions against the functions themselves: same values, fewer traces, clear errors.
using Engine.Kernels;

namespace Engine.OpTests;

public class CompileTests
{
    private static readonly Tensor X = Tensor.From([0.5, -0.6, 0.7, 0.8]);

    [Fact]
    public void ReplayGivesTheSameValues()
    {
        int traces = 0;
        Func<Tensor, Tensor> f = x =>
        {
            traces++;
            return (x.Sin() * x).Tanh() + x.Sum();
        };
        var compiled = Compile.Of(f);
        for (int i = 1; i <= 3; i++)
            Assert.Equal(f(X * i).ToArray<double>(), compiled(X * i).ToArray<double>());
        Assert.Equal(3 + 1, traces);
        Assert.Contains("1 traces, 2 calls replayed", Compile.Explain(compiled).ToString());
    }

    [Fact]
    public void GradientsCompileAndCompiledFunctionsDifferentiate()
    {
        Func<Tensor, Tensor> loss = x => (x.Exp() * x).Sum();
        double[] expected = Grad.Of(loss)(X).ToArray<double>();
        Assert.Equal(expected, Compile.Of(Grad.Of(loss))(X).ToArray<double>());
        Assert.Equal(expected, Grad.Of(Compile.Of(loss))(X).ToArray<double>());
        Tensor batch = Tensor.Stack([X, 2 * X]);
        Assert.True(Tree.AllClose(
            Vmap.Of(Grad.Of(loss))(batch), Vmap.Of(Compile.Of(Grad.Of(loss)))(batch), 1e-15));
    }

    [Fact]
    public void CapturedTensorsAreFrozenAndTracedOnesAreNot()
    {
        Tensor scale = Tensor.Scalar(3.0).Exp();
        var compiled = Compile.Of((Tensor x) => x * scale);
        Assert.Equal(Math.Exp(3) * 0.5, compiled(X)[0].Item(), 12);
        // Captured under a gradient, the function is inlined: nothing of the derivative is lost.
        double derivative = Grad.Of((Tensor s) => Compile.Of((Tensor x) => (x * s).Sum())(X))(
            Tensor.Scalar(2.0)).Item();
        Assert.Equal(1.4, derivative, 12);
    }

    /// <summary>
    /// Whether an argument has its value yet says nothing of it: one trace, one set of frozen
    /// values.
    /// </summary>
    [Fact]
    public void AConstantArgumentSharesTheTraceOfOneThatHasItsValue()
    {
        Tensor scale = Tensor.Scalar(2.0);
        var compiled = Compile.Of((Tensor x) => (x * scale).Sum());
        Tensor ones = Tensor.Ones(4, DType.Float64);
        Assert.Equal(8, compiled(ones).Item());
        scale = Tensor.Scalar(3.0);
        Assert.Equal(8, compiled(ones).Item());
        Assert.Equal(8, compiled(Tensor.Ones(4, DType.Float64)).Item());
        Assert.Equal(2 * 1.4, compiled(X).Item(), 12);
        Assert.Equal(3, Assert.Single(Compile.Explain(compiled).Traces).Hits);

        var step = Compile.Step((Tensor w, Tensor x) => (w + x, w.Sum()));
        Tensor w = Tensor.Zeros(2), one = Tensor.Ones(2);
        for (int i = 0; i < 3; i++) (w, _) = step(w, one);
        Assert.Equal([3f, 3], w.ToArray<float>());
        Assert.Single(Compile.Explain(step).Traces);
    }

    [Fact]
    public void NewShapesAndStaticsAreTracedUntilItIsTooMuch()
    {
        var compiled = Compile.Of((Tensor x, double power) => x.Abs().Pow(power).Sum());
        Assert.Equal(X.Abs().Pow(3.0).Sum().Item(), compiled(X, 3.0).Item());
        Assert.Equal(X.Abs().Pow(0.5).Sum().Item(), compiled(X, 0.5).Item());
        for (int i = 0; i < 6; i++) compiled(X, 1.1 + i);
        var error = Assert.Throws<EngineException>(() => compiled(X, 99.0));
        Assert.StartsWith(
            "Compile: traced 8 times and called with yet another signature", error.Message);
        Assert.EndsWith("Pass what changes as a Tensor, and keep shapes fixed.", error.Message);
    }

    [Fact]
    public void ValuesAreNotReadWhileTraced()
    {
        var compiled = Compile.Of((Tensor x) => x[0].Item() > 0 ? x : -x);
        Assert.StartsWith("Compile: the value of a float64 (4) placeholder was asked for",
            Assert.Throws<EngineException>(() => compiled(X)).Message);
    }

    [Fact]
    public void EqualOperationsAreMergedAndFrozenOnesAreDoneOnce()
    {
        Tensor table = X.Exp();
        var compiled = Compile.Of((Tensor x) =>
            (x.Sin() * x.Sin()).Sum() + (table * 2).Sum() * x.Sum());
        compiled(X);
        string explained = Compile.Explain(compiled).ToString();
        Assert.Equal(1, explained.Split("SinOp").Length - 1);
        Assert.DoesNotContain("ExpOp", explained);
    }

    [Fact]
    public void AStepReusesTheOldState()
    {
        var backend = new CpuBackend(1);
        var device = new Device(backend);
        var step = Compile.Step((Tensor w, Tensor x) =>
        {
            var (loss, g) = Grad.WithValue((Tensor p) => (p * x).Sin().Sum())(w);
            return (w - 0.1 * g, loss);
        });
        Tensor plain = Tensor.From(new float[50_000]) + 0.5f;
        Tensor x = (Tensor.Arange(50_000, DType.Float32) * 1e-4).Eval();
        Tensor w = plain.Eval().To(device), input = x.To(device), first = w;
        for (int i = 0; i < 5; i++) (w, _) = step(w, input);
        long held = backend.BytesHeld;
        for (int i = 0; i < 200; i++) (w, _) = step(w, input);
        // The losses, 64 bytes each, wait for a collection; the states do not.
        Assert.InRange(backend.BytesHeld, held, held + (32 << 10));
        for (int i = 0; i < 205; i++)
            plain -= 0.1 * Grad.Of((Tensor p) => (p * x).Sin().Sum())(plain);
        Assert.Equal(plain.ToArray<float>(), w.ToArray<float>());
        Assert.StartsWith("Compile.Step: the old state's float32 (50000) was asked for after",
            Assert.Throws<EngineException>(() => first.ToArray<float>()).Message);
    }

    [Fact]
    public void ADonatedStateThatIsCapturedTooIsKeptForThePlan()
    {
        Tensor start = Tensor.From([1.0, 1.0]).Eval(), kept = start;
        var step = Compile.Step((Tensor w, Tensor x) => (w - 0.1 * x, (w - kept).Square().Sum()));
        Tensor state = start;
        for (int i = 0; i < 5; i++)
        {
            (state, Tensor distance) = step(state, Tensor.Ones(2, DType.Float64));
            Tensor.From(new double[2]).Eval(); // would reuse a block given back too early
            Assert.Equal(2 * 0.01 * i * i, distance.Item(), 12);
        }
    }

    [Fact]
    public void StaticArgumentsAreComparedByValue()
    {
        var compiled = Compile.Of((Tensor x, Func<double, double> f) => x * f(1));
        Assert.Equal(2 * 0.5, compiled(X, v => 2 * v)[0].Item());
        Assert.Equal(3 * 0.5, compiled(X, v => 3 * v)[0].Item());
        Assert.StartsWith("Compile: an argument is a Double[], whose content may change unseen.",
            Assert.Throws<EngineException>(() => Compile.Of((Tensor x, double[] o) => x * o[0])(
                X, [2.0])).Message);
    }

    [Fact]
    public void FrozenLeavesStaySymbolic()
    {
        var gradient = Compile.Of(Grad.Of(
            (Leaves p) => (p.Items[0] * p.Items[1]).Sum(), where: path => path == "0"));
        Leaves g = gradient(new Leaves([X, 2 * X]));
        Assert.False(g.Items[0].IsSymbolicZero);
        Assert.True(g.Items[1].IsSymbolicZero);
        Assert.Equal((2 * X).ToArray<double>(), g.Items[0].ToArray<double>());
    }

    [Theory]
    [InlineData(1, 300, 1)]
    [InlineData(3, 300, 5)]
    [InlineData(5, 17, 33)]
    [InlineData(2, 4096, 7)]
    [InlineData(40, 700, 50)]
    public void SumsOfWhatIsEvaluatedOnTheWayDifferByTheDocumentedBound(int m, int k, int n)
    {
        Key[] keys = Key.From((uint)k).Split(2);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            Tensor a = keys[0].Normal([k, m], type), b = keys[1].Normal([n, k], type);
            var f = (Tensor a, Tensor b) =>
            {
                // While compiled neither has a value, and both are read where they lie.
                Tensor x = a.Transpose(), y = b.Transpose();
                Tree.Eval(x, y);
                return (x.MatMul(y), x.Sum(1), y.Sum(0));
            };
            var (product, rows, columns) = f(a, b);
            var (product2, rows2, columns2) = Compile.Of(f)(a, b);
            double epsilon = type == DType.Float32
                ? float.BitIncrement(1) - 1 : Math.BitIncrement(1) - 1;
            Within(product, product2, a.Transpose().Abs().MatMul(b.Transpose().Abs()));
            Within(rows, rows2, a.Abs().Sum(0));
            Within(columns, columns2, b.Abs().Sum(1));

            void Within(Tensor plain, Tensor compiled, Tensor magnitudes)
            {
                double[] p = plain.ToDoubles(), c = compiled.ToDoubles();
                double[] sum = magnitudes.ToDoubles();
                for (int i = 0; i < p.Length; i++)
                    Assert.InRange(Math.Abs(p[i] - c[i]), 0, k * epsilon * sum[i]);
            }
        }
    }
}
