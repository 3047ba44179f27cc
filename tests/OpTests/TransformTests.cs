// Transforms in each other, against loops, closed forms and finite differences.
namespace Engine.OpTests;

public class TransformTests
{
    private static readonly Tensor Xs = Tensor.From([0.5, 0.6, 0.7, 0.8]);

    private static Tensor Real(double x) => Tensor.Scalar(x);

    [Fact]
    public void ThirdDerivativeOfSine()
    {
        var third = Grad.Of(Grad.Of(Grad.Of((Tensor x) => x.Sin())));
        Assert.Equal(-Math.Cos(0.7), third(Real(0.7)).Item(), 13);
    }

    [Fact]
    public void ThirdDerivativeOfANetworkEqualsFiniteDifferences()
    {
        Key[] keys = Key.From(2).Split(4);
        Tensor x = keys[0].Normal([5, 3], DType.Float64), v = keys[1].Normal([3, 2], DType.Float64);
        Tensor Loss(Tensor w) => x.MatMul(w).Tanh().Square().Sum();
        // The check differentiates this gradient twice more.
        Tensor Projected(Tensor w) => (Grad.Of((Tensor p) => Loss(p))(w) * v).Sum();
        GradCheckResult result = GradCheck.Run(
            (Tensor w) => Projected(w), keys[2].Normal([3, 2], DType.Float64),
            order: 2, step: 1e-3);
        Assert.True(result.Error < 1e-8, $"{result}");
    }

    [Fact]
    public void PowersHaveSymmetricSecondDerivativesAtExponentZero()
    {
        Tensor x = Tensor.Scalar(2.0), zero = Tensor.Scalar(0.0);
        double xy = Grad.Of((Tensor y) => Grad.Of((Tensor a) => a.Pow(y))(x))(zero).Item();
        double yx = Grad.Of((Tensor a) => Grad.Of((Tensor y) => a.Pow(y))(zero))(x).Item();
        Assert.Equal(0.5, xy, 14);
        Assert.Equal(0.5, yx, 14);
        Assert.Equal(0, Grad.Of((Tensor a) => a.Pow(zero))(zero).Item());
    }

    [Fact]
    public void InnerAndOuterDerivativesAreNotConfused()
    {
        var f = Grad.Of((Tensor x) => x * Grad.Of((Tensor y) => x + y)(Real(1)));
        Assert.Equal(1, f(Real(1)).Item(), 14);
        var g = Grad.Of((Tensor x) => x * Grad.Of((Tensor y) => x * y)(Real(2)));
        Assert.Equal(6, g(Real(3)).Item(), 14);
    }

    [Fact]
    public void VmapOfGradIsALoopOfGrad()
    {
        var f = Grad.Of((Tensor x) => (x * x).Sin() * x.Tanh());
        double[] batched = Vmap.Of(f)(Xs).ToArray<double>();
        for (int i = 0; i < 4; i++) Assert.Equal(f(Xs[i]).Item(), batched[i], 14);
    }

    [Fact]
    public void GradOfVmapIsTheSumOfGrads()
    {
        Tensor w = Tensor.From([0.3, -0.2, 0.9]);
        Func<Tensor, Tensor, Tensor> one = (p, x) => ((p * x).Tanh() * p).Sum();
        Tensor all = Grad.Of((Tensor p) => Vmap.Of((Tensor x) => one(p, x))(Xs).Sum())(w);
        Tensor loop = Tensor.Zeros(3, DType.Float64);
        for (int i = 0; i < 4; i++) loop += Grad.Of((Tensor p) => one(p, Xs[i]))(w);
        Assert.True(Tree.AllClose(loop, all, 1e-13));
    }

    [Fact]
    public void JvpOfGradIsAHessianVectorProduct()
    {
        Tensor x = Tensor.From([0.3, -0.2, 0.9]), v = Tensor.From([1.0, 2.0, -1.0]);
        var gradient = Grad.Of((Tensor a) => (a.MatMul(a) * a.Sin()).Sum());
        Tensor hv = Jvp.Of(gradient)(x, v).Tangent;
        const double h = 1e-5;
        Tensor numerical = (gradient(x + h * v) - gradient(x - h * v)) / (2 * h);
        Assert.True(Tree.AllClose(numerical, hv, 1e-8, 1e-9));
        Tensor reverse = Vjp.Of(gradient)(x).Pullback(v); // the Hessian is symmetric
        Assert.True(Tree.AllClose(reverse, hv, 1e-12));
    }

    [Fact]
    public void VmapOfGradOfVmap()
    {
        Tensor c = Tensor.From([0.1, 0.2, 0.3]);
        var f = Vmap.Of(Grad.Of((Tensor x) => Vmap.Of((Tensor k) => (k * x).Sin() * x)(c).Sum()));
        double[] result = f(Xs).ToArray<double>();
        for (int i = 0; i < 4; i++)
        {
            double x = Xs[i].Item();
            double expected = c.ToDoubles().Sum(k => (k * Math.Cos(k * x) * x) + Math.Sin(k * x));
            Assert.Equal(expected, result[i], 13);
        }
    }

    [Fact]
    public void GradOfGradOfMaml()
    {
        Tensor Loss(Tensor p, Tensor d) => (p * d).Sin() * p;
        Tensor Maml(Tensor m) => Vmap.Of((Tensor d) =>
        {
            Tensor w = m;
            for (int s = 0; s < 3; s++) w -= 0.1 * Grad.Of((Tensor p) => Loss(p, d))(w);
            return Loss(w, d);
        })(Xs).Sum();
        Assert.True(GradCheck.Run((Tensor m) => Maml(m), Real(0.9)).Error < 1e-9);
        Assert.True(GradCheck.Run((Tensor m) => Maml(m), Real(0.9), order: 2).Error < 1e-9);
    }

    [Fact]
    public void ManySmallNetworksAgreeWithALoop()
    {
        Key[] keys = Key.From(3).Split(3);
        Tensor w = keys[0].Normal([5, 4, 3], DType.Float64);
        Tensor x = keys[1].Normal([5, 6, 4], DType.Float64);
        var gradient = Grad.Of((Tensor p, Tensor input) => input.MatMul(p).Tanh().Square().Sum());
        Tensor together = Vmap.Of((Tensor p, Tensor input) => gradient(p, input))(w, x);
        for (int i = 0; i < 5; i++)
            Assert.True(Tree.AllClose(gradient(w[i], x[i]), together[i], 1e-12));
        Tensor chunked = Vmap.Of((Tensor p, Tensor input) => gradient(p, input), chunk: 2)(w, x);
        Assert.True(Tree.AllClose(together, chunked, 1e-13));
    }

    [Fact]
    public void ALongChainNeedsNoStack()
    {
        var f = Grad.Of((Tensor a) =>
        {
            for (int i = 0; i < 300_000; i++) a = -a;
            return a;
        });
        Assert.Equal(1, f(Real(0.3)).Item());
    }

    /// <summary>
    /// The nodes of a gradient stand on a graph of any age: none is evaluated before all are made
    /// (which took minutes here, each anew from the start).
    /// </summary>
    [Fact]
    public void AGradientOfALongProgramIsOnePlan()
    {
        const int length = 12_000;
        var f = Grad.Of((Tensor a) =>
        {
            for (int i = 0; i < length; i++) a = (a * 0.9999).Sin();
            return a;
        });
        double expected = 1, x = 0.3;
        for (int i = 0; i < length; i++)
        {
            expected *= 0.9999 * Math.Cos(0.9999 * x);
            x = Math.Sin(0.9999 * x);
        }
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(1, f(Real(0.3)).Item() / expected, 9);
        Assert.True(watch.Elapsed.TotalSeconds < 30, $"{watch.Elapsed}");
    }

    [Fact]
    public void EvaluatingWithinATransformChangesNothing()
    {
        var plain = Grad.Of((Tensor x) => Grad.Of((Tensor y) => y * y * x * x)(x) * x);
        var peeking = Grad.Of((Tensor x) =>
        {
            Tensor square = x * x;
            Assert.True(square.Item() > 0);
            Tensor inner = Grad.Of((Tensor y) =>
            {
                Tensor z = y * y * square;
                return z.Item() > 1e9 ? y : z;
            })(x);
            inner.Eval();
            return inner * x;
        });
        Assert.Equal(plain(Real(1.5)).Item(), peeking(Real(1.5)).Item(), 12);
    }

    [Fact]
    public void EvaluatingBetweenVjpAndItsPullbackChangesNothing()
    {
        var (y, pullback) = Vjp.Of((Tensor x) => x.Sin() * x)(Real(0.7));
        y.Eval();
        double expected = (Math.Cos(0.7) * 0.7) + Math.Sin(0.7);
        Assert.Equal(expected, pullback(Real(1)).Item(), 13);
        Assert.Equal(2 * expected, pullback(Real(2)).Item(), 13);
    }

    [Fact]
    public void NodesMadeOnOtherThreadsAreFollowed()
    {
        var f = Grad.Of((Tensor x) =>
        {
            Tensor sine = null!;
            var thread = new Thread(() => sine = x.Sin().Eval());
            thread.Start();
            thread.Join();
            return sine * x * x;
        });
        Assert.Equal((Math.Cos(0.7) * 0.49) + (Math.Sin(0.7) * 1.4), f(Real(0.7)).Item(), 13);
    }

    [Fact]
    public void PlaceholdersHaveNoValue()
    {
        var inside = Assert.Throws<EngineException>(
            () => Vmap.Of((Tensor x) => x.Item() > 0 ? x : x * x)(Xs));
        Assert.StartsWith(
            "Vmap: the value of a float64 () placeholder was asked for", inside.Message);
        Tensor leaked = null!;
        Vmap.Of((Tensor x) => leaked = x * 2)(Xs);
        Assert.Throws<EngineException>(() => leaked.Eval());
    }

    [Fact]
    public void CastsBetweenFloatsAreLinear()
    {
        Tensor x = Tensor.From([0.5f, -2f]);
        Tensor g = Grad.Of((Tensor t) => (t.Cast(DType.Float64) * 3).Sum().Cast(DType.Float32))(x);
        Assert.Equal([3f, 3f], g.ToArray<float>());
        Assert.Equal([3.0, 3.0], Jvp.Of((Tensor t) => t.Cast(DType.Float64) * 3)(x, Tensor.Ones(2))
            .Tangent.ToArray<double>());
    }

    [Fact]
    public void StopGradientStopsAtEveryOrder()
    {
        Assert.Equal(0.7, Grad.Of((Tensor x) => x * x.StopGradient())(Real(0.7)).Item(), 14);
        var second = Grad.Of(Grad.Of((Tensor x) => x * x * x.StopGradient()));
        Assert.Equal(1.4, second(Real(0.7)).Item(), 13);
        var (_, tangent) = Jvp.Of((Tensor x) => x.StopGradient().Sin())(Real(1), Real(1));
        Assert.Equal(0, tangent.Item());
    }

    [Fact]
    public void CollectionsThatAreNoTreesAreNotTakenForConstants()
    {
        var error = Assert.Throws<EngineException>(
            () => Vjp.Of((Dictionary<int, Tensor> x) => x[0].Sum())(new() { [0] = Xs }));
        Assert.StartsWith(
            "Transform: Dictionary`2 holds tensors or trees but is not a tree.", error.Message);
    }

    [Fact]
    public void WrongUseIsExplained()
    {
        Assert.Equal("Grad: the function must return a scalar float loss, but returned float64 "
            + "(4). Reduce it with .Mean() or .Sum(), or use Vjp.Of for other results.",
            Assert.Throws<EngineException>(() => Grad.Of((Tensor x) => x * x)(Xs)).Message);
        Assert.Equal("Vmap: axis 0 of argument 0 float64 (4) has 4 elements, but axis 0 of "
            + "argument 1 float64 (3) has 3; batch sizes must agree. Check the in-axes.",
            Assert.Throws<EngineException>(() => Vmap.Of((Tensor a, Tensor b) => a + b)(
                Xs, Tensor.Zeros(3, DType.Float64))).Message);
        Assert.Equal("Vjp: float64 (3) does not match float64 (4). Pass a tensor of the same dtype "
            + "and shape.",
            Assert.Throws<EngineException>(() => Vjp.Of((Tensor x) => x * x)(Xs).Pullback(
                Tensor.Zeros(3, DType.Float64))).Message);
    }

    [Fact]
    public void OnlyFactorsRepeatedAlongTheAxesLeaveTheSumOfABroadcast()
    {
        // The gradient of m (1, 3) sums over the rows of w times a factor: by columns the factor is
        // the same in every row, by rows it is not.
        Tensor w = Tensor.Arange(6, DType.Float64).Reshape(2, 3).Eval();
        Tensor columns = Tensor.From([2.0, 3, 5]).Reshape(1, 3);
        Tensor rows = Tensor.From([2.0, 7]).Reshape(2, 1);
        Tensor m = Tensor.From([1.0, 2, 3]).Reshape(1, 3);
        double[] Gradient(Tensor factor) => Grad.Of((Tensor p) =>
            ((w - p.BroadcastTo([2, 3])) * factor.BroadcastTo([2, 3]) * w).Sum())(m).ToDoubles();
        Assert.Equal([-6.0, -15, -35], Gradient(columns));
        Assert.Equal([-21.0, -30, -39], Gradient(rows));
    }
}
