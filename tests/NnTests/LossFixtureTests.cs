// Losses against PyTorch: every reduction, and the gradient of the mean, in float64; then second
// derivatives by differences.
using Engine.Nn;

namespace Engine.NnTests;

internal sealed partial record Operands(Tensor A, Tensor B, Tensor C) : ITree;

public class LossFixtureTests
{
    private static readonly Tensor Weights = Tensor.From([0.5, 1.0, 2.0, 0.3]);

    private static void Check(string name, Func<Operands, Reduction, Tensor> loss)
    {
        Dictionary<string, Tensor> inputs = Fixture.State(name, "x");
        Tensor first = inputs["0"];
        var at = new Operands(first, inputs["1"], inputs.GetValueOrDefault("2", first));
        Fixture.Near(Fixture.Of(name, "none"), loss(at, Reduction.None), 1e-13);
        Fixture.Near(Fixture.Of(name, "sum"), loss(at, Reduction.Sum), 1e-13);
        Fixture.Near(Fixture.Of(name, "mean"), loss(at, Reduction.Mean), 1e-13);
        Operands g = Grad.Of((Operands o) => loss(o, Reduction.Mean))(at);
        foreach (var (index, expected) in Fixture.State(name, "g"))
            Fixture.Near(expected, g.Leaves()[index[0] - '0']);
        foreach (int order in (int[])[1, 2])
        {
            var check = GradCheck.Run((Operands o) => loss(o, Reduction.Mean), at, order);
            Assert.True(check.Error < 1e-6, $"{name}: {check}");
        }
        Tensor batched = Vmap.Of((Operands o) => loss(o, Reduction.Mean))(
            at.Map((Tensor leaf) => Tensor.Stack([leaf, leaf])));
        Naive.Near([.. Enumerable.Repeat(Fixture.Of(name, "mean").Item(), 2)], batched, 1e-13);
    }

    [Fact]
    public void CrossEntropy()
    {
        Check("cross_entropy", (o, r) => Loss.CrossEntropy(o.A, o.B, r));
        Check("cross_entropy_smooth", (o, r) => Loss.CrossEntropy(o.A, o.B, r, 0.2));
        Check("cross_entropy_weighted",
            (o, r) => Loss.CrossEntropy(o.A, o.B, r, 0.2, Weights, ignore: 3));
        Check("cross_entropy_ignoring", (o, r) => Loss.CrossEntropy(o.A, o.B, r, ignore: 3));
    }

    [Fact]
    public void Nll() => Check("nll", (o, r) => Loss.Nll(o.A, o.B, r, Weights));

    [Fact]
    public void BceWithLogits()
    {
        Check("bce", (o, r) => Loss.BceWithLogits(o.A, o.B, r));
        Check("bce_weighted", (o, r) => Loss.BceWithLogits(o.A, o.B, r, positiveWeight: 3));
    }

    [Fact]
    public void KlDivergence() => Check("kl", (o, r) => Loss.KlDivergence(o.A, o.B, r));

    [Fact]
    public void OfNumbers()
    {
        Check("mse", (o, r) => Loss.Mse(o.A, o.B, r));
        Check("mae", (o, r) => Loss.Mae(o.A, o.B, r));
        Check("huber", (o, r) => Loss.Huber(o.A, o.B, 0.7, r));
    }

    [Fact]
    public void Triplet() => Check("triplet", (o, r) => Loss.Triplet(o.A, o.B, o.C, 0.8, r));
}
