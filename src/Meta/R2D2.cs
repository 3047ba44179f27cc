// R2-D2 (Bertinetto et al., 2019): the inner loop is a ridge regression on features, solved
// exactly.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A network of features and what its solver learns: the logarithm of the weight of the penalty,
/// and scale and shift of the predictions, all scalars.
/// </summary>
public sealed partial record Solved<T>(T Model, Tensor LogPenalty, Tensor Scale, Tensor Shift)
    : ITree where T : ITree
{
    /// <summary>A network with a penalty of that weight, scale and shift 0.</summary>
    public static Solved<T> Of(T model, double penalty, double scale)
    {
        Tensor like = model.Leaves().First(leaf => leaf.DType.IsFloat());
        Tensor Scalar(double value) =>
            Tensor.Full(Shape.Of(), value, like.DType).To(like.Device).Eval();
        return new(model, Scalar(Math.Log(penalty)), Scalar(scale), Scalar(0));
    }

    /// <summary>
    /// The products of features (n, F) and (m, F), each with a 1 behind for the bias: (n, m).
    /// </summary>
    internal static Tensor Products(Tensor a, Tensor b) => a.MatMul(b.Transpose()) + 1;
}

/// <summary>
/// R2-D2: with the support set's features X and targets Y the predictions for features x are
/// scale * x W + shift, W = Xᵀ (X Xᵀ + penalty * I)⁻¹ Y (equation 4 of the paper, by Woodbury's
/// formula: a system of as many unknowns as there are examples). Every example's features have a 1
/// behind, whose row of W is the bias. The head is made from the episode, so test tasks may have
/// other numbers of classes and shots than training tasks.
/// </summary>
/// <param name="Features">Model and inputs to features (n, F).</param>
/// <param name="Targets">
/// A task's support targets as numbers (n, outputs): one-hot for classes.
/// </param>
/// <param name="Loss">Predictions and targets to a scalar.</param>
/// <param name="BatchNorm">Which statistics the features use.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record R2D2<T>(
    Func<T, Tensor, Tensor> Features, Func<Episode, Tensor> Targets,
    Func<Tensor, Tensor, Tensor> Loss, BatchNormMode BatchNorm, int Chunk = 0) where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Solved<T>> Method => new(
        (p, task, _) => Loss(Predict(p, task), task.QueryY),
        (p, task, steps) => [.. Enumerable.Repeat(Predict(p, task), steps.Length)],
        Claim.Exact, BatchNorm, Chunk);

    /// <summary>A network with the solver's settings as they are before training.</summary>
    public Solved<T> Begin(T model, double penalty = 1, double scale = 1) =>
        Solved<T>.Of(model, penalty, scale);

    /// <summary>The predictions for a task's query set.</summary>
    public Tensor Predict(Solved<T> p, Episode task)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        Tensor x = Features(p.Model, task.SupportX), queries = Features(p.Model, task.QueryX);
        Tensor y = Targets(task).Cast(x.DType);
        Tensor penalty = p.LogPenalty.Exp() * Tensor.Eye(x.Shape[0], x.DType);
        Tensor weights = (Solved<T>.Products(x, x) + penalty).Solve(y);
        return p.Scale * Solved<T>.Products(queries, x).MatMul(weights) + p.Shift;
    }
}

/// <summary>Makes <see cref="R2D2{T}"/> of image networks.</summary>
public static class R2D2
{
    /// <summary>
    /// Classification by an image network's features, with cross-entropy. Each task says how many
    /// classes it has (<see cref="Episode.Ways"/>): training may have others than testing.
    /// </summary>
    public static R2D2<T> Images<T>() where T : IFeatureNetwork => new(
        (network, x) => network.Features(x), Features.OneHotSupport,
        (logits, labels) => Nn.Loss.CrossEntropy(logits, labels), BatchNormMode.Transductive);
}
