// A model together with what it is judged by.
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
}

/// <summary>
/// A model of type <typeparamref name="T"/> with its forward pass, (model, inputs) to predictions,
/// and its loss, (predictions, targets) to a scalar.
/// </summary>
public sealed record Objective<T>(
    Func<T, Tensor, Tensor> Forward, Func<Tensor, Tensor, Tensor> Loss, BatchNormMode BatchNorm)
    where T : ITree
{
    /// <summary>The loss of the model's predictions for these inputs; a scalar.</summary>
    public Tensor LossOn(T model, Tensor inputs, Tensor targets) =>
        Loss(Forward(model, inputs), targets);
}

/// <summary>Ready-made objectives.</summary>
public static class Objective
{
    /// <summary>Conv4 with cross-entropy; its batch normalisation is transductive.</summary>
    public static Objective<Conv4> Conv4 { get; } = new(
        (model, x) => model.Forward(x),
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels),
        BatchNormMode.Transductive);

    /// <summary>A multi-layer perceptron with mean squared error.</summary>
    public static Objective<Mlp> Regression { get; } = new(
        (model, x) => model.Forward(x), Nn.Loss.Mse, BatchNormMode.None);
}
