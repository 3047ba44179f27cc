// Max-pooling in plans: what follows it alone runs on its values while they are in cache, with the
// bits of plain evaluation, forwards and in derivatives.
namespace Engine.OpTests;

public class PlanPoolingTests
{
    private static readonly Tensor X = Key.From(1).Normal([3, 4, 9, 10]).Eval();
    private static readonly Tensor Scale = Key.From(2).Normal([1, 4, 1, 1]).Eval();

    [Fact]
    public void ARectifierBehindItIsNoStep()
    {
        Func<Tensor, Tensor> f = x => (x * Scale).MaxPool2d(2).Relu();
        var compiled = Compile.Of(f);
        Assert.Equal(f(X).ToArray<float>(), compiled(X).ToArray<float>());
        // Without a derivative too the positions are found, but nothing else is computed.
        Assert.EndsWith(
            " then ReluOp", Assert.Single(Compile.Explain(compiled).Traces[0].Steps));

        // A convolution reads the rectified values, and so does the derivative of the rectifier.
        Tensor filters = Key.From(3).Normal([2, 4, 3, 3]).Eval();
        var plain = Grad.WithValue((Tensor x) => f(x).Conv2d(filters).Square().Sum());
        var gradient = Compile.Of(plain);
        Assert.Equal(
            plain(X).Gradient.ToArray<float>(), gradient(X).Gradient.ToArray<float>());
        Assert.Single(
            Compile.Explain(gradient).Traces[0].Steps,
            s => s.EndsWith(" then ReluOp", StringComparison.Ordinal));
    }

    [Fact]
    public void WhatReadsMoreOrIsReadByMoreStaysAStep()
    {
        foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])
            [
                // Another reader of the values; another tensor read; the values a result.
                x => (x * Scale).MaxPool2d(2) is var y ? y.Relu() + y.Flip(0).Cos() : x,
                x => (x * Scale).MaxPool2d(2) * X[.., .., ..4, ..5],
                x => Grad.Of((Tensor x) => (x * Scale).MaxPool2d(2).Relu().Sum())(x) * 2,
            ])
        {
            var compiled = Compile.Of(f);
            Assert.Equal(f(X).ToArray<float>(), compiled(X).ToArray<float>());
        }
        var both = Compile.Of((Tensor x) => (x * Scale).MaxPool2d(2) is var y
            ? (y, y.Relu()) : (x, x));
        var (values, rectified) = both(X);
        Assert.Equal((X * Scale).MaxPool2d(2).ToArray<float>(), values.ToArray<float>());
        Assert.Equal(values.Relu().ToArray<float>(), rectified.ToArray<float>());
        Assert.Equal(2, Compile.Explain(both).Traces[0].Steps.Length);
    }
}
