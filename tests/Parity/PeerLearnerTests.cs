// Meta-gradients of the learners against PyTorch's, in float64, on the tasks and parameters of
// Fixtures/learners.npz, which Fixtures/learners.py writes. Its arrays are named by the paths of the
// trees here.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class PeerLearnerTests
{
    private static readonly Dictionary<string, Tensor> Dump = NpzFile.Read(
        Path.Combine(AppContext.BaseDirectory, "Fixtures", "learners.npz"));

    private static readonly Conv4 Network =
        Conv4.Create(Key.From(1), 1, 16, 4, 3, DType.Float64);

    private static readonly Episode Tasks =
        new(Dump["xs"], Dump["ys"], Dump["xq"], Dump["yq"], Ways: 3);

    [Fact]
    public void Maml() => EqualsPyTorch(
        "maml", new Maml<Conv4>(Objective.Conv4, 2, 0.4).Method, Network);

    [Fact]
    public void AnilOnFeatures() => EqualsPyTorch(
        "anil", Meta.Anil.Of(Objective.Conv4, 3, 0.4).Method, Network);

    [Fact]
    public void AnilByPath() => EqualsPyTorch(
        "anil", Meta.Anil.Of(Network, Objective.Conv4, "Head", 3, 0.4).Method, Network);

    [Fact]
    public void Boil() => EqualsPyTorch(
        "boil", Meta.Boil.Of(Network, Objective.Conv4, "Head", 2, 0.4).Method, Network);

    [Fact]
    public void MetaSgd() => EqualsPyTorch(
        "meta-sgd", new MetaSgd<Conv4>(Objective.Conv4, 2).Method,
        new Rated<Conv4>(Network, Network));

    [Fact]
    public void R2D2() => EqualsPyTorch(
        "r2d2", Meta.R2D2.Images<Conv4>().Method, Meta.R2D2.Images<Conv4>().Begin(Network));

    [Fact]
    public void LrD2() => EqualsPyTorch(
        "lrd2", Meta.LrD2.Images<Conv4>(newtonSteps: 3).Method,
        Meta.LrD2.Images<Conv4>().Begin(Network));

    private static void EqualsPyTorch<P>(string name, Method<P> method, P like) where P : ITree
    {
        P Read(string kind) => like.Map((path, _) => Dump[$"{name}/{kind}/{path}"]);
        P expected = Read("g");
        MetaStep<P> made = method.Step(Read("p"), Tasks);
        Assert.Equal(Dump[$"{name}/loss"].Item(), made.Loss.Item(), 1e-12);

        // Relative to the largest element of all, to which PyTorch's own rounding is relative: a
        // bias before batch normalisation has a gradient of exactly 0 but for rounding.
        double scale = expected.Leaves().Max(g => g.Abs().Max().Item());
        Assert.True(scale > 1e-3);
        foreach (var (path, (g, own)) in like.Paths()
            .Zip(expected.Leaves().Zip(made.Gradient.Leaves())))
        {
            double error = (own - g).Abs().Max().Item() / scale;
            Assert.True(error <= 1e-9,
                $"{name}: {path} {g.Shape} differs by {error:0.0e+00} of the largest element");
        }
    }
}
