// Trees: mapping and comparing them, their paths, and how transforms take them apart.
using System.Collections.Immutable;

namespace Engine.OpTests;

internal sealed partial record Layer(Tensor Weight, Tensor? Bias, int Stride = 1) : ITree;

internal sealed partial record Net(
    Layer First, Layer? Second, ImmutableArray<Layer> Rest, string Label = "net") : ITree;

internal sealed partial record Mixed(Tensor Scale, Tensor Steps, Tensor Mask) : ITree;

/// <summary>A tree that holds itself, as only a mutable one can.</summary>
internal sealed record Knot : ITree
{
    public ITree Rebuild(TreeMap map) => map.Child("Self", this);
}

internal sealed partial record Rung(Tensor Value, Rung? Next) : ITree;

public class TreeTests
{
    private static Layer MakeLayer(double first, bool bias = true) => new(
        Tensor.From([first, first + 1]), bias ? Tensor.Scalar(10 * first) : null);

    private static Net MakeNet(bool second = true) => new(
        MakeLayer(1), second ? MakeLayer(2, bias: false) : null, [MakeLayer(3), MakeLayer(4)]);

    private static Tensor Sum(ITree tree)
    {
        Tensor sum = Tensor.Scalar(0.0);
        foreach (Tensor leaf in tree.Leaves()) sum += (leaf * leaf).Sum();
        return sum;
    }

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void PathsAndLeavesStandInOrder()
    {
        Net net = MakeNet();
        Assert.Equal(
            ["First.Weight", "First.Bias", "Second.Weight", "Rest.0.Weight", "Rest.0.Bias",
                "Rest.1.Weight", "Rest.1.Bias"],
            net.Paths());
        Assert.Equal(7, net.Leaves().Count);
        Assert.Same(net.First.Weight, net.Leaves()[0]);
        Assert.Equal(11, net.ParameterCount());
        Assert.Equal(6, MakeNet(second: false).Leaves().Count);
        Tensor leaf = Tensor.Scalar(1f);
        Assert.Equal([""], leaf.Paths());
        Assert.Same(leaf, leaf.Leaves()[0]);
    }

    [Fact]
    public void MapAndZipKeepTypeStaticsAndMissingLeaves()
    {
        Net net = MakeNet() with { Label = "kept" };
        Net twice = net.Map((Tensor x) => 2 * x);
        Assert.Equal([6.0, 8], twice.Rest[0].Weight.ToArray<double>());
        Assert.Null(twice.Second!.Bias);
        Assert.Equal("kept", twice.Label);
        Net sum = net.Zip(twice, (a, b) => a + b);
        Assert.True(Tree.AllClose(net.Map((Tensor x) => 3 * x), sum));
        Net three = net.Zip(twice, sum, (a, b, c) => a + b + c);
        Assert.True(Tree.AllClose(twice, three.Map((Tensor x) => x / 3)));
        Net named = net.Map(
            (path, x) => path.EndsWith("Bias", StringComparison.Ordinal) ? 0 * x : x);
        Assert.Equal(0, named.First.Bias!.Item());
        Assert.Equal([1.0, 2], named.First.Weight.ToArray<double>());
    }

    [Fact]
    public void MapComputesAllLeavesBeforeItReturns()
    {
        Net net = MakeNet().Map((Tensor x) => x.Exp());
        Assert.All(net.Leaves(), leaf => Assert.DoesNotContain("not computed", leaf.ToString()));
    }

    [Fact]
    public void ARebuildThatChangesNothingIsTheSameObjectAndAllocatesNothing()
    {
        Net net = MakeNet();
        var identity = new Identity();
        Assert.Same(net, identity.Child("", net));
        Assert.Same(net, net.WithLeaves(net.Leaves()));
        Layer layer = MakeLayer(1);
        layer.Rebuild(identity);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) layer.Rebuild(identity);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private sealed class Identity : TreeMap
    {
        public override Tensor Leaf(string name, Tensor value) => value;
    }

    [Fact]
    public void TreesThatDoNotMatchAreExplained()
    {
        Assert.Equal("Zip: trees of 2 and 1 leaves do not match: [Weight, Bias] and [Weight]. Both "
            + "must have the same structure.",
            Error(() => MakeLayer(1).Zip(MakeLayer(1, bias: false), (a, b) => a)));
        Assert.Equal("Zip: trees of 1 and 2 leaves do not match: [Weight] and [Weight, Bias]. Both "
            + "must have the same structure.",
            Error(() => MakeLayer(1, bias: false).Zip(MakeLayer(1), (a, b) => a)));
        Layer one = MakeLayer(1, bias: false), two = MakeLayer(2);
        Assert.Equal("Zip: trees of 1 and 2 leaves do not match: [Weight] and [Weight, Bias]. Both "
            + "must have the same structure.", Error(() => one.Zip(one, two, (a, b, c) => a)));
        Assert.Equal("WithLeaves: the tree has 2 leaves, but got 1. Give one for each, in the "
            + "order of Leaves.", Error(() => MakeLayer(1).WithLeaves([Tensor.Scalar(1f)])));
    }

    [Fact]
    public void ATreeThatHoldsItselfIsExplained()
    {
        const string text = "Tree: 'Self' of Knot is more than 200 trees deep. A tree must not "
            + "contain itself.";
        Assert.Equal(text, Error(() => new Knot().Leaves()));
        Assert.Equal(text, Error(() => new Knot().Paths()));
        Assert.Equal(text, Error(() => new Knot().Map((Tensor x) => x)));
        Assert.Equal(text, Error(() => Grad.Of((Knot k) => Tensor.Scalar(1.0))(new Knot())));
        Assert.Equal(text, Error(() => Vmap.Of((Knot k) => Tensor.Scalar(1.0))(new Knot())));
        Assert.Equal(text, Error(() => Remat.Of((Knot k) => Tensor.Scalar(1.0))(new Knot())));
        Assert.Equal(text, Error(() => Compile.Of((Knot k) => Tensor.Scalar(1.0))(new Knot())));
        Assert.Equal(text, Error(() => Jacobian.Of((Knot k) => Tensor.Scalar(1.0))(new Knot())));
        Assert.Equal(text, Error(() => Grad.Of(((Tensor, Knot K) p) => p.Item1)(
            (Tensor.Scalar(1.0), new Knot()))));
    }

    /// <summary>
    /// A record that stands in two places is two parts: each has its path and its gradient.
    /// </summary>
    [Fact]
    public void ASharedSubtreeCountsOnceForEveryPlace()
    {
        Layer shared = MakeLayer(1);
        var net = new Net(shared, shared, [shared]);
        Assert.Equal(["First.Weight", "First.Bias", "Second.Weight", "Second.Bias", "Rest.0.Weight",
            "Rest.0.Bias"], net.Paths());
        Assert.Equal(9, net.ParameterCount());
        Net g = Grad.Of((Net n) => n.First.Weight.Sum() + 2 * n.Second!.Weight.Sum())(net);
        Assert.Equal([1.0, 1], g.First.Weight.ToArray<double>());
        Assert.Equal([2.0, 2], g.Second!.Weight.ToArray<double>());
        Assert.Equal([0.0, 0], g.Rest[0].Weight.ToArray<double>());
        Net doubled = Remat.Of((Net n) => n.Map((Tensor x) => 2 * x))(net);
        Assert.True(Tree.AllClose(net.Map((Tensor x) => 2 * x), doubled));
        Layer slope = Jacobian.Of((Net n) => n.First.Weight)(net).Rest[0];
        Assert.Equal(Shape.Of(2, 2), slope.Weight.Shape);
    }

    [Fact]
    public void ALadderOfTreesIsWalkedToItsDepth()
    {
        var ladder = new Rung(Tensor.Scalar(0.0), null);
        for (int i = 1; i < 150; i++) ladder = new Rung(Tensor.Scalar((double)i), ladder);
        Assert.Equal(150, ladder.Leaves().Count);
        Rung g = Grad.Of((Rung r) => Sum(r))(ladder);
        Assert.Equal(2 * 149, g.Value.Item());
        for (int i = 0; i < 100; i++) ladder = new Rung(Tensor.Scalar((double)i), ladder);
        Assert.Equal(
            "Tree: 'Next' of Rung is more than 200 trees deep. A tree must not contain itself.",
            Error(() => Grad.Of((Rung r) => Sum(r))(ladder)));
    }

    [Fact]
    public void AllCloseComparesPathsShapesTypesAndValues()
    {
        Layer a = MakeLayer(1);
        Assert.True(Tree.AllClose(a, MakeLayer(1)));
        Assert.NotEqual(a, MakeLayer(1)); // equality of records is that of references
        Assert.False(Tree.AllClose(a, MakeLayer(1.001)));
        Assert.True(Tree.AllClose(a, MakeLayer(1.001), relative: 0.01));
        Assert.False(Tree.AllClose(a, MakeLayer(1, bias: false)));
        Assert.False(Tree.AllClose(a, a with { Weight = a.Weight.Reshape(1, 2) }));
        Assert.False(Tree.AllClose(a, a with { Weight = a.Weight.Cast(DType.Float32) }));
        Tensor nan = Tensor.Scalar(double.NaN), inf = Tensor.Scalar(double.PositiveInfinity);
        Assert.False(Tree.AllClose(nan, nan));
        Assert.True(Tree.AllClose(inf, inf));
        Assert.False(Tree.AllClose(inf, -inf));
    }

    [Fact]
    public void AGradientHasTheModelsType()
    {
        Net net = MakeNet();
        Net g = Grad.Of((Net n) => Sum(n))(net);
        Assert.True(Tree.AllClose(net.Map((Tensor x) => 2 * x), g));
        Assert.Null(g.Second!.Bias);
        Assert.Equal("net", g.Label);
    }

    [Fact]
    public void WhereChoosesLeavesByPathAndTheOthersAreSymbolicZeros()
    {
        Net net = MakeNet();
        bool Chosen(string path) => path.StartsWith("Rest.1", StringComparison.Ordinal);
        Net g = Grad.Of((Net n) => Sum(n), Chosen)(net);
        foreach (var (path, leaf) in g.Paths().Zip(g.Leaves()))
            Assert.Equal(!Chosen(path), leaf.IsSymbolicZero);
        Assert.Equal([8.0, 10], g.Rest[1].Weight.ToArray<double>());
    }

    [Fact]
    public void ASymbolicZeroStaysOneWhenReadStoppedOrBatched()
    {
        Layer layer = MakeLayer(1);
        Layer g = Grad.Of((Layer n) => Sum(n), path => path == "Weight")(layer);
        Assert.Equal(0, g.Bias!.Item());
        Assert.True(g.Bias.IsSymbolicZero);
        Assert.True(g.StopGradient().Bias!.IsSymbolicZero);
        Assert.False(g.StopGradient().Weight.IsSymbolicZero);
        Layer batched = Vmap.Of((Tensor s) =>
            Grad.Of((Layer n) => s * Sum(n), path => path == "Weight")(layer))(
            Tensor.From([1.0, 2]));
        Assert.True(batched.Bias!.IsSymbolicZero);
        Assert.Equal(Shape.Of(2), batched.Bias.Shape);
        Assert.Equal([2.0, 4, 4, 8], batched.Weight.ToArray<double>());
    }

    [Fact]
    public void IntegerAndBoolLeavesGetSymbolicZeros()
    {
        var tree = new Mixed(Tensor.Scalar(3.0), Tensor.From([1, 2]), Tensor.From([true, false]));
        Mixed g = Grad.Of((Mixed m) =>
            (Tensor.Where(m.Mask, m.Scale, 0) * m.Steps.Cast(DType.Float64)).Sum())(tree);
        Assert.Equal(1, g.Scale.Item());
        Assert.True(g.Steps.IsSymbolicZero && g.Mask.IsSymbolicZero);
        Assert.Equal((DType.Int32, DType.Bool), (g.Steps.DType, g.Mask.DType));
        Assert.Equal([0, 0], g.Steps.ToArray<int>());
        Tensor tangent = Jvp.Of((Mixed m) => m.Scale.Square() * m.Steps.Cast(DType.Float64))(
            tree, g with { Scale = Tensor.Scalar(1.0) }).Tangent;
        Assert.Equal([6.0, 12], tangent.ToArray<double>());
    }

    [Fact]
    public void TreesTuplesAndPlainValuesPassThroughTransforms()
    {
        Net net = MakeNet();
        var (value, pull) = Vjp.Of((Net n) => (n.First, (Sum(n), 7)))(net);
        Assert.Equal(7, value.Item2.Item2);
        Net g = pull((value.First.Map((Tensor x) => 0 * x), (Tensor.Scalar(1.0), 7)));
        Assert.True(Tree.AllClose(net.Map((Tensor x) => 2 * x), g));

        Net batch = net.Map((Tensor x) => Tensor.Stack([x, 2 * x]));
        var (sums, layers) = Vmap.Of((Net n) => (Sum(n), n.Rest[1]))(batch);
        Assert.Equal([Sum(net).Item(), 4 * Sum(net).Item()], sums.ToArray<double>());
        Assert.True(Tree.AllClose(batch.Rest[1], layers));

        Tensor both = Vmap.Of(((Layer Layer, Tensor X) s) => s.Layer.Weight * s.X)(
            (batch.First, Tensor.From([1.0, 10])));
        Assert.Equal([1.0, 2, 20, 40], both.ToArray<double>());

        var ((loss, aux), gradient) = Grad.WithAux((Layer n) => (Sum(n), (n.Weight * 2, "aux")))(
            MakeLayer(1));
        Assert.Equal(105, loss.Item());
        Assert.Equal("aux", aux.Item2);
        Assert.Equal([2.0, 4], gradient.Weight.ToArray<double>());
    }

    [Fact]
    public void ASharedTreeBesideABatchedArgument()
    {
        Layer layer = MakeLayer(1);
        Tensor y = Vmap.Of((Layer n, Tensor x) => n.Weight * x + n.Bias!, ((int?)null, (int?)0))(
            layer, Tensor.From([1.0, 2]));
        Assert.Equal([11.0, 12, 12, 14], y.ToArray<double>());
    }

    [Fact]
    public void StopGradientMakesATreeAConstant()
    {
        Layer g = Grad.Of((Layer n) => Sum(n.StopGradient()) + n.Weight.Sum())(MakeLayer(1));
        Assert.Equal([1.0, 1], g.Weight.ToArray<double>());
        Assert.Equal(0, g.Bias!.Item());
    }

    [Fact]
    public void TreesPrintPathsTypesAndStatics() => Assert.Equal(
        "Layer {\n  Weight: float64(2)\n  Bias: float64()\n  Stride = 1\n}",
        MakeLayer(1).ToString());
}
