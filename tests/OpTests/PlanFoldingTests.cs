// Constant folding: what a compiled function computes from captured tensors alone is computed when
// it is traced, whatever it is, with the bits of plain evaluation, and is not held where that would
// cost memory.
namespace Engine.OpTests;

public class PlanFoldingTests
{
    private static readonly Tensor X = Numbers(0, 12, 16);

    /// <summary>Work on captured tensors, whose shape broadcasts to (12, 16).</summary>
    private static Dictionary<string, (int Operations, Func<Tensor[], Tensor> Work)> Works => new()
    {
        ["product"] = (1, c => c[0].MatMul(c[1])),
        ["product with epilogue"] = (3, c => (c[0].MatMul(c[1]) * 2).Tanh()),
        ["convolution"] = (1, c => c[0].Reshape(1, 1, 12, 12).Conv2d(
            c[1][..9, ..1].Reshape(1, 1, 3, 3), padding: 1).Reshape(12, 12)[.., ..1]),
        ["reductions"] = (3, c => c[1].Sum(0) + c[1].Max(0)),
        ["random bits"] = (2, c => Key.From(7).Uniform([12, 16], type: DType.Float64)),
        ["sort"] = (2, c => c[1].Sort(0)),
        ["scan"] = (1, c => c[1].CumSum(0)),
        ["gather"] = (1, c => c[1].Take(Tensor.From([3L, 1, 0, 2, 4, 5, 6, 7, 8, 9, 10, 11]), 0)),
        ["cholesky"] = (3, c => (c[0].MatMul(c[0].Transpose()) + 20 * Eye).Cholesky()[.., ..1]),
        ["numbers"] = (3, c => (Tensor.Full([12, 16], 2, DType.Float64).Exp() + 1) / 3),
    };

    private static Tensor Eye { get; } = Tensor.Eye(12).Cast(DType.Float64).Eval();

    public static TheoryData<string> Names => [.. Works.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void WhateverDependsOnCapturedTensorsAloneIsFolded(string name)
    {
        var (operations, work) = Works[name];
        Tensor[] captured = [Numbers(1, 12, 12), Numbers(2, 12, 16)];
        Func<Tensor, Tensor> f = x => x * work(captured);
        var compiled = Compile.Of(f);
        Tensor plain = f(X);
        Assert.Equal(plain.ToArray<double>(), compiled(X).ToArray<double>());
        Assert.Equal(plain.ToArray<double>(), compiled(X).ToArray<double>());
        Explanation.Trace trace = Assert.Single(Compile.Explain(compiled).Traces);
        Assert.StartsWith("MulOp -> 1 x (12, 16)", Assert.Single(trace.Steps));
        Assert.True(trace.FoldedOperations >= operations, $"{trace.FoldedOperations} folded");
        Assert.Equal(name == "numbers" ? 0 : 1, trace.Folded.Length);
        Assert.Empty(trace.Captured);
    }

    [Fact]
    public void ResultsThatDependOnNothingElseAreFoldedToo()
    {
        Tensor captured = Numbers(1, 12, 12);
        var compiled = Compile.Of((Tensor x) => (x.Sin(), captured.MatMul(captured)));
        for (int i = 0; i < 2; i++)
            Assert.Equal(captured.MatMul(captured).ToArray<double>(),
                compiled(X).Item2.ToArray<double>());
        var steps = Compile.Explain(compiled).Traces[0].Steps;
        Assert.DoesNotContain(steps, s => s.StartsWith("MatMul", StringComparison.Ordinal));
        Assert.Contains("\n  folded MatMul -> float64 (12, 12), 1152 bytes\n",
            Compile.Explain(compiled).ToString());
        // A function of no tensors is folded as a whole.
        var constant = Compile.Of((double scale) => scale * captured.MatMul(captured));
        Assert.Equal((2 * captured.MatMul(captured)).ToArray<double>(),
            constant(2).ToArray<double>());
        Assert.Empty(Compile.Explain(constant).Traces[0].Steps);
    }

    /// <summary>
    /// A captured tensor that only folded results are made of is held nowhere, but frozen all the
    /// same.
    /// </summary>
    [Fact]
    public void ExplainNamesEveryTensorThatKeepsItsValueOfTheTrace()
    {
        Tensor row = Numbers(3, 16), rate = Tensor.Full([], 0.5, DType.Float64);
        var compiled = Compile.Of((Tensor x) => x * row.Exp() * rate + Tensor.From([1.0]));
        compiled(X);
        Explanation.Trace trace = Compile.Explain(compiled).Traces[0];
        Assert.Equal(["float64 ()", "float64 (16)"], trace.Frozen.Order());
        string text = Compile.Explain(compiled).ToString();
        Assert.Contains("\n  2 captured tensors keep the values they had at this trace (", text);
        Assert.Contains("): pass what changes as an argument\n    MulOp", text);

        var none = Compile.Of((Tensor x) => x * x.Sum() + 1);
        none(X);
        Assert.Empty(Compile.Explain(none).Traces[0].Frozen);
        Assert.DoesNotContain("captured", Compile.Explain(none).ToString());
    }

    [Fact]
    public void ViewsOfCapturedTensorsHoldNoMemory()
    {
        Tensor row = Numbers(3, 16);
        var compiled = Compile.Of((Tensor x) =>
            x + row.Exp() + row + Tensor.Ones(16, DType.Float64) / 3);
        compiled(X);
        Explanation.Trace trace = Compile.Explain(compiled).Traces[0];
        // The row and its exponential, neither of them twelve times; the third is a number.
        Assert.Equal("float64 (16), 128 bytes", Assert.Single(trace.Captured));
        Assert.Equal("Exp -> float64 (16), 128 bytes", Assert.Single(trace.Folded));
        Assert.Single(trace.Steps);
    }

    [Fact]
    public void WhatWouldGrowIsComputedAtEveryCall()
    {
        // An outer product of 100 x 100 doubles is more than 64 KiB and more than its factors. What
        // it is made from is held, and so are smaller ones and what sums it.
        Tensor u = Numbers(4, 100), x = Numbers(5, 100, 100);
        Explanation.Trace Of(Func<Tensor, Tensor> f)
        {
            var compiled = Compile.Of(f);
            Assert.Equal(f(x).ToArray<double>(), compiled(x).ToArray<double>());
            return Compile.Explain(compiled).Traces[0];
        }
        Explanation.Trace outer = Of(x => (u.Exp().Outer(u.Cos()) * 2).Sin() + x);
        Assert.Equal(["Cos -> float64 (100), 800 bytes", "Exp -> float64 (100), 800 bytes"],
            outer.Folded.Order());
        Assert.StartsWith("MulOp+MulOp+SinOp+AddOp", Assert.Single(outer.Steps));
        Explanation.Trace small = Of(x => u.Exp()[..80].Outer(u.Cos()) + x[..80]);
        Assert.Equal("Mul -> float64 (80, 100), 64000 bytes", Assert.Single(small.Folded));
        Explanation.Trace sum = Of(x => u.Exp().Outer(u.Cos()).CumSum(0).Sum() + x);
        Assert.Equal("Sum -> float64 (1, 1), 8 bytes", Assert.Single(sum.Folded));
        // No larger than what it is made from: held, though it is more than 64 KiB.
        Tensor large = Numbers(6, 100, 100);
        Explanation.Trace same = Of(x => large.MatMul(large) + x);
        Assert.Equal("MatMul -> float64 (100, 100), 80000 bytes", Assert.Single(same.Folded));
    }

    [Fact]
    public void CapturedTensorsAreComputedOnceHoweverLarge()
    {
        // The user holds it: it is not the function's work, pending or not.
        Tensor weight = Key.From(8).Normal([200, 100], DType.Float64);
        var compiled = Compile.Of((Tensor x) => x.MatMul(weight.Transpose()));
        Tensor x = Numbers(9, 4, 100);
        Assert.Equal(x.MatMul(weight.Transpose()).ToArray<double>(),
            compiled(x).ToArray<double>());
        Explanation.Trace trace = Compile.Explain(compiled).Traces[0];
        Assert.StartsWith("MatMul", Assert.Single(trace.Steps));
        Assert.StartsWith("float64 (200, 100), 160000 bytes", Assert.Single(trace.Captured));
    }

    [Fact]
    public void WhatDependsOnAnArgumentIsNotFolded()
    {
        // Through recomputation, without a derivative, and as a key.
        Tensor captured = Numbers(10, 12, 16);
        var f = (Tensor x, Key key) =>
            Grad.Of(Remat.Of((Tensor t) => (t * captured).Sin().Sum()))(x)
            + x.StopGradient() * captured + key.Normal([12, 16], DType.Float64);
        var compiled = Compile.Of(f);
        for (uint i = 1; i < 4; i++)
            Assert.Equal(f(X * i, Key.From(i)).ToArray<double>(),
                compiled(X * i, Key.From(i)).ToArray<double>());
        Assert.Equal(0, Compile.Explain(compiled).Traces[0].FoldedOperations);
    }

    private static Tensor Numbers(int seed, params int[] sizes) =>
        Key.From((uint)seed).Normal(sizes, DType.Float64).Eval();
}
