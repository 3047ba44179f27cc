// That every pass over a compiled function's graph happens, read from the steps it leaves. That the
// passes change no value is for the operation table and the random programs to show.
namespace Engine.OpTests;

public class PlanTests
{
    private static readonly Tensor X = Numbers(0, 48, 64);
    private static readonly Tensor Y = Numbers(1, 48, 64);
    private static readonly Tensor W = Numbers(2, 64, 32);

    /// <summary>A row says what is compiled and the operators that remain of it.</summary>
    public static TheoryData<string, Func<Tensor, Tensor, Tensor>, string> Identities => new()
    {
        { "negated twice", (x, _) => (-(-x)).Sin(), "SinOp" },
        { "times one", (x, _) => (x * 1).Sin(), "SinOp" },
        { "one times", (x, _) => (1 * x).Sin(), "SinOp" },
        { "over one", (x, _) => (x / 1).Sin(), "SinOp" },
        { "minus zero", (x, _) => (x - 0).Sin(), "SinOp" },
        { "plus zero stays: -0 + 0 is 0", (x, _) => (x + 0).Sin(), "AddOp+SinOp" },
        { "minus -0 stays: -0 - -0 is 0", (x, _) => (x - -0.0).Sin(), "SubOp+SinOp" },
        { "the same on both sides", (x, y) => Tensor.Where(y > 0, x, x).Sin(), "SinOp" },
        { "maximum of itself", (x, _) => Tensor.Maximum(x, x).Sin(), "SinOp" },
        { "plus a negation", (x, y) => (x + -y).Sin(), "SubOp+SinOp" },
        { "a negation plus", (x, y) => (-x + y).Sin(), "SubOp+SinOp" },
        { "minus a negation", (x, y) => (x - -y).Sin(), "AddOp+SinOp" },
        { "two negations", (x, y) => (-x * -y).Sin(), "MulOp+SinOp" },
        { "back and forth", (x, _) => x.Transpose().Transpose().Sin(), "SinOp" },
        { "numbers", (x, _) => (x * (Tensor.Scalar(2.0).Exp() + 3).Sqrt()).Sin(), "MulOp+SinOp" },
    };

    [Theory]
    [MemberData(nameof(Identities))]
    public void WhatChangesNoBitIsLeftOut(
        string identity, Func<Tensor, Tensor, Tensor> f, string operators)
    {
        string step = Assert.Single(Steps(f, X, Y));
        Assert.True(operators == step.Split(" -> ")[0], $"{identity}: {step}");
    }

    [Fact]
    public void DeadBranchesAreRemovedBeforeFusion()
    {
        // Were the running sum only not run, its reading the sine would keep that a step.
        Assert.StartsWith("SinOp+ExpOp -> 1 x", Assert.Single(Steps((Tensor x) =>
        {
            Tensor sine = x.Sin(), unread = sine.CumSum(1);
            return Tensor.Where(Tensor.Ones(x.Shape) > 0, sine.Exp(), sine.CumSum(0));
        }, X)));
    }

    [Fact]
    public void EqualWorkIsDoneOnce()
    {
        string[] steps = Steps((Tensor x, Tensor w) =>
            (x.MatMul(w).Sin(), x.MatMul(w).Sum(), x.Cos().MatMul(w), x.Cos().Max()), X, W);
        Assert.Equal(2, steps.Count(text => text.StartsWith("MatMul", StringComparison.Ordinal)));
        Assert.Equal(1, Occurrences(steps, "CosOp"));
        // Equal operations of different attributes are not equal work.
        Assert.Equal(2, Steps((Tensor x) => (x.CumSum(0), x.CumSum(1)), X).Length);
    }

    [Fact]
    public void ChainsOfViewsEmitNoStep()
    {
        string step = Assert.Single(Steps((Tensor x) => x.Transpose().Reshape(4, 16, 48)
            .Transpose(2, 0, 1).ExpandDims(0).BroadcastTo([3, 48, 4, 16]).Flip(3)[1].Sin(), X));
        Assert.StartsWith("SinOp -> 1 x (48, 4, 16)", step);
        // A product reads transposed operands, a sum reads repeated ones, where they lie.
        Assert.StartsWith("MatMul", Assert.Single(Steps(
            (Tensor x, Tensor y) => x.Transpose().Reshape(64, 48).MatMul(y.Reshape(48, 64)),
            X, Y)));
        Assert.StartsWith("Sum", Assert.Single(Steps((Tensor x) =>
            x.Transpose().ExpandDims(0).BroadcastTo([5, 64, 48]).Sum(0), X)));
    }

    [Fact]
    public void ElementwiseRunsAreOneStep()
    {
        Assert.StartsWith("SinOp+MulOp+AddOp+ExpOp+LessOp+SelectTile -> 1 x", Assert.Single(Steps(
            (Tensor x, Tensor y) =>
            {
                Tensor z = x.Sin() * y + 1;
                return Tensor.Where(z.Exp() < y, z, y);
            }, X, Y)));
        // What is read twice, and is a result too, leaves the same step.
        Assert.StartsWith("SinOp+ExpOp -> 2 x", Assert.Single(Steps((Tensor x) =>
        {
            Tensor sine = x.Sin();
            return (sine, sine.Exp());
        }, X)));
    }

    [Fact]
    public void ProductsTakeWhatFollowsAsTheirEpilogue()
    {
        Assert.EndsWith(" then AddOp+ReluOp+MulOp", Assert.Single(Steps(
            (Tensor x, Tensor w) => (x.MatMul(w) + Tensor.Ones(32, DType.Float64)).Relu() * 2,
            X, W)));
        // A step of descent: the weight gradient's product ends in the new weight.
        string[] steps = Steps((Tensor x, Tensor w) => w - 0.1 * Grad.Of((Tensor p) =>
            x.MatMul(p).Square().Sum())(w), X, W);
        Assert.Equal(2, steps.Length);
        Assert.EndsWith("then MulOp+SubOp", steps[1]);
    }

    [Fact]
    public void ConvolutionsTakeWhatFollowsAsTheirEpilogue()
    {
        Tensor images = Numbers(3, 2, 3, 8, 8), filters = Numbers(4, 4, 3, 3, 3);
        string step = Assert.Single(Steps(
            (Tensor x, Tensor w) => (x.Conv2d(w, padding: 1) * 0.5 + 1).Relu(), images, filters));
        Assert.StartsWith("Convolution", step);
        Assert.EndsWith(" then MulOp+AddOp+ReluOp", step);
        // The gradient of the images is a convolution too.
        string[] backward = Steps((Tensor x, Tensor w) => x - 0.1 * Grad.Of((Tensor p) =>
            p.Conv2d(w, padding: 1).Square().Sum())(x), images, filters);
        Assert.StartsWith("InputGradient", backward[^1]);
        Assert.EndsWith(" then MulOp+SubOp", backward[^1]);
    }

    [Fact]
    public void ReductionsTakeWhatPrecedesAndWhatFollows()
    {
        string step = Assert.Single(Steps((Tensor x, Tensor y) =>
            ((x - y).Square().Sum(1) * 0.5 + 1).Sqrt(), X, Y));
        Assert.StartsWith("Sum of SubOp+SquareOp over (48, 64)", step);
        Assert.EndsWith(" then MulOp+AddOp+SqrtOp", step);
        // Of memory alone, and extrema.
        Assert.EndsWith("then SqrtOp", Assert.Single(Steps((Tensor x) => x.Sum(0).Sqrt(), X)));
        step = Assert.Single(Steps((Tensor x) => x.Abs().Max(0).Log(), X));
        Assert.StartsWith("Max of AbsOp", step);
        Assert.EndsWith("then LogOp", step);
    }

    [Fact]
    public void SumsOverTheSameMemoryAreOnePass()
    {
        string[] steps = Steps((Tensor x) => (x.Mean(0), x.Square().Mean(0)), X);
        string sum = Assert.Single(
            steps, text => text.StartsWith("Sum", StringComparison.Ordinal));
        Assert.Contains("SquareOp over (48, 64)", sum);
        Assert.Contains("-> 2 x (1, 64)", sum);
        // Over other axes they are not the same pass, nor when one needs the other.
        Assert.Equal(2, Steps((Tensor x) => (x.Sum(0), x.Square().Sum(1)), X)
            .Count(text => text.StartsWith("Sum", StringComparison.Ordinal)));
        Assert.Equal(2, Steps((Tensor x) => (x - x.Mean(0)).Square().Sum(0), X)
            .Count(text => text.StartsWith("Sum", StringComparison.Ordinal)));
    }

    [Theory, InlineData(7, 5, 224), InlineData(50, 49, 3)]
    public void StepsOfAdaptivePoolingDoNotGrowWithTheWindows(int size, int few, int many)
    {
        Tensor images = Numbers(7, 1, 1, size, size);
        string[] Gradient(int windows) => Steps(
            Grad.Of((Tensor x) => x.AdaptiveAvgPool2d(windows, windows).Square().Sum()), images);
        string[] steps = Gradient(many);
        Assert.InRange(steps.Length, 4, Gradient(few).Length);
        Assert.Equal(4, steps.Count(text => text.StartsWith("Take", StringComparison.Ordinal)));
    }

    [Fact]
    public void ExplainCountsWhatThereIs()
    {
        Tensor captured = Numbers(5, 32);
        var compiled = Compile.Of((Tensor x) => (x.MatMul(W).CumSum(1) + captured).Sin().Sum());
        for (int i = 0; i < 3; i++) compiled(X);
        compiled(Numbers(6, 5, 64));
        Explanation explanation = Compile.Explain(compiled);
        Assert.Equal(2, explanation.Hits);
        Assert.Equal(2, explanation.Traces.Length);
        Explanation.Trace trace = explanation.Traces[0];
        Assert.Equal(2, trace.Hits);
        Assert.Equal(["MatMul", "CumSum", "Sum"], trace.Steps.Select(text => text.Split(' ')[0]));
        Assert.Equal(1, trace.FusedGroups);
        Assert.Equal(
            ["float64 (64, 32), 16384 bytes", "float64 (32), 256 bytes"], trace.Captured.Order()
                .Reverse());
        Assert.Equal(2 * 48 * 64 * 32, trace.Operations);
        Assert.Equal(trace.Operations + 2 * 5 * 64 * 32, explanation.Operations);
        // The product and its running sums are alive at once, then only those.
        Assert.Equal(2 * 48 * 32 * 8, trace.PeakBytes);
        Assert.Equal(64, trace.ResultBytes);
        string text = explanation.ToString();
        Assert.StartsWith("Compile: 2 traces, 2 calls replayed\n", text);
        Assert.Contains("; 3 steps, 1 of them with fused element-wise work; 24576 bytes of "
            + "temporaries, 64 of results; 0 operations folded\n  captured float64 ", text);
        Assert.Equal(1, Occurrences([text], "over (5, 32)"));
    }

    private static string[] Steps<A, R>(Func<A, R> f, A a)
    {
        var compiled = Compile.Of(f);
        compiled(a);
        return [.. Assert.Single(Compile.Explain(compiled).Traces).Steps];
    }

    private static string[] Steps<A, B, R>(Func<A, B, R> f, A a, B b)
    {
        var compiled = Compile.Of(f);
        compiled(a, b);
        return [.. Assert.Single(Compile.Explain(compiled).Traces).Steps];
    }

    private static int Occurrences(string[] steps, string word) =>
        steps.Sum(text => text.Split(word).Length - 1);

    private static Tensor Numbers(int seed, params int[] sizes) =>
        Key.From((uint)seed).Normal(sizes, DType.Float64).Eval();
}
