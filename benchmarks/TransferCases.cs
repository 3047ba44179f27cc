// The training steps of domain adaptation on digits: LeNet alone, and LeNet against a critic.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Benchmarks;

internal static class TransferCases
{
    private const int Size = 28, Classes = 10, Features = 500;

    public static IReadOnlyList<Case> All { get; } =
    [
        Of("lenet", "LeNet 20-50-500 on 28x28, 64 images", Supervised),
        Of("dann", "LeNet and the critic 500-500-500-1 of DANN, 64 + 64 images", Adversarial),
    ];

    private static Case Of(string name, string about, Func<Scale, Prepared> prepare) => new(
        name, about, null, prepare, $"--case {name}{Cases.Tuned}",
        $"--case {name}{Cases.ChannelsLast}{Cases.Tuned}")
    {
        Script = "peer_transfer.py",
    };

    /// <summary>Cross-entropy, gradient and Adam.</summary>
    private static Prepared Supervised(Scale scale)
    {
        var (x, y) = Images(1, 64 * scale.Images);
        Optimizer adam = Optim.Adam(1e-3);
        LeNet model = LeNet.Create(Key.From(0), Classes, size: Size);
        var step = Compile.Step(((LeNet Model, OptimizerState State) s, (Tensor X, Tensor Y) d) =>
        {
            var (loss, gradient) = Grad.WithValue((LeNet net) =>
                Loss.CrossEntropy(net.Forward(d.X), d.Y))(s.Model);
            return (adam.Step(s.Model, gradient, s.State), loss);
        });
        (LeNet, OptimizerState) state = (model, adam.Init(model));
        return new(step, () => (state, _) = step(state, (x, y)));
    }

    /// <summary>
    /// The step of <see cref="Dann"/>: both domains through LeNet, the source's cross-entropy, the
    /// critic behind the reversal, one Adam.
    /// </summary>
    private static Prepared Adversarial(Scale scale)
    {
        var (source, y) = Images(1, 64 * scale.Images);
        var (target, _) = Images(2, 64 * scale.Images);
        var method = Adapt.ByTerm(
            LeNet.Create(Key.From(0), Classes, size: Size), Dann.Term(Key.From(3), Features),
            Optim.Adam(1e-3), NormPolicy.Shared);
        var batch = new DomainBatch(source, y, target, Tensor.Scalar(0.5f).Eval(), Key.From(4));
        var step = Compile.Step(method.Step);
        TermState<LeNet, Mlp> state = Tree.Copy(method.Start);
        return new(step, () => (state, _) = step(state, batch));
    }

    private static (Tensor X, Tensor Y) Images(int seed, int count)
    {
        Key[] keys = Key.From(seed).Split(2);
        return (
            keys[0].Uniform([count, 1, Size, Size]).Eval(),
            (keys[1].Uniform([count]) * Classes).Cast(DType.Int64).Eval());
    }
}
