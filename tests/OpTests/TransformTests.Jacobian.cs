// Jacobians and Hessians against closed forms, against one another and against loops of products.
namespace Engine.OpTests;

public class JacobianTests
{
    private static readonly Tensor X = Tensor.From([0.3, -0.2, 0.9]);
    private static readonly Tensor A = Tensor.From(new double[,] { { 1, 2, 3 }, { -1, 0.5, 2 } });

    private static Layer Model => new(A, Tensor.From([0.4, -0.7]));

    private static Tensor Net(Layer n) => (n.Weight.MatMul(X) + n.Bias!).Tanh();

    private static Tensor Loss(Layer n) => Net(n).Square().Sum() * n.Bias!.Exp().Sum();

    private static void Equal(ITree expected, ITree actual) =>
        Assert.True(Tree.AllClose(expected, actual, 1e-13, 1e-14), $"{actual}\nis not\n{expected}");

    [Theory]
    [InlineData(JacobianMode.Auto)]
    [InlineData(JacobianMode.Forward)]
    [InlineData(JacobianMode.Reverse)]
    public void OfATensorFunction(JacobianMode mode)
    {
        // d sin(A x) / dx = diag(cos(A x)) A.
        Tensor expected = A.MatMul(X).Cos().ExpandDims(1) * A;
        Equal(expected, Jacobian.Of((Tensor x) => A.MatMul(x).Sin(), mode)(X));
        foreach (int chunk in (int[])[1, 2, 5])
            Equal(expected, Jacobian.Of((Tensor x) => A.MatMul(x).Sin(), mode, chunk)(X));
        Tensor outer = Jacobian.Of((Tensor x) => x.ExpandDims(1) * x.Square(), mode)(X);
        Assert.Equal(Shape.Of(3, 3, 3), outer.Shape);
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                for (int k = 0; k < 3; k++)
                    Assert.Equal(
                        ((i == k ? 1 : 0) * X[j].Item() * X[j].Item())
                        + ((j == k ? 2 : 0) * X[i].Item() * X[j].Item()),
                        outer[i][j][k].Item(), 14);
    }

    [Fact]
    public void ModesAgreeOnTreesAndBlocksHaveTheDocumentedShapes()
    {
        Layer forward = Jacobian.Of((Layer n) => Net(n), JacobianMode.Forward)(Model);
        Equal(forward, Jacobian.Of((Layer n) => Net(n), JacobianMode.Reverse)(Model));
        Assert.Equal(Shape.Of(2, 2, 3), forward.Weight.Shape);
        Assert.Equal(Shape.Of(2, 2), forward.Bias!.Shape);

        foreach (JacobianMode mode in Enum.GetValues<JacobianMode>())
        {
            JacobianBlocks<Layer> blocks = Jacobian.Of(
                (Layer n) => (Net(n), n with { Bias = n.Bias!.Sum() }), mode)(Model);
            Assert.Equal(["Item1", "Item2.Weight", "Item2.Bias"], blocks.Paths.ToArray());
            Equal(forward, blocks["Item1"]);
            Assert.Equal(Shape.Of(2, 3, 2, 3), blocks["Item2.Weight"].Weight.Shape);
            Equal(Tensor.Eye(6, DType.Float64).Reshape(2, 3, 2, 3), blocks["Item2.Weight"].Weight);
            Equal(Tensor.Zeros([2, 3, 2], DType.Float64), blocks["Item2.Weight"].Bias!);
            Equal(Tensor.Ones(2, DType.Float64), blocks["Item2.Bias"].Bias!);
        }
    }

    [Fact]
    public void IntegerLeavesAndResultsWithoutDerivatives()
    {
        var tree = new Mixed(Tensor.Scalar(3.0), Tensor.From([1, 2]), Tensor.From([true, false]));
        foreach (JacobianMode mode in Enum.GetValues<JacobianMode>())
        {
            Mixed j = Jacobian.Of((Mixed m) => m.Scale * m.Steps.Cast(DType.Float64), mode)(tree);
            Assert.Equal([1.0, 2], j.Scale.ToArray<double>());
            Assert.True(j.Steps.IsSymbolicZero && j.Mask.IsSymbolicZero);
            Assert.Equal(Shape.Of(2, 2), j.Steps.Shape);
            Tensor none = Jacobian.Of((Tensor x) => A, mode)(X);
            Equal(Tensor.Zeros([2, 3, 3], DType.Float64), none);
            Assert.Equal(Shape.Of(0, 3), Jacobian.Of((Tensor x) => x[..0], mode)(X).Shape);
        }
        Assert.Equal("Jacobian: the result 'Item2' is int64 (); only floats have derivatives. Cast "
            + "it, or leave it out.", Assert.Throws<EngineException>(
                () => Jacobian.Of((Tensor x) => (x, x.ArgMax()))(X)).Message);
        Assert.Equal("JacobianBlocks: no tensor 'Bias' among the result's [Item1, Item2]. Use "
            + "one of these paths.", Assert.Throws<EngineException>(
                () => Jacobian.Of((Tensor x) => (x, x))(X)["Bias"]).Message);
    }

    [Fact]
    public void HessiansAreSymmetricAndEqualTheirProducts()
    {
        Tensor F(Tensor x) => (x.MatMul(x) * x.Sin()).Sum();
        Tensor h = Hessian.Of((Tensor x) => F(x))(X);
        Equal(h.Transpose(), h);
        Tensor v = Tensor.From([1.0, 2, -1]);
        Equal(h.MatMul(v), Hessian.Product((Tensor x) => F(x))(X, v));

        JacobianBlocks<Layer> blocks = Hessian.Of((Layer n) => Loss(n))(Model);
        Assert.Equal(Shape.Of(2, 3, 2), blocks["Weight"].Bias!.Shape);
        Equal(blocks["Weight"].Bias!.Transpose(2, 0, 1), blocks["Bias"].Weight);
        Layer direction = Model.Map((Tensor x) => x.Cos());
        Layer product = Hessian.Product((Layer n) => Loss(n))(Model, direction);
        Equal(
            blocks["Bias"].Weight.Reshape(2, 6).MatMul(direction.Weight.Reshape(6))
                + blocks["Bias"].Bias!.MatMul(direction.Bias!),
            product.Bias!);
        Layer gradient = Grad.Of((Layer n) => Loss(n))(Model);
        const double step = 1e-5;
        Layer numerical = Grad.Of((Layer n) => Loss(n))(
            Model.Zip(direction, (w, d) => w + step * d)).Zip(gradient, (a, b) => (a - b) / step);
        Assert.True(Tree.AllClose(numerical, product, 1e-3, 1e-3));
    }

    [Fact]
    public void FrozenLeavesOfADirectionMoveNothing()
    {
        Layer v = Grad.Of((Layer n) => Loss(n), where: path => path == "Bias")(Model);
        Layer all = Hessian.Product((Layer n) => Loss(n))(Model, v);
        Equal(Hessian.Product((Layer n) => Loss(n))(Model, v.Map((Tensor x) => x + 0)), all);
    }

    [Fact]
    public void TheyNestInEveryTransform()
    {
        Func<Tensor, Tensor> f = x => (x.Sin() * x.Square()).Sum();
        var hessian = Hessian.Of(f);
        Tensor batch = Tensor.Stack([X, 2 * X]);
        Equal(Tensor.Stack([hessian(X), hessian(2 * X)]), Vmap.Of(hessian)(batch));
        Equal(hessian(X), Compile.Of(hessian)(X));
        Equal(hessian(X), Jacobian.Of(Jacobian.Of(f))(X));
        GradCheckResult third = GradCheck.Run((Tensor x) => hessian(x), X, step: 1e-3);
        Assert.True(third.Error < 1e-8, $"{third}");
        // The trace of the Hessian by products with unit vectors, and its gradient.
        var laplacian = (Tensor x) => Vmap.Of(
            (Tensor e) => Hessian.Product(f)(x, e).MatMul(e))(Tensor.Eye(3, DType.Float64)).Sum();
        double trace = hessian(X).ToDoubles().Where((_, i) => i % 4 == 0).Sum();
        Assert.Equal(trace, laplacian(X).Item(), 12);
        Assert.True(GradCheck.Run((Tensor x) => laplacian(x), X, step: 1e-3).Error < 1e-8);
        JacobianBlocks<Layer> batched = Vmap.Of(Jacobian.Of((Layer n) => (Net(n), n.Bias!)))(
            Model.Map((Tensor x) => Tensor.Stack([x, 2 * x])));
        Equal(Jacobian.Of((Layer n) => Net(n))(Model), batched["Item1"].Map((Tensor x) => x[0]));
    }

    [Fact]
    public void GradientsBySeveralArguments()
    {
        var (gx, (ga, _)) = Grad.Of(((Tensor X, (Tensor A, int Power) More) p) =>
            p.More.A.MatMul(p.X).Square().Sum())((X, (A, 2)));
        Equal(2 * A.Transpose().MatMul(A.MatMul(X)), gx);
        Equal(2 * A.MatMul(X).ExpandDims(1) * X, ga);
        var (y, pull) = Vjp.Of((Tensor a, Tensor x) => a.MatMul(x))(A, X);
        var (ca, cx) = pull(y);
        Equal(A.Transpose().MatMul(y), cx);
        Equal(y.ExpandDims(1) * X, ca);
        Tensor tangent = Jvp.Of((Tensor a, Tensor x) => a.MatMul(x))(
            (A, X), (A.Cos(), X.Sin())).Tangent;
        Equal(A.Cos().MatMul(X) + A.MatMul(X.Sin()), tangent);
        Tensor three = Jvp.Of((Tensor a, Tensor b, Tensor c) => a * b * c)(
            (X, X, X), (X, X, X)).Tangent;
        Equal(3 * X * X * X, three);
        Assert.Equal(3 * X[0].Item(), Vjp.Of((Tensor a, Tensor b, Tensor c) => a * b * c + 0 * X)(
            X[0], Tensor.Scalar(3.0), X).Pullback(Tensor.From([1.0, 0, 0])).Item3[0].Item(), 14);
        Assert.StartsWith("Grad: the argument Int32 holds no float tensor",
            Assert.Throws<EngineException>(() => Grad.Of((int n) => X.Sum() * n)(2)).Message);
        var ((loss, aux), g) = Grad.WithAux((Tensor x, double a, double b) =>
            ((a * b * x).Sum(), "aux"))(X, 2, 3);
        Assert.Equal((6, "aux"), (g[0].Item(), aux));
        Assert.Equal(6, loss.Item(), 13);
    }

    [Fact]
    public void AConstantDerivativeIsOnTheDeviceOfTheArgument()
    {
        var device = new Device(new ReferenceBackend());
        Tensor x = X.To(device);
        foreach (int chunk in (int[])[0, 1])
            foreach (JacobianMode mode in (JacobianMode[])[
                JacobianMode.Forward, JacobianMode.Reverse])
            {
                Tensor jacobian = Jacobian.Of((Tensor t) => 2 * t, mode, chunk)(x);
                Assert.Equal(device, jacobian.Device);
                Equal(Jacobian.Of((Tensor t) => 2 * t, mode)(X), jacobian.To(Device.Cpu));
            }
    }
}
