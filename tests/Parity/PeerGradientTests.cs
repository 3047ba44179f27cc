// The meta-gradient of exact MAML against PyTorch's, in float64. Small dumps made by PyTorch are
// fixtures; ENGINE_PEER_DUMP names any other (npz: parameters p0.., gradients g0.., xs, ys, xq, yq,
// lr, inner_steps), such as peer_maml.py --dump FILE.npz --double writes for its cases.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity;

public class PeerGradientTests
{
    public static TheoryData<string> Dumps
    {
        get
        {
            var dumps = new TheoryData<string>();
            foreach (string name in (string[])["sinusoid-1", "sinusoid-5", "conv4-2"])
                dumps.Add(Path.Combine(AppContext.BaseDirectory, "Fixtures", name + ".npz"));
            foreach (string path in (Environment.GetEnvironmentVariable("ENGINE_PEER_DUMP") ?? "")
                .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
                dumps.Add(path);
            return dumps;
        }
    }

    [Theory, MemberData(nameof(Dumps))]
    public void MetaGradientEqualsPyTorch(string path)
    {
        Dictionary<string, Tensor> dump = NpzFile.Read(path);
        Tensor[] parameters = Numbered(dump, "p"), expected = Numbered(dump, "g");
        double rate = dump["lr"].Item();
        int steps = (int)dump["inner_steps"].Item();
        var tasks = new Episode(dump["xs"], dump["ys"], dump["xq"], dump["yq"]);
        IReadOnlyList<Tensor> actual = parameters[0].Rank == 4
            ? InPeerOrder(new Maml<Conv4>(Objective.Conv4, steps, rate)
                .Method.Step(Network(parameters), tasks).Gradient)
            : new Maml<Mlp>(Objective.Regression, steps, rate)
                .Method.Step(Perceptron(parameters), tasks).Gradient.Leaves();
        Assert.Equal(expected.Length, actual.Count);

        // Relative to the largest element of all: PyTorch's own rounding is relative to that. A
        // bias before batch normalisation has a gradient of exactly 0 but for rounding.
        double scale = expected.Max(g => g.Abs().Max().Item());
        for (int i = 0; i < expected.Length; i++)
        {
            double error = (actual[i] - expected[i]).Abs().Max().Item() / scale;
            Assert.True(error <= 1e-9, $"{Path.GetFileName(path)}: g{i} {expected[i].Shape} "
                + $"differs by {error:0.0e+00} of the largest element");
        }
    }

    private static Tensor[] Numbered(Dictionary<string, Tensor> dump, string prefix)
    {
        var list = new List<Tensor>();
        while (dump.TryGetValue($"{prefix}{list.Count}", out Tensor? array)) list.Add(array);
        return [.. list];
    }

    private static Mlp Perceptron(Tensor[] p) => new(
        [.. Enumerable.Range(0, p.Length / 2).Select(i => new Linear(p[2 * i], p[2 * i + 1]))],
        Activation.Relu);

    /// <summary>The peer lists convolutions, then normalisations, then the head.</summary>
    private static Conv4 Network(Tensor[] p) => new(
        Enumerable.Range(0, 4).Select(i => new ConvBlock(
            new Conv2d(p[2 * i], p[2 * i + 1], Padding: 1),
            new BatchNorm(p[8 + 2 * i], p[9 + 2 * i]))).ToImmutableArray(),
        new Linear(p[16], p[17]));

    private static List<Tensor> InPeerOrder(Conv4 g) =>
    [
        .. g.Blocks.SelectMany(b => (Tensor[])[b.Convolution.Weight, b.Convolution.Bias!]),
        .. g.Blocks.SelectMany(b => (Tensor[])[b.Norm.Scale, b.Norm.Shift]),
        g.Head.Weight, g.Head.Bias!,
    ];
}
