// Domain-adaptive meta-learning (DAML): a generator makes target-like images of source classes, and
// the classifier learns from episodes between the two domains, so that a step on either helps on
// the other; a few labels of the target then go further. What is left out of it makes its
// ablations.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>DAML and what it is compared with.</summary>
public enum DamlPart
{
    /// <summary>Trained on the source, read with the source's normalisation.</summary>
    SourceOnly,

    /// <summary>Trained on the source, read with the target's normalisation.</summary>
    Control,

    /// <summary>
    /// Trained on source and generated images together, without episodes. Generated images are
    /// lightly warped, as those of <see cref="MetaOnly"/>.
    /// </summary>
    GanOnly,

    /// <summary>Episodes between the source and a lightly warped source.</summary>
    MetaOnly,

    /// <summary>Episodes between the source and generated images.</summary>
    Daml,

    /// <summary>
    /// Trained on labels of the target: give it batches whose source is the target.
    /// </summary>
    Oracle,
}

/// <summary>
/// The network, the generator, which stays, the optimiser's state, and the normalisation statistics
/// of both domains.
/// </summary>
public sealed partial record DamlState<N>(
    N Network, Generator Generator, OptimizerState Optimizer, NormStatistics Source,
    NormStatistics Target) : ITree where N : IFeatureNetwork;

/// <summary>The method DAML.</summary>
public static class Daml
{
    /// <summary>The rate of the inner step unless another is asked for.</summary>
    public const double InnerRate = 0.1;

    /// <summary>
    /// Half of each source batch stays as it is, half is made over. With L_a the loss on one half
    /// and L_b on the other, episodes lower
    /// <c>(L_a(w) + L_b(w - innerRate * dL_a/dw) + L_b(w) + L_a(w - innerRate * dL_b/dw)) / 2</c>,
    /// exactly, unless first order is asked for.
    /// </summary>
    /// <param name="network">Where training begins; it is not changed.</param>
    /// <param name="generator">A trained generator (<see cref="GeneratorTraining"/>).</param>
    /// <param name="optimizer">The update rule of the network.</param>
    /// <param name="part">The whole method, or an ablation.</param>
    /// <param name="innerRate">The rate of the inner step.</param>
    /// <param name="firstOrder">Whether inner gradients count as constants.</param>
    public static Adaptation<DamlState<N>, N> Create<N>(
        N network, Generator generator, Optimizer optimizer, DamlPart part = DamlPart.Daml,
        double innerRate = InnerRate, bool firstOrder = false) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        NormStatistics first = NormStatistics.For(network);
        return new(
            ["task", "query"], new(network, generator, optimizer.Init(network), first, first),
            Step, state => new(
                state.Network, part == DamlPart.SourceOnly ? state.Source : state.Target));

        (DamlState<N>, Tensor) Step(DamlState<N> state, DomainBatch batch)
        {
            var (source, other) = Halves(part, state.Generator, batch);
            var (result, gradient) = Grad.WithAux((N own) =>
            {
                Tensor losses = Losses(own, source, other, part, innerRate, firstOrder);
                return (losses.Sum(), losses);
            })(state.Network);
            var (next, moments) = optimizer.Step(state.Network, gradient, state.Optimizer);
            return (
                new(next, state.Generator, moments,
                    next.Train(batch.SourceX, state.Source).Statistics,
                    next.Train(batch.TargetX, state.Target).Statistics),
                result.Aux);
        }
    }

    /// <summary>
    /// Both halves of a source batch, each as one domain: the first as it is, the second made over
    /// as the part says.
    /// </summary>
    /// <exception cref="EngineException">The batch cannot be halved.</exception>
    public static (Domains Source, Domains Other) Halves(
        DamlPart part, Generator generator, DomainBatch batch)
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(batch);
        if (batch.SourceX.Shape[0] % 2 != 0)
            throw Errors.Fail("Daml", $"{batch.SourceX.Shape[0]} source examples cannot be halved. "
                + "Give batches of an even size.");
        Tensor[] x = batch.SourceX.Split(2), y = batch.SourceY.Split(2);
        Tensor other = part switch
        {
            DamlPart.GanOnly or DamlPart.Daml =>
                Lightly(generator.Forward(x[1], batch.Key).Images, batch.Key),
            DamlPart.MetaOnly => Lightly(x[1], batch.Key),
            _ => x[1],
        };
        return (Alone(x[0], y[0]), Alone(other, y[1]));

        Domains Alone(Tensor x, Tensor y) => new(x.ExpandDims(0), y.ExpandDims(0), batch.Key);
    }

    /// <summary>
    /// The losses (2) of a network on two domains: the mean on both, and the mean on each after a
    /// step on the other; the latter is 0 for a part without episodes.
    /// </summary>
    public static Tensor Losses<N>(
        N network, Domains source, Domains other, DamlPart part, double innerRate,
        bool firstOrder = false) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(other);
        Objective<N> objective = Objective.OfImages<N>();
        if (part is not (DamlPart.MetaOnly or DamlPart.Daml))
        {
            Tensor both = objective.LossOn(network, source.X[0], source.Y[0])
                + objective.LossOn(network, other.X[0], other.Y[0]);
            return Tensor.Stack([both / 2, Tensor.Scalar(0.0).Cast(both.DType)]);
        }
        var mldg = new Mldg<N>(objective, innerRate, FirstOrder: firstOrder);
        var (ofSource, onOther) = mldg.Losses(network, source, other);
        var (ofOther, onSource) = mldg.Losses(network, other, source);
        return Tensor.Stack([(ofSource + ofOther) / 2, (onOther + onSource) / 2]);
    }

    /// <summary>
    /// Fine-tunes on a few labelled examples of the target, all of them in each step, by Adam;
    /// batch normalisation stays as it was read.
    /// </summary>
    public static Adapted<N> Tune<N>(
        Adapted<N> model, LabelledSet few, int steps = 60, double rate = 3e-4)
        where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(few);
        LabelledBatch all = few.All();
        var tuning = new FineTuning<N>(
            model.Network, model.Statistics, TunePlan.Of(_ => true, NormPolicy.Fixed),
            Optim.Adam(rate));
        TuneState state = tuning.Run(tuning.Begin(), _ => (all.X, all.Y), steps);
        return model with { Network = tuning.Network(state) };
    }

    /// <summary>
    /// Images each slanted, scaled and moved a little at random: by a tenth at most.
    /// </summary>
    private static Tensor Lightly(Tensor images, Key key)
    {
        int n = images.Shape[0], height = images.Shape[2], width = images.Shape[3];
        Tensor change = key.Uniform([n, 6], -0.1, 0.1, images.DType);
        Tensor matrices = Tensor.Eye(2, images.DType) + change[.., ..4].Reshape(n, 2, 2);
        return Warp.Sample(images, Warp.Affine(
            matrices, Math.Min(height, width) * change[.., 4..], height, width));
    }
}
