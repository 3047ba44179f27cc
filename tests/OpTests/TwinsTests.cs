// Products that a function computes again on the same operands: their cotangents are added before
// they are pulled back, so that repeating them costs neither time nor exactness.
namespace Engine.OpTests;

public class TwinsTests
{
    private const int Steps = 4, Tasks = 3;

    private static readonly Key[] Keys = Key.From(41).Split(6);
    private static readonly Tensor W = Keys[0].Normal([6, 8], DType.Float64).Eval();
    private static readonly Tensor Head = Keys[1].Normal([8, 2], DType.Float64).Eval();
    private static readonly Tensor X = Keys[2].Normal([Tasks, 5, 6], DType.Float64).Eval();
    private static readonly Tensor Y = Keys[3].Normal([Tasks, 5, 2], DType.Float64).Eval();

    /// <summary>A body and a head, of which an inner loop adapts the head alone.</summary>
    private static readonly Layer Model = new(W, Head);

    private static Tensor Features(Tensor w, Tensor x) =>
        x.MatMul(w).Tanh().MatMul(w.Transpose()).Sigmoid().MatMul(w).Tanh();

    private static Tensor Loss(Tensor features, Tensor head, Tensor y) =>
        (features.MatMul(head) - y).Square().Mean();

    /// <summary>
    /// The loss after some steps on the head; the features are computed at each step, or once.
    /// </summary>
    private static Tensor Adapted(Layer model, Tensor x, Tensor y, bool once)
    {
        if (once)
        {
            Tensor features = Features(model.Weight, x), head = model.Bias!;
            var g = Grad.Of((Tensor h) => Loss(features, h, y));
            for (int i = 0; i < Steps; i++) head -= 0.3 * g(head);
            return Loss(Features(model.Weight, x.Sin()), head, y);
        }
        var inner = Grad.Of(
            (Layer m) => Loss(Features(m.Weight, x), m.Bias!, y), path => path == "Bias");
        for (int i = 0; i < Steps; i++)
            model = model.Zip(inner(model), (w, g) => g.IsSymbolicZero ? w : w - 0.3 * g);
        return Loss(Features(model.Weight, x.Sin()), model.Bias!, y);
    }

    /// <summary>Ways to the mean over all tasks.</summary>
    public static TheoryData<string> Ways => ["plain", "batched", "chunked", "uneven"];

    private static Tensor Mean(string way, Layer model, bool once)
    {
        Func<Tensor, Tensor, Tensor> task = (x, y) => Adapted(model, x, y, once);
        return way == "plain"
            ? (task(X[0], Y[0]) + task(X[1], Y[1]) + task(X[2], Y[2])) / Tasks
            : Vmap.Of(task, chunk: way switch { "chunked" => 1, "uneven" => 2, _ => 3 })(X, Y)
                .Mean();
    }

    private static void Equal(ITree expected, ITree actual, double tolerance = 1e-12) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance, tolerance), $"{actual}\nis not\n{expected}");

    [Theory]
    [MemberData(nameof(Ways))]
    public void FeaturesThatEachStepComputesCostWhatThoseComputedOnceDo(string way)
    {
        double Operations(bool once)
        {
            var gradient = Compile.Of(Grad.WithValue((Layer m) => Mean(way, m, once)));
            Equal(Grad.Of((Layer m) => Mean("plain", m, true))(Model), gradient(Model).Gradient);
            return Compile.Explain(gradient).Operations;
        }
        Assert.Equal(Operations(true), Operations(false));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void DerivativesOfHigherOrderAreTheSame(string way)
    {
        Layer v = Model.Map((Tensor w) => w.Cos());
        Layer Product(bool once) => Hessian.Product((Layer m) => Mean(way, m, once))(Model, v);
        Equal(Product(true), Product(false));
        Layer Twice(bool once) => Grad.Of((Layer m) =>
            Grad.Of((Layer n) => Mean(way, n, once))(m).Weight.Square().Sum())(Model);
        Equal(Twice(true), Twice(false), 1e-11);
        Tensor Tangent(bool once) => Jvp.Of((Layer m) => Mean(way, m, once))(Model, v).Tangent;
        Equal(Tangent(true), Tangent(false));
    }

    [Fact]
    public void WhatHasAnotherDerivativeIsNotTheSame()
    {
        Tensor x = X[0], dy = Keys[4].Normal([5, 8], DType.Float64).Eval();
        // The gradient of (x W * dy) by x is dy W'.
        Tensor g = dy.MatMul(W.Transpose());
        Tensor Once(Tensor a, Tensor w) => (a.MatMul(w) * dy).Sum();
        // One tensor as two arguments.
        var (first, second) = Grad.Of(((Tensor A, Tensor B) p) =>
            Once(p.A, W) + 2 * Once(p.B, W))((x, x));
        Equal(g, first);
        Equal(2 * g, second);
        // With its gradient stopped, by either operand.
        Equal(3 * g, Grad.Of((Tensor a) =>
            Once(a, W) + 4 * Once(a.StopGradient(), W) + 2 * Once(a, W))(x));
        Equal(g, Grad.Of((Tensor a) => Once(a, W) + Once(a.StopGradient(), W.StopGradient()))(x));
        // With a rule of its own.
        var reversed = CustomRule.Of((Tensor a) => a, vjp: (a, y, t) => -t);
        Equal(-g, Grad.Of((Tensor a) => Once(a, W) + 2 * Once(reversed(a), W))(x));
        // By an inner function's argument alone.
        Equal(2 * g, Grad.Of((Tensor a) =>
            (Grad.Of((Tensor b) => Once(a, W) + 2 * Once(b, W))(a) * a).Sum())(x));
    }

    [Fact]
    public void EqualConvolutionsAreOneToo()
    {
        Tensor images = Keys[5].Normal([2, 3, 6, 6], DType.Float64).Eval();
        Tensor filters = Keys[4].Normal([4, 3, 3, 3], DType.Float64).Eval();
        Tensor Block(Tensor w) => images.Conv2d(w).Tanh();
        Tensor Many(Tensor w) => Block(w).Sum() + (Block(w) * Block(w).Exp()).Sum();
        Tensor One(Tensor w)
        {
            Tensor y = Block(w);
            return y.Sum() + (y * y.Exp()).Sum();
        }
        var many = Compile.Of(Grad.Of((Tensor w) => Many(w)));
        var one = Compile.Of(Grad.Of((Tensor w) => One(w)));
        Equal(one(filters), many(filters));
        Assert.Equal(Compile.Explain(one).Operations, Compile.Explain(many).Operations);
    }
}
