// Vmap with an axis for every leaf, of arguments and of results.
namespace Engine.OpTests;

public class VmapAxesTests
{
    private static readonly Tensor Table = Tensor.Arange(6, DType.Float64).Reshape(2, 3).Eval();

    private static Layer Batch => new(Table, Tensor.From([10.0, 20, 30]));

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void EveryLeafOfAnArgumentHasItsAxis()
    {
        // Weight (2, 3) is batched along its last axis, Bias along its first: three elements.
        Tensor sums = Vmap.Of((Layer n) => n.Weight.Sum() + n.Bias!,
            Axis.By(path => path == "Weight" ? -1 : 0))(Batch);
        Assert.Equal([13.0, 25, 37], sums.ToArray<double>());
        Tensor shared = Vmap.Of((Layer n) => n.Weight.Sum() + n.Bias!.Sum(),
            Axis.By(path => path == "Bias" ? null : 0))(Batch);
        Assert.Equal([63.0, 72], shared.ToArray<double>());
    }

    [Fact]
    public void PathsOfTuplesAndArraysAreTheirPlaces()
    {
        Tensor y = Vmap.Of(((Tensor A, (Layer N, Tensor[] More) B) x) =>
                x.A + x.B.N.Weight + x.B.More[0] + x.B.More[1],
            Axis.By(path => path switch
            {
                "Item1" => 0,
                "Item2.Item1.Weight" => 1,
                "Item2.Item1.Bias" => null,
                "Item2.Item2.0" => null,
                "Item2.Item2.1" => -1,
                _ => throw new ArgumentException(path),
            }))((Tensor.From([100.0, 200, 300]), (Batch, [Tensor.Scalar(0.5), Table])));
        Assert.Equal([100.5, 106.5, 202.5, 208.5, 304.5, 310.5], y.ToArray<double>());
    }

    [Fact]
    public void EveryLeafOfAResultHasItsAxis()
    {
        Layer squares = Vmap.Of((Tensor x) => new Layer(x.Square(), x.Sum()),
            outAxis: Axis.By(path => path == "Weight" ? -1 : 0))(Table);
        Assert.Equal(
            Table.Square().Transpose().ToArray<double>(), squares.Weight.ToArray<double>());
        Assert.Equal([3.0, 12], squares.Bias!.ToArray<double>());
        Tensor middle = Vmap.Of((Tensor x) => x.ExpandDims(0), outAxis: -2)(Table);
        Assert.Equal(Shape.Of(1, 2, 3), middle.Shape);
    }

    [Fact]
    public void AResultThatNoElementChangesMayBeShared()
    {
        Tensor c = Tensor.From([7.0, 8]);
        var (x, shared) = Vmap.Of((Tensor t) => (t * 2, c.Exp()),
            outAxis: Axis.By(path => path == "Item1" ? 0 : null))(Table);
        Assert.Equal(Shape.Of(2, 3), x.Shape);
        Assert.Equal(c.Exp().ToArray<double>(), shared.ToArray<double>());
        Tensor chunked = Vmap.Of((Tensor t) => c, outAxis: Axis.Shared, chunk: 1)(Table);
        Assert.Equal([7.0, 8], chunked.ToArray<double>());
        Assert.Equal("Vmap: the result 'Item2' float64 () differs between elements and cannot be "
            + "shared. Give it an out-axis.", Error(() => Vmap.Of((Tensor t) => (c, t.Sum()),
                outAxis: Axis.Shared)(Table)));
    }

    [Fact]
    public void WrongAxesAreExplainedWithPathAndShape()
    {
        Assert.Equal("Vmap: axis 0 of argument 0 'Weight' float64 (2, 3) has 2 elements, but axis "
            + "0 of argument 0 'Bias' float64 (3) has 3; batch sizes must agree. "
            + "Check the in-axes.",
            Error(() => Vmap.Of((Layer n) => n.Weight)(Batch)));
        Assert.Equal("Vmap: axis 2 is out of range for argument 1 'Weight' float64 (2, 3). Share "
            + "what has no batch axis: Axis.Shared, or null in Axis.By.",
            Error(() => Vmap.Of((Tensor x, Layer n) => n.Weight, (0, 2))(Table, Batch)));
        Assert.Equal("Vmap: axis 0 is out of range for argument 0 float64 (). Share what has no "
            + "batch axis: Axis.Shared, or null in Axis.By.",
            Error(() => Vmap.Of((Tensor x) => x)(Tensor.Scalar(1.0))));
        Assert.Equal("Vmap: axis 3 is out of range for the result float64 (3). Out-axes count the "
            + "batch axis too.", Error(() => Vmap.Of((Tensor x) => x, outAxis: 3)(Table)));
        Assert.Equal("Vmap: no argument is batched. Give at least one an in-axis.",
            Error(() => Vmap.Of((Tensor x) => x, Axis.Shared)(Table)));
    }

    [Fact]
    public void AxesByPathNestAndDifferentiate()
    {
        Tensor Loss(Layer n) => Vmap.Of((Layer e) => (e.Weight.Sin() * e.Bias!).Sum(),
            Axis.By(path => path == "Weight" ? 1 : 0), chunk: 2)(n).Sum();
        Layer g = Grad.Of((Layer n) => Loss(n))(Batch);
        Assert.True(Tree.AllClose(Table.Cos() * Batch.Bias!, g.Weight, 1e-14));
        Assert.True(Tree.AllClose(Table.Sin().Sum(0), g.Bias!, 1e-14));
        Tensor outer = Vmap.Of((Tensor s) => Loss(Batch.Map((Tensor x) => x * s)))(
            Tensor.From([1.0, 0.5]));
        Assert.Equal(Loss(Batch).Item(), outer[0].Item(), 12);
    }
}
