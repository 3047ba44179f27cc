// Which calls of a compiled function share a plan, and what is said when they do not.
using System.Collections;
using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Engine.OpTests;

public class SignatureTests
{
    private static readonly Tensor X = Tensor.From([0.5, -0.6, 0.7, 0.8]);

    [Fact]
    public void ArraysOfOtherLengthsHaveOtherPlans()
    {
        var compiled = Compile.Of((Tensor[] a, Tensor[] b) => Total(a) - Total(b));
        Assert.Equal(0.5 * (1 + 2 - 3), compiled([X, 2 * X], [3 * X])[0].Item(), 12);
        Assert.Equal(0.5 * (1 - 2 - 3), compiled([X], [2 * X, 3 * X])[0].Item(), 12);
        Assert.Equal("argument 0 'Length' = 2 became 1",
            Compile.Explain(compiled).Traces[1].Change);

        // A tree's leaves that are written by hand, too.
        var trees = Compile.Of((Leaves a, Leaves b) => Total(a.Items) - Total(b.Items));
        Assert.Equal(0.0, trees(new([X, 2 * X]), new([3 * X]))[0].Item(), 12);
        Assert.Equal(-2.0, trees(new([X]), new([2 * X, 3 * X]))[0].Item(), 12);

        var missing = Compile.Of((Tensor x, Tensor[]? more) => more is null ? -x : x);
        Assert.Equal(-0.5, missing(X, null)[0].Item());
        Assert.Equal(0.5, missing(X, [])[0].Item());

        static Tensor Total(Tensor[] items) => items.Aggregate((a, b) => a + b);
    }

    [Fact]
    public void NumbersAreComparedByTheirBits()
    {
        Assert.Equal(2, Traces(0.0, -0.0, 0.0));
        Assert.Equal(2, Traces(0f, -0f, 0f));
        Assert.Equal(2, Traces((Half)0, -(Half)0, (Half)0));
        Assert.Equal(1, Traces(double.NaN, double.NaN));
        Assert.Equal(1, Traces(float.NaN, float.NaN));
        Assert.Equal(2, Traces<ImmutableArray<double>>([1, 0.0], [1, -0.0], [1, 0.0]));
        Assert.Equal(2, Traces<object>(1, 1L, 1));
        var compiled = Compile.Of((Tensor x, double sign) => x * Math.CopySign(1, sign));
        Assert.Equal(0.5, compiled(X, 0.0)[0].Item());
        Assert.Equal(-0.5, compiled(X, -0.0)[0].Item());
    }

    [Fact]
    public void CollectionsThatMayChangeAreRefused()
    {
        Refuse("List<Double>", new List<double> { 2 });
        Refuse("Dictionary<String, Int32>", new Dictionary<string, int> { ["a"] = 1 });
        Refuse("HashSet<Int32>", new HashSet<int> { 1 });
        Refuse("Builder", ImmutableArray.CreateBuilder<int>());
        Refuse("List<Int32>", ImmutableArray.Create(new List<int>()));
        Refuse("Int32[]", ImmutableDictionary<string, int[]>.Empty.Add("a", [1]));
        Refuse("ValueTuple<Int32, Int32>[]", new[] { (1, 2) });

        static void Refuse<S>(string type, S value)
        {
            string text = Error(() => Compile.Of((Tensor x, S _) => x)(X, value));
            Assert.StartsWith($"Compile: an argument is a {type}", text);
            Assert.EndsWith(", whose content may change unseen. Pass a Tensor or an "
                + "ImmutableArray.", text);
        }
    }

    [Fact]
    public void CollectionsThatDoNotChangeAreStatic()
    {
        Assert.Equal(2, Traces<ImmutableArray<int>>([1, 2], [1, 2], [1, 3], [1, 2]));
        Assert.Equal(1, Traces<ImmutableArray<ImmutableArray<int>>>([[1], [2]], [[1], [2]]));
        var list = ImmutableList.Create(1, 2);
        Assert.Equal(1, Traces(list, list));
        var set = new[] { 1, 2 }.ToFrozenSet();
        Assert.Equal(1, Traces(set, set));
        Assert.Equal(1, Traces("text", new string("text")));
        Assert.Equal(2, Traces(new Ranged(X, new(1, 3)), new Ranged(X, new(1, 3)),
            new Ranged(X, new(1, 4))));
    }

    [Fact]
    public void EachRetraceIsExplained()
    {
        var f = Compile.Of((Batch b, (object? Static, Tensor? More) s) => b.Images.Sum());
        Tensor labels = Tensor.From([1, 2]);
        var first = new Batch(Tensor.Zeros([5, 2]), labels);
        f(first, (1, null));
        f(first with { Images = Tensor.Zeros([7, 2]) }, (1, null));
        f(first with { Images = Tensor.Zeros([7, 2], DType.Float64) }, (1, null));
        f(first with { Labels = null }, (1, null));
        f(first with { Labels = null }, (1, X));
        f(first with { Labels = null }, ((Func<int>)(() => 1), X));
        f(first with { Labels = null }, ((Func<int>)(() => 2), X));
        f(first with { Labels = null }, (ImmutableArray.CreateRange(Enumerable.Range(1, 9)), X));
        Explanation explanation = Compile.Explain(f);
        Assert.Equal([
            "",
            "argument 0 'Images' float32 (5, 2) became (7, 2)",
            "argument 0 'Images' float32 (7, 2) became float64 (7, 2)",
            "argument 0 'Images' float64 (7, 2) became float32 (5, 2)",
            "argument 1 'Item2' = null became float64 (4)",
            "argument 1 'Item1' = 1 became Func<Int32>",
            "argument 1 'Item1' = Func<Int32> became another Func<Int32>",
            "argument 1 'Item1' = Func<Int32> became [1, 2, 3, 4, 5, 6, 7, 8, ...]",
        ], explanation.Traces.Select(trace => trace.Change));
        Assert.Equal("argument 0 'Images' float32 (5, 2); argument 0 'Labels' int32 (2); "
            + "argument 1 'Item1' = 1; argument 1 'Item2' = null", explanation.Traces[0].Signature);
        Assert.Contains("argument 1 'Item2' = null\n  traced again: argument 0 'Images' float32 "
            + "(5, 2) became (7, 2)\n  0 calls replayed, planned in ", explanation.ToString());
        Assert.DoesNotContain("inlined", explanation.ToString());
    }

    [Fact]
    public void PartsThatComeAndGoAreExplained()
    {
        var leaves = Compile.Of((Leaves a) => X);
        leaves(new([X]));
        leaves(new([X, X]));
        leaves(new([]));
        var trees = Compile.Of((ITree? a) => X);
        trees(new Leaves([X]));
        trees(new Batch(X, null));
        trees(X);
        Assert.Equal(["", "argument 0 '1' float64 (4) was added",
            "argument 0 '0' float64 (4) was left out"], Changes(leaves));
        Assert.Equal(["", "argument 0 of type Leaves became Batch",
            "argument 0 of type Batch became float64 (4)"], Changes(trees));

        static IEnumerable<string> Changes(Delegate f) =>
            Compile.Explain(f).Traces.Select(trace => trace.Change);
    }

    [Fact]
    public void ShapesThatKeepChangingAreNamedAtTheLimit()
    {
        var step = Compile.Step((Tensor w, Batch b) => (w + b.Images.Sum(), b.Labels!.Sum()));
        Tensor w = Tensor.Scalar(0f), labels = Tensor.From([1, 2]);
        for (int n = 1; n <= 8; n++) (w, _) = step(w, new(Tensor.Ones([n, 3]), labels));
        Assert.Equal("Compile.Step: traced 8 times and called with yet another signature: "
            + "argument 1 'Images' float32 (8, 3) became (9, 3). Pass what changes as a Tensor, "
            + "and keep shapes fixed.",
            Error(() => step(w, new(Tensor.Ones([9, 3]), labels))));
        (w, _) = step(w, new(Tensor.Ones([1, 3]), labels));
        Assert.Equal(3 * (36 + 1), w.Item());
    }

    [Fact]
    public void CallsThatCaptureATracedTensorAreInlinedAtOnceAndCounted()
    {
        int runs = 0;
        Tensor scale = X;
        var compiled = Compile.Of((Tensor x) =>
        {
            runs++;
            return (x * scale).Sum();
        });
        var derivative = Grad.Of((Tensor s) =>
        {
            scale = s;
            return compiled(X) + 2 * compiled(X);
        });
        Tensor two = Tensor.Scalar(2.0);
        for (int i = 0; i < 3; i++) Assert.Equal(3 * 1.4, derivative(two).Item(), 12);
        Assert.Equal(1 + 6, runs); // one trace came to nothing
        Assert.StartsWith("Compile: 0 traces, 0 calls replayed, 6 calls inlined into the "
            + "transform whose tensor they captured", Compile.Explain(compiled).ToString());

        // What was inlined compiles once the tensor that it captures belongs to no transform.
        scale = Tensor.Scalar(3.0);
        runs = 0;
        for (int i = 0; i < 3; i++) Assert.Equal(3 * 1.4, compiled(X).Item(), 12);
        Assert.Equal(2, runs);
        Assert.Equal(2, Compile.Explain(compiled).Hits);
        Assert.Equal(6, Compile.Explain(compiled).Inlined);
    }

    [Fact]
    public void FunctionsOfFourArgumentsCompile()
    {
        var compiled = Compile.Of(
            (Tensor a, Tensor b, double c, Tensor[] d) => a - 2 * b + c * d[0]);
        for (int i = 1; i <= 2; i++)
            Assert.Equal(
                (i * X - 2 * X + 3.0 * (5 * X)).ToArray<double>(),
                compiled(i * X, X, 3, [5 * X]).ToArray<double>());
        Assert.Equal(1, Compile.Explain(compiled).Hits);
        compiled(X, X, 3, [X[0]]);
        Assert.Equal("argument 3 '0' float64 (4) became ()",
            Compile.Explain(compiled).Traces[1].Change);
    }

    [Fact]
    public void ThreadsShareThePlans()
    {
        var compiled = Compile.Of((Tensor[] a, double c) => a.Aggregate((p, q) => p * c - q));
        Tensor[] x = [.. Enumerable.Range(1, 3).Select(i => (i * X).Eval())];
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            Tensor[] some = x[..(1 + i % 3)];
            double c = i % 2;
            Assert.Equal(
                some.Aggregate((p, q) => p * c - q).ToArray<double>(),
                compiled(some, c).ToArray<double>());
        });
        Assert.Equal(6, Compile.Explain(compiled).Traces.Length);
    }

    [Fact]
    public void ArraysThatHoldNoTensorsInOrderAreExplained()
    {
        Assert.Equal("Transform: 'Item2.1' of a Tensor[] is null. Leave it out, or pass a record "
            + "with a Tensor? that implements ITree.",
            Error(() => Compile.Of((Tensor x, Tensor[] more) => x)(X, [X, null!])));
        Assert.StartsWith("Transform: '0' of a Tensor[] is null.",
            Error(() => Grad.Of((Tensor[] a) => X.Sum())([null!])));
        Assert.StartsWith("Transform: '0' of a Layer[] is null.",
            Error(() => Compile.Of((Layer?[] a) => X)([null, new Layer(X, null)])));
        Assert.StartsWith("Transform: '1.0' of a Tensor[] is null.",
            Error(() => Compile.Of((Tensor[][] a) => X)([[X], [null!]])));
        // A set has no order to map over.
        const string text = "Transform: HashSet`1 holds tensors or trees but is not a tree. Pass "
            + "an array, a List, an ImmutableArray or a tuple of them, or a record that implements "
            + "ITree.";
        Assert.Equal(text, Error(() => Compile.Of((HashSet<Tensor> a) => X)([X])));
        Assert.Equal(text, Error(() => Grad.Of((HashSet<Tensor> a) => X.Sum())([X])));
    }

    private static string Error(Action action) =>
        Assert.Throws<EngineException>(action).Message;

    private static int Traces<S>(params S[] values)
    {
        var compiled = Compile.Of((Tensor x, S _) => x + 1);
        foreach (S value in values) compiled(X, value);
        return Compile.Explain(compiled).Traces.Length;
    }

    /// <summary>A collection that is a value.</summary>
    private sealed record Span(int From, int To) : IEnumerable<int>
    {
        public IEnumerator<int> GetEnumerator() =>
            Enumerable.Range(From, To - From).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed record Ranged(Tensor Weight, Span Span) : ITree
    {
        public ITree Rebuild(TreeMap map)
        {
            map.Static(nameof(Span), Span);
            return this with { Weight = map.Leaf(nameof(Weight), Weight) };
        }
    }
}

internal sealed partial record Batch(Tensor Images, Tensor? Labels) : ITree;
