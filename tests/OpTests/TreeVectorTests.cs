// Trees as vectors: copies, zeros, dot products, one flat vector and back, under every transform.
namespace Engine.OpTests;

public class TreeVectorTests
{
    private static readonly Layer Model = new(Tensor.From([1.0, -2]), Tensor.Scalar(3.0));

    private static readonly Mixed Integers = new(
        Tensor.From([0.5, 2]), Tensor.From([1, 2]), Tensor.From([true, false]));

    private static Tensor Loss(Layer m) => (m.Weight.Sin() * m.Bias!).Sum() * m.Bias!.Exp();

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    private static void Equal(ITree expected, ITree actual, double tolerance = 1e-13) =>
        Assert.True(
            Tree.AllClose(expected, actual, tolerance, tolerance), $"{actual}\nis not\n{expected}");

    [Fact]
    public void ACopyOutlivesTheStepThatTakesItsTwin()
    {
        var step = Compile.Step((Layer m, Tensor rate) =>
            (m.Map((Tensor w) => w - rate), m.Weight.Sum()));
        var start = new Layer(Tensor.From([1.0, -2]), Tensor.Scalar(3.0));
        Layer mapped = start.Map((Tensor w) => 1 * w); // the very same leaves
        Layer copy = start.Copy();
        Tensor rate = Tensor.Scalar(0.5);
        Layer state = start;
        for (int i = 0; i < 4; i++)
        {
            (state, _) = step(state, rate);
            Tensor.From(new double[2]).Eval(); // would reuse a block given back too early
        }
        Equal(Model, copy);
        Equal(Model.Map((Tensor w) => w - 2), state);
        Assert.Equal("Compile.Step: the old state's float64 (2) was asked for after the step "
            + "reused its memory. Use the state that the step returned, or give the step a copy: "
            + "state.Copy().", Error(() => mapped.Weight.ToArray<double>()));

        // The copy is as good a state, and its own copy stays.
        Layer again = copy.Copy();
        step(copy, rate);
        Equal(Model, again);
        Assert.Throws<EngineException>(() => copy.Bias!.Item());
    }

    [Fact]
    public void ACopyKeepsWhatTakesNoMemoryAndIsTheTensorItselfUnderATransform()
    {
        var device = new Device(new Kernels.CpuBackend(1));
        Layer moved = Model.To(device);
        Assert.Same(device, moved.Copy().Weight.Device);
        Equal(Model, moved.Copy());
        Mixed kept = Integers.Copy();
        Assert.Equal([1, 2], kept.Steps.ToArray<int>());
        Assert.Equal([true, false], kept.Mask.ToArray<bool>());

        // A constant goes to whatever device the others are on, and so does its copy.
        Tensor zeros = Tensor.Zeros(2, DType.Float64);
        var step = Compile.Step((Layer m, Tensor x) => (m.Map((Tensor w) => w + x), x));
        var (next, _) = step(
            moved with { Weight = zeros.Copy() }, Tensor.Scalar(1.0).To(device));
        Assert.Equal([1.0, 1], next.Weight.ToArray<double>());
        Assert.Equal([0.0, 0], zeros.ToArray<double>());

        Assert.True(Tensor.SymbolicZero(zeros).Copy().IsSymbolicZero);
        Equal(Model.Weight.Cos(), Grad.Of((Tensor w) => w.Copy().Sin().Sum())(Model.Weight));
        Equal(Model.Weight.Sin(), Vmap.Of((Tensor w) => w.Sin().Copy())(Model.Weight));
        Equal(Model.Weight.Sin(), Compile.Of((Tensor w) => w.Copy().Sin().Copy())(Model.Weight));
    }

    [Fact]
    public void ZerosAreConstantsLikeTheLeaves()
    {
        Mixed zeros = Tree.Zeros(Integers);
        Assert.Equal([0.0, 0], zeros.Scale.ToArray<double>());
        Assert.Equal([0, 0], zeros.Steps.ToArray<int>());
        Assert.Equal([false, false], zeros.Mask.ToArray<bool>());
        Assert.False(zeros.Scale.IsSymbolicZero);
        Layer nan = new(Tensor.From([double.NaN]), null);
        Assert.Equal([0.0], Tree.Zeros(nan).Weight.ToArray<double>());
        Assert.Equal(7, (Tree.Zeros(Tensor.Scalar(double.NaN)) + 7).Item());
    }

    [Fact]
    public void ASymbolicZeroOfOnesOwnIsSkippedLikeThatOfAFrozenLeaf()
    {
        Layer g = Model.Map((path, w) => path == "Bias" ? Tensor.SymbolicZero(w) : 2 * w);
        Assert.True(g.Bias!.IsSymbolicZero);
        Assert.Equal((Shape.Of(), DType.Float64), (g.Bias.Shape, g.Bias.DType));
        Assert.Equal(0, g.Bias.Item());
        Assert.Equal(1.0 * 2 + 2 * 4, Tree.Dot(Model, g).Item());
        Assert.Equal(1.0 * 2 + 2 * 4, Tree.Dot(g, Model).Item());
        // A cotangent of zeros costs nothing on the way back.
        var (_, pull) = Vjp.Of((Layer m) => m.Map((Tensor w) => w.Square()))(Model);
        Equal(new Layer(Tensor.From([4.0, 16]), Tensor.Scalar(0.0)), pull(g));
    }

    [Fact]
    public void DotSumsOverFloatLeaves()
    {
        Assert.Equal(0.5 * 0.5 + 4, Tree.Dot(Integers, Integers).Item());
        Layer twice = Model.Map((Tensor w) => 2 * w);
        Assert.Equal(2 * (1 + 4 + 9), Tree.Dot(Model, twice).Item());
        Assert.Equal(14, Tree.Dot(Model, Model).Item());
        Assert.Equal(14, Tree.Dot(Model.Ravel(), Model.Ravel()).Item());
        Equal(twice, Grad.Of((Layer m) => Tree.Dot(m, m))(Model));
        Equal(twice, Grad.Of((Layer m) => Tree.Dot(m, twice))(Model));
        Assert.InRange(
            GradCheck.Run((Layer m) => Tree.Dot(m, m).Square(), Model, 2).Error, 0, 1e-8);

        // The sum has the widest type, with nothing to sum it is a zero of it.
        var both = new Layer(Tensor.From([1f, 2]), Tensor.Scalar(3.0));
        Assert.Equal((DType.Float64, 14.0), Squares(both));
        Assert.Equal((DType.Float64, 0.0), Squares(Model.Map(Tensor.SymbolicZero)));
        Assert.Equal((DType.Float32, 0.0), Squares(Tensor.From([1, 2])));

        Assert.Equal("Dot: trees of 2 and 1 leaves do not match: [Weight, Bias] and [Weight]. Both "
            + "must have the same structure.",
            Error(() => Tree.Dot(Model, Model with { Bias = null })));
        Assert.Equal("Dot: the leaves 'Weight' are float64 (2) and float64 (1). Give trees whose "
            + "leaves have the same shapes and dtypes.",
            Error(() => Tree.Dot(Model, Model with { Weight = Tensor.From([1.0]) })));
        Assert.Equal("Dot: the leaves 'Weight' are float64 (2) and float32 (2). Give trees whose "
            + "leaves have the same shapes and dtypes.",
            Error(() => Tree.Dot(Model, Model with { Weight = Tensor.From([1f, 2]) })));

        static (DType, double) Squares<T>(T tree) where T : ITree
        {
            Tensor dot = Tree.Dot(tree, tree);
            return (dot.DType, dot.Item());
        }
    }

    [Fact]
    public void AVectorOfAllFloatLeavesAndBack()
    {
        Assert.Equal([1.0, -2, 3], Model.Ravel().ToArray<double>());
        Assert.Equal([0.5, 2], Integers.Ravel().ToArray<double>());
        Layer back = Model.Unravel(Tensor.From([7.0, 8, 9]));
        Equal(new Layer(Tensor.From([7.0, 8]), Tensor.Scalar(9.0)), back);
        Equal(Model, Model.Unravel(Model.Ravel()));
        Mixed mixed = Integers.Unravel(Tensor.From([3.0, 4]));
        Assert.Equal([3.0, 4], mixed.Scale.ToArray<double>());
        Assert.Same(Integers.Steps, mixed.Steps);
        var matrix = new Layer(Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }).Transpose(), null);
        Assert.Equal([1.0, 3, 2, 4], matrix.Ravel().ToArray<double>());
        Equal(matrix, matrix.Unravel(matrix.Ravel()));
        var empty = new Layer(Tensor.Zeros([0, 3], DType.Float64), Tensor.Scalar(1.0));
        Equal(empty, empty.Unravel(empty.Ravel()));
        Layer frozen = Model with { Bias = Tensor.SymbolicZero(Model.Bias!) };
        Assert.Equal([1.0, -2, 0], frozen.Ravel().ToArray<double>());
    }

    [Fact]
    public void AVectorIsDifferentiatedBatchedAndCompiled()
    {
        Tensor vector = Model.Ravel();
        Tensor OfVector(Tensor v) => Loss(Model.Unravel(v));
        Layer g = Grad.Of((Layer m) => Loss(m))(Model);
        Equal(g.Ravel(), Grad.Of((Tensor v) => OfVector(v))(vector));
        Equal(g, Grad.Of((Layer m) => OfVector(m.Ravel()))(Model));
        Assert.InRange(GradCheck.Run((Tensor v) => OfVector(v), vector, 2).Error, 0, 1e-8);
        Assert.InRange(
            GradCheck.Run((Layer m) => m.Ravel().CumSum().Sin().Sum(), Model, 2).Error, 0, 1e-8);
        // One matrix of all second derivatives, and its product with a vector.
        Tensor hessian = Hessian.Of((Tensor v) => OfVector(v))(vector);
        Layer direction = Model.Map((Tensor w) => w + 1);
        Equal(hessian.MatMul(direction.Ravel()),
            Hessian.Product((Layer m) => Loss(m))(Model, direction).Ravel());

        Tensor batch = Tensor.Stack([vector, 2 * vector, -vector]);
        Equal(Tensor.Stack([.. Enumerable.Range(0, 3).Select(i => OfVector(batch[i]))]),
            Vmap.Of((Tensor v) => OfVector(v))(batch));
        Equal(batch, Vmap.Of((Tensor v) => Model.Unravel(v).Ravel(), chunk: 2)(batch));
        Equal(g.Ravel(), Compile.Of(Grad.Of((Tensor v) => OfVector(v)))(vector));
        Equal(g.Ravel(), Compile.Of(
            (Layer m) => Grad.Of((Tensor v) => Loss(m.Unravel(v)))(m.Ravel()))(Model));
        Equal(g.Ravel(), Grad.Of(Remat.Of((Tensor v) => OfVector(v)))(vector));
    }

    [Fact]
    public void VectorsThatDoNotFitAreExplained()
    {
        var both = new Layer(Tensor.From([1f, 2]), Tensor.Scalar(3.0));
        Assert.Equal("Ravel: the leaves 'Weight' float32 and 'Bias' float64 do not go into one "
            + "vector. Cast the tree to one dtype.", Error(() => both.Ravel()));
        Assert.StartsWith("Unravel: the leaves 'Weight' float32 and 'Bias' float64",
            Error(() => both.Unravel(Tensor.From([1.0, 2, 3]))));
        const string text = "Unravel: the float leaves [Weight, Bias] take a vector float64 (3), "
            + "but got ";
        Assert.Equal(text + "float64 (2). Give one like Ravel of such a tree.",
            Error(() => Model.Unravel(Tensor.From([1.0, 2]))));
        Assert.StartsWith(text + "float64 (3, 1).",
            Error(() => Model.Unravel(Tensor.From([1.0, 2, 3]).ExpandDims(1))));
        Assert.StartsWith(text + "float32 (3).",
            Error(() => Model.Unravel(Tensor.From([1f, 2, 3]))));
        Assert.Equal("Ravel: the tree has no float leaves. Give one with parameters.",
            Error(() => Tensor.From([1, 2]).Ravel()));
    }

    [Fact]
    public void ZipGivesThePathToo()
    {
        Layer g = Model.Map((Tensor w) => w.Square());
        Layer decayed = Model.Zip(g, (path, w, d) => path == "Bias" ? w - d : w - d - w);
        Equal(new Layer(Tensor.From([-1.0, -4]), Tensor.Scalar(-6.0)), decayed);
        Layer three = Model.Zip(g, g, (path, a, b, c) => path == "Weight" ? a + b + c : a);
        Equal(new Layer(Tensor.From([3.0, 6]), Tensor.Scalar(3.0)), three);
        Assert.StartsWith("Zip: trees of 2 and 1 leaves do not match",
            Error(() => Model.Zip(Model with { Bias = null }, (path, a, b) => a)));
    }
}
