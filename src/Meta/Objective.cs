// What a meta-learner needs to know of a model: how it predicts and how predictions are judged.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>Which statistics batch normalisation used when a result was made.</summary>
public enum BatchNormMode
{
    /// <summary>The model has no batch normalisation.</summary>
    None,

    /// <summary>
    /// Statistics of the very batch that is classified: query images see one another, as in the
    /// original MAML code.
    /// </summary>
    Transductive,

    /// <summary>Statistics fixed before the query images are seen.</summary>
    Inductive,
}

/// <summary>How derivatives flow through adaptation.</summary>
public enum DerivativeOrder
{
    /// <summary>Through every inner gradient: the meta-gradient is exact.</summary>
    Exact,

    /// <summary>Inner gradients are constants (FOMAML, Finn et al., 2017, section 5.2).</summary>
    First,
}

/// <summary>
/// A model of type <typeparamref name="T"/> with its forward pass, (model, inputs) to predictions,
/// and its loss, (predictions, targets) to a scalar.
/// </summary>
public sealed record Objective<T>(
    Func<T, Tensor, Tensor> Forward, Func<Tensor, Tensor, Tensor> Loss, BatchNormMode BatchNorm)
    where T : ITree;

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
