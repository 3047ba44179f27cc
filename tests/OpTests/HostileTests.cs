// The engine under hostile use: nothing in tensors, exceptions in user functions, leaked
// placeholders, many threads, numbers that are none.
namespace Engine.OpTests;

public class HostileTests
{
    private static Tensor Real(params double[] values) => Tensor.From(values);

    [Fact]
    public void EmptyTensorsPassThroughEverything()
    {
        Tensor x = Tensor.Zeros([0, 3], DType.Float64), w = Tensor.Zeros([3, 0], DType.Float64);
        Assert.Equal(0, x.Exp().Sum().Item());
        Assert.Equal([0.0, 0, 0], x.Sum(0).ToArray<double>());
        Assert.Equal(Shape.Of(0, 0), x.MatMul(w).Eval().Shape);
        Assert.Equal(new double[9], w.MatMul(x).ToArray<double>());
        Assert.Equal(Shape.Of(0, 3), x.Softmax().Eval().Shape);
        Assert.Equal(Shape.Of(0, 3), x.ArgSort().Eval().Shape);
        Assert.Equal(Shape.Of(0), x.ArgMax().Eval().Shape);
        Assert.Equal(Shape.Of(0, 3), Tensor.Concat([x, x, x]).Eval().Shape);
        Assert.Equal(Shape.Of(2, 3), x.Pad([2, 0], [0, 0], 1).Eval().Shape);
        Assert.Equal(Shape.Of(0, 2), x.Take(Tensor.From([0, 2]), 1).Eval().Shape);
        Assert.Equal(Shape.Of(0, 3), Grad.Of((Tensor t) => (t * t).Tanh().Sum())(x).Shape);
        Tensor g = Grad.Of((Tensor t) => t.MatMul(t.Transpose()).Sum())(w);
        Assert.Equal(Shape.Of(3, 0), g.Shape);
        Assert.Equal(Shape.Of(0), Vmap.Of((Tensor t) => t.Sum())(x).Shape);
        Assert.Equal(
            Shape.Of(0, 3), Vmap.Of(Grad.Of((Tensor t) => t.Square().Sum()), chunk: 2)(x).Shape);
        Assert.Empty(Tensor.Arange(0).ToArray<long>());
        Assert.Equal(Shape.Of(0, 0), Tensor.Eye(0).Eval().Shape);
        Tensor images = Tensor.Zeros([0, 2, 4, 4]), filters = Tensor.Ones([3, 2, 3, 3]);
        Assert.Equal(Shape.Of(0, 3, 2, 2), images.Conv2d(filters).Eval().Shape);
        Assert.Equal(new float[54],
            Grad.Of((Tensor f) => images.Conv2d(f).Sum())(filters).ToArray<float>());
        Assert.Equal(Shape.Of(0, 2, 2, 2), images.MaxPool2d(2).Eval().Shape);
        Tensor none = Tensor.Zeros([2, 0, 4, 4]);
        Assert.Equal(new float[16], none.Conv2d(Tensor.Zeros([2, 0, 3, 3])).ToArray<float>());
    }

    [Fact]
    public void ScalarsAndSizeOnePassThroughEverything()
    {
        Tensor s = Tensor.Scalar(0.5);
        Assert.Equal(0.5, s.Sum().Item());
        Assert.Equal(0.5, s.Max().Item());
        Assert.Equal(0.5, s.Transpose().Flip().Squeeze().LogSumExp().Item(), 15);
        Assert.Equal(Shape.Of(1), s.Flatten().Shape);
        Assert.Equal(0, s.Var().Item());
        Assert.Equal([0.5], s.BroadcastTo([1, 1]).ToArray<double>());
        Assert.Equal(1, Grad.Of((Tensor t) => t.ExpandDims(0).Softmax().Sum() + t)(s).Item(), 15);
        Assert.Equal(1, s.ExpandDims(0).MatMul(s.ExpandDims(0) * 4).Item());
    }

    [Fact]
    public void HugeBroadcastsTakeNoMemory()
    {
        Tensor x = Tensor.Ones([1, 1]).BroadcastTo([1 << 20, 1 << 20]);
        Assert.Equal(1f, x[5][7].Item());
        Assert.Equal(3, (x[..1, ..1] + 2).Item());
        Assert.Equal(new float[] { 1, 1 }, x.Transpose()[3..4, ..2].Reshape(2).ToArray<float>());
    }

    [Fact]
    public void StridesBeyondTheImageMakeOneOutput()
    {
        Tensor x = Tensor.Arange(32, DType.Float64).Reshape(1, 2, 4, 4);
        Tensor w = 0.1 * x[.., .., ..3, ..3];
        foreach (int stride in (int[])[2, 4, 7, 1000, int.MaxValue])
        {
            Tensor y = x.Conv2d(w, stride);
            Assert.Equal((x[.., .., ..3, ..3] * w).Sum().Item(), y.Item(), 9);
            Tensor g = Grad.Of((Tensor t) => t.Conv2d(w, stride).Sum())(x);
            Assert.True(Tree.AllClose(w.Pad([0, 0, 0, 0], [0, 0, 1, 1]), g));
        }
    }

    private sealed class UserException : Exception;

    [Fact]
    public void AnExceptionInAUserFunctionEndsItsTransform()
    {
        Tensor leaked = null!;
        Tensor Throwing(Tensor t)
        {
            leaked = t * t;
            throw new UserException();
        }
        var x = Real(1, 2);
        Assert.Throws<UserException>(() => Grad.Of((Tensor t) => Throwing(t))(x));
        Assert.False(leaked.Traced);
        Assert.Equal([1.0, 4], leaked.ToArray<double>()); // an alias has its value
        Assert.Throws<UserException>(() => Vmap.Of((Tensor t) => Throwing(t))(x));
        Assert.False(leaked.Traced);
        Assert.Throws<EngineException>(() => leaked.Eval());
        Assert.Throws<UserException>(() => Jvp.Of((Tensor t) => Throwing(t))(x, x));
        Assert.Throws<UserException>(() => Vjp.Of((Tensor t) => Throwing(t))(x));
        Assert.False(leaked.Traced);
        Assert.Throws<UserException>(() => Vmap.Of(Grad.Of((Tensor t) => Throwing(t)))(x));
        // Caught within an outer transform, which goes on.
        Tensor g = Grad.Of((Tensor t) =>
        {
            Assert.Throws<UserException>(() => Grad.Of((Tensor u) => Throwing(u * t))(t));
            Assert.True(leaked.Traced);
            return (t * leaked).Sum();
        })(x);
        Assert.False(leaked.Traced);
        Assert.Equal([5.0, 80], g.ToArray<double>()); // t (t t)^2 has the derivative 5 t^4
    }

    [Fact]
    public void APlaceholderThatLeftItsVmapIsNamedWhereverItTurnsUp()
    {
        Tensor leaked = null!;
        Vmap.Of((Tensor t) => leaked = t.Exp())(Real(1, 2));
        const string start = "Vmap: the value of a float64 () placeholder was asked for";
        Assert.StartsWith(start, Assert.Throws<EngineException>(() => (leaked + 1).Item()).Message);
        Assert.StartsWith(start, Assert.Throws<EngineException>(
            () => Grad.Of((Tensor t) => t * leaked)(Tensor.Scalar(1.0))).Message);
        Assert.StartsWith(start, Assert.Throws<EngineException>(
            () => Vmap.Of((Tensor t) => t * leaked)(Real(1, 2))).Message);
        Assert.StartsWith(start, Assert.Throws<EngineException>(
            () => leaked.Map((Tensor t) => t * 2)).Message);
        Assert.Contains("not computed", leaked.ToString());
    }

    [Fact]
    public void AFunctionThatIgnoresItsArgument()
    {
        Tensor x = Real(1, 2), c = Tensor.Scalar(3.0);
        Assert.Equal([0.0, 0], Grad.Of((Tensor t) => c)(x).ToArray<double>());
        Assert.Equal([0.0, 0], Grad.Of((Tensor t) => c * c)(x).ToArray<double>());
        Assert.Equal([3.0, 3], Vmap.Of((Tensor t) => c)(x).ToArray<double>());
        Assert.Equal(0, Jvp.Of((Tensor t) => c)(x, x).Tangent.Item());
        Assert.Equal([1.0, 2], Vjp.Of((Tensor t) => t)(x).Pullback(x).ToArray<double>());
        Assert.Equal([1.0, 1], Vmap.Of(Grad.Of((Tensor t) => t))(x).ToArray<double>());
        Assert.Equal([0.0, 0], Vmap.Of(Grad.Of((Tensor t) => c))(x).ToArray<double>());
        Assert.Equal(0, Grad.Of(Grad.Of((Tensor t) => 2 * t))(c).Item());
    }

    [Fact]
    public void IntegerResultsHaveNoDerivatives()
    {
        Tensor x = Real(1.5, -2.5);
        var (y, pullback) = Vjp.Of((Tensor t) =>
            Tensor.Maximum(t.Cast(DType.Int64), Tensor.From([0L, 0])) * 3)(x);
        Assert.Equal([3L, 0], y.ToArray<long>());
        Assert.Equal([0.0, 0], pullback(Tensor.From([1L, 1])).ToArray<double>());
        Tensor tangent = Jvp.Of((Tensor t) => t.Cast(DType.Int64) * 3)(x, x).Tangent;
        Assert.Equal([0L, 0], tangent.ToArray<long>());
        Assert.Equal([0.0, 0],
            Grad.Of((Tensor t) => t.Cast(DType.Int32).Cast(DType.Float64).Sum())(x)
                .ToArray<double>());
        Assert.Equal("Grad: the function must return a scalar float loss, but returned int64 (). "
            + "Reduce it with .Mean() or .Sum(), or use Vjp.Of for other results.",
            Assert.Throws<EngineException>(() => Grad.Of((Tensor t) => t.ArgMax())(x)).Message);
        Tensor integer = Grad.Of((Tensor t) => Tensor.Scalar(1f))(Tensor.From([1, 2]));
        Assert.True(integer.IsSymbolicZero);
    }

    [Fact]
    public void MixedPrecisionFlowsThroughCasts()
    {
        Tensor x = Tensor.From([0.5f, -1]);
        Tensor Loss(Tensor t) =>
            (t.Cast(DType.Float64).Exp() * 2).Cast(DType.Float32).Square().Sum();
        Tensor g = Grad.Of((Tensor t) => Loss(t))(x);
        Assert.Equal(DType.Float32, g.DType);
        for (int i = 0; i < 2; i++)
            Assert.Equal(8 * Math.Exp(2 * x[i].Item()), g[i].Item(), 4);
        Tensor hv = Jvp.Of(Grad.Of((Tensor t) => Loss(t)))(x, Tensor.Ones(2)).Tangent;
        Assert.Equal(DType.Float32, hv.DType);
        Assert.Equal(16 * Math.Exp(2 * 0.5), hv[0].Item(), 4);
        Tensor both = Vmap.Of(Grad.Of((Tensor t) => Loss(t.ExpandDims(0))))(x);
        Assert.Equal(g.ToArray<float>(), both.ToArray<float>());
    }

    [Fact]
    public void NaNReachesOnlyWhatDependsOnIt()
    {
        Tensor x = Real(double.NaN, 1, 0, -1);
        double[] g = Grad.Of((Tensor t) => (t * t).Sum())(x).ToArray<double>();
        Assert.Equal([double.NaN, 2, 0, -2], g);
        // The element not chosen passes no derivative, even where its own would be infinite.
        Tensor Safe(Tensor t) => Tensor.Where(t > 0, Tensor.Where(t > 0, t, 1).Log(), 0).Sum();
        Assert.Equal([0.0, 1, 0, 0], Grad.Of((Tensor t) => Safe(t))(x).ToArray<double>());
        Assert.True(double.IsNaN(x.Sum().Item()) && double.IsNaN(x.Max().Item()));
        Assert.Equal(0, x.ArgMax().Item());
        Assert.True(double.IsNaN(Tensor.Maximum(x, 0)[0].Item()));
        Assert.True(double.IsNaN(x.Relu()[0].Item()));
        Assert.All(x.Softmax().ToArray<double>(), v => Assert.True(double.IsNaN(v)));
    }

    [Fact]
    public void ManyThreadsEvaluateOneGraph()
    {
        for (int round = 0; round < 20; round++)
        {
            Tensor x = Tensor.Arange(3000, DType.Float64) * 1e-3;
            Tensor a = x.Sin() * x, b = a.Cos() + x, c = a.Sum() + b.Sum();
            Tensor[] roots = [c, a, b, a + b, c * 2, b.Max(), c, a.Min()];
            var values = new double[8][];
            Parallel.For(0, 8, i => values[i] = roots[i].ToArray<double>());
            Assert.Equal(values[0], values[6]);
            Assert.Equal(2 * values[0][0], values[4][0]);
            Assert.Equal(values[3][7], values[1][7] + values[2][7]);
        }
    }

    [Fact]
    public void ManyThreadsTransformAtOnce()
    {
        Tensor w = Key.From(1).Normal([6, 6], DType.Float64); // pending, and shared by all
        Tensor shared = w.Tanh().MatMul(w);
        Tensor Loss(Tensor p, Tensor x) => (x.MatMul(p) + shared[0]).Tanh().Square().Sum();
        Tensor Task(int i)
        {
            Tensor x = Key.From(i).Normal([4, 6], DType.Float64);
            var maml = Grad.Of((Tensor m) => Vmap.Of((Tensor e) =>
                Loss(m - 0.1 * Grad.Of((Tensor p) => Loss(p, e))(m), e))(
                    Tensor.Stack([x, 2 * x])).Sum());
            return maml(w);
        }
        Tensor[] results = new Tensor[16];
        Parallel.For(
            0, 16, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => results[i] = Task(i));
        for (int i = 0; i < 16; i++) Assert.Equal(Task(i).ToRaw(), results[i].ToRaw());
    }

    [Fact]
    public void AnEvaluationThatFailsLeavesItsInputsUsable()
    {
        Tensor x = Real(1, 2, 3), twice = x * 2;
        Tensor bad = twice.Take(Tensor.From([7L])) + twice[..1];
        Assert.Throws<EngineException>(() => bad.Eval());
        Assert.Throws<EngineException>(() => bad.Eval());
        Assert.Equal([2.0, 4, 6], twice.ToArray<double>());
    }
}
