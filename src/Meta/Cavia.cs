// Fast context adaptation (CAVIA; Zintgraf et al., 2019): the inner steps move a few context
// parameters, which a model takes as a further input, and nothing else.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// CAVIA: c = 0; c' = c - innerRate * dL_support/dc repeated innerSteps times (equation 4 of the
/// paper); the loss of a task is L_query(model, c'), by which the model is learned.
/// </summary>
/// <param name="Forward">
/// Model, inputs and context, (contexts), to predictions: the context as further inputs
/// (<see cref="Cavia.AsInputs"/>) or as scales and shifts of channels (<see cref="Film{T}"/>).
/// </param>
/// <param name="Loss">Predictions and targets to a scalar.</param>
/// <param name="Contexts">Number of context parameters.</param>
/// <param name="InnerSteps">Gradient steps in adaptation.</param>
/// <param name="InnerRate">Their rate, for a loss that is a mean; the paper's is 1.</param>
/// <param name="BatchNorm">Which statistics the predictions use.</param>
/// <param name="FirstOrder">Whether inner gradients count as constants.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record Cavia<T>(
    Func<T, Tensor, Tensor, Tensor> Forward, Func<Tensor, Tensor, Tensor> Loss, int Contexts,
    int InnerSteps, double InnerRate = 1, BatchNormMode BatchNorm = BatchNormMode.None,
    bool FirstOrder = false, bool Remat = false, int Chunk = 0) where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<T> Method => new(
        (model, task, at) =>
            With(model).Query(Trajectory(model, task, InnerSteps, at.FirstOrder).Last(), task),
        (model, task, steps) => Trajectory(model, task, steps[^1])
            .After(steps, context => Forward(model, task.QueryX, context)),
        FirstOrder ? Claim.FirstOrder : Claim.Exact, BatchNorm, Chunk);

    /// <summary>The context before adaptation, zeros, and after each step.</summary>
    public IEnumerable<Tensor> Trajectory(
        T model, Episode task, int steps, bool firstOrder = false)
    {
        Tensor like = model.Leaves().First(leaf => leaf.DType.IsFloat());
        Tensor start = Tensor.Zeros(Contexts, like.DType).To(like.Device);
        return Inner.Trajectory(
            start, (context, _) => With(model).Support(context, task),
            Inner.Descent<Tensor>(InnerRate), steps, firstOrder: FirstOrder || firstOrder,
            remat: Remat);
    }

    /// <summary>What a context is judged by, given the model.</summary>
    private Objective<Tensor> With(T model) =>
        new((context, x) => Forward(model, x, context), Loss, BatchNorm);
}

/// <summary>Ways to give a model a context.</summary>
public static class Cavia
{
    /// <summary>
    /// The context beside every input: x (N, inputs) to (N, inputs + contexts), for the first layer
    /// of a perceptron (section 3.1 of the paper).
    /// </summary>
    public static Tensor AsInputs(Tensor x, Tensor context)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(context);
        return Tensor.Concat([x, context.BroadcastTo([x.Shape[0], context.Shape[0]])], 1);
    }

    /// <summary>
    /// A perceptron that takes its context as further inputs, with squared error.
    /// </summary>
    public static Cavia<Mlp> Regression(int contexts, int innerSteps, double innerRate = 1) => new(
        (model, x, context) => model.Forward(AsInputs(x, context)), Nn.Loss.Mse, contexts,
        innerSteps, innerRate);

    /// <summary>An image network with a modulated layer, with cross-entropy.</summary>
    public static Cavia<Film<T>> Images<T>(int contexts, int innerSteps, double innerRate = 1)
        where T : IFeatureNetwork => new(
        (model, x, context) => model.Forward(x, context),
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels), contexts, innerSteps, innerRate,
        BatchNormMode.Transductive);
}

/// <summary>
/// An image network one of whose layers is modulated by a context (FiLM; Perez et al., 2018;
/// section 3.2 of CAVIA's paper): the channels h behind a batch normalisation become
/// scale * h + shift, both linear in the context.
/// </summary>
/// <param name="Network">The network.</param>
/// <param name="Generator">From a context to scales and shifts, (2 * channels).</param>
/// <param name="Layer">
/// The place of the batch normalisation among the network's, from 0 on; the paper modulates its
/// network's third layer.
/// </param>
public sealed partial record Film<T>(T Network, Linear Generator, int Layer = 2) : ITree
    where T : IFeatureNetwork
{
    /// <summary>
    /// A network with a generator that makes scales 1 and shifts 0 of a context of zeros.
    /// </summary>
    public static Film<T> Create(Key key, T network, int contexts, int layer = 2)
    {
        IReadOnlyList<RunningStatistics> norms = NormStatistics.For(network).Norms;
        if (layer < 0 || layer >= norms.Count)
            throw new EngineException($"Film: layer {layer} of a network with {norms.Count} batch "
                + "normalisations; its layers are counted from 0.");
        Tensor like = norms[layer].Mean;
        int channels = like.Shape[0];
        Linear generator = Linear.Create(key, contexts, 2 * channels, type: like.DType);
        Tensor identity = Tensor.Concat(
            [Tensor.Ones(channels, like.DType), Tensor.Zeros(channels, like.DType)]);
        return new(network, generator with { Bias = identity.Eval() }, layer);
    }

    /// <summary>Images (N, C, H, W) and a context, (contexts), to logits (N, classes).</summary>
    public Tensor Forward(Tensor x, Tensor context)
    {
        Tensor both = Generator.Forward(context);
        int channels = both.Shape[0] / 2, next = 0;
        Tensor Part(int first) => both[first..(first + channels)].Reshape(1, -1, 1, 1);
        Tensor features = Network.Features(x, (norm, h) =>
        {
            h = norm.Forward(h);
            return next++ == Layer ? Part(0) * h + Part(channels) : h;
        });
        return Network.Head.Forward(features);
    }
}
