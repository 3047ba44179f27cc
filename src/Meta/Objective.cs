// A model together with what it is judged by.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>Which statistics batch normalisation used when a result was made.</summary>
public enum BatchNormMode
{
    /// <summary>The model has no batch normalisation.</summary>
    None,

    /// <summary>
    /// Statistics of the same batch that is classified: query images influence one another, as in
    /// the original MAML code.
    /// </summary>
    Transductive,

    /// <summary>Statistics fixed before the query images are seen.</summary>
    Inductive,

    /// <summary>
    /// Running statistics of every inner step of its own, fixed before the query images are seen
    /// (MAML++).
    /// </summary>
    PerStep,
}

/// <summary>
/// A model of type <typeparamref name="T"/> with its forward pass, (model, inputs) to predictions,
/// and its loss, (predictions, targets) to a scalar.
/// </summary>
public sealed record Objective<T>(
    Func<T, Tensor, Tensor> Forward, Func<Tensor, Tensor, Tensor> Loss, BatchNormMode BatchNorm)
    where T : ITree
{
    /// <summary>
    /// The forward pass with its batch normalisations left to the caller, for learners that keep
    /// statistics; null for models without.
    /// </summary>
    public Func<T, Tensor, Normalize, Tensor>? Normalized { get; init; }

    /// <summary>The loss of the model's predictions for these inputs; a scalar.</summary>
    public Tensor LossOn(T model, Tensor inputs, Tensor targets) =>
        Loss(Forward(model, inputs), targets);

    /// <summary>The loss on a task's support set: what adaptation lowers.</summary>
    public Tensor Support(T model, Episode task) => LossOn(model, task.SupportX, task.SupportY);

    /// <summary>The loss on a task's query set: what meta-learning lowers.</summary>
    public Tensor Query(T model, Episode task) => LossOn(model, task.QueryX, task.QueryY);

    /// <summary>
    /// The predictions for a task's query set, each made in a batch of the support set and that one
    /// query: whatever a model computes over a batch, such as statistics for normalisation, no
    /// query sees another ("inductive"; Nichol et al., 2018, section 6.1).
    /// </summary>
    public Tensor ForwardEach(T model, Episode task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return Vmap.Of((Tensor query) => Forward(
            model, Tensor.Concat([task.SupportX, query.ExpandDims(0)]))[^1])(task.QueryX);
    }

    /// <summary>
    /// The same objective of another tree that shows the model: a base with adapters, or a part of
    /// it. Every learner then trains and adapts that tree.
    /// </summary>
    public Objective<U> On<U>(Func<U, T> view) where U : ITree =>
        new((tree, x) => Forward(view(tree), x), Loss, BatchNorm)
        {
            Normalized = Normalized is { } network
                ? (tree, x, normalize) => network(view(tree), x, normalize) : null,
        };
}

/// <summary>Ready-made objectives.</summary>
public static class Objective
{
    /// <summary>Conv4 with cross-entropy; its batch normalisation is transductive.</summary>
    public static Objective<Conv4> Conv4 { get; } = OfImages<Conv4>();

    /// <summary>
    /// The same of a network at hand, by which the mode of batch normalisation is chosen: a network
    /// such as <see cref="LeNet"/> has none.
    /// </summary>
    public static Objective<T> OfImages<T>(T network) where T : IFeatureNetwork =>
        OfImages<T>() with
        {
            BatchNorm = NormStatistics.Paths(network).Count == 0
                ? BatchNormMode.None : BatchNormMode.Transductive,
        };

    /// <summary>
    /// An image network with cross-entropy. Its batch normalisation is transductive; of a network
    /// that may have none, <see cref="OfImages{T}(T)"/> says what is true.
    /// </summary>
    public static Objective<T> OfImages<T>() where T : IFeatureNetwork => new(
        (model, x) => model.Forward(x),
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels),
        BatchNormMode.Transductive)
    {
        Normalized = (model, x, normalize) => model.Head.Forward(model.Features(x, normalize)),
    };

    /// <summary>A multi-layer perceptron with mean squared error.</summary>
    public static Objective<Mlp> Regression { get; } = new(
        (model, x) => model.Forward(x), Nn.Loss.Mse, BatchNormMode.None);

    /// <summary>
    /// A forecaster of series. The mean absolute error by default: of values scaled by
    /// <see cref="SeriesScale.Differences"/> it is the MASE itself.
    /// </summary>
    public static Objective<LstmForecaster> Forecast(Func<Tensor, Tensor, Tensor>? loss = null) =>
        new((model, windows) => model.Forward(windows),
            loss ?? ((forecast, values) => Nn.Loss.Mae(forecast, values)), BatchNormMode.None);
}
