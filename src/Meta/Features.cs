// Features of inputs: what the metric learners compare.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Features (N, ...) of inputs (N, ...). Each batch normalisation goes through
/// <paramref name="normalize"/>, once, in the order in which the model's tree holds them; a model
/// without any leaves it alone.
/// </summary>
public delegate Tensor Features<in T>(T model, Tensor x, Normalize normalize);

/// <summary>Ready-made embeddings, and what is computed from features.</summary>
public static class Features
{
    /// <summary>The features of an image network, (N, F), without its head.</summary>
    public static Features<T> Of<T>() where T : IFeatureNetwork =>
        (model, x, normalize) => model.Features(x, normalize);

    /// <summary>
    /// Features of a task's support and query inputs, of one pass over both: batch statistics, if
    /// they are used, are those of all its inputs together, as in the published code of
    /// prototypical networks.
    /// </summary>
    public static (Tensor Support, Tensor Query) OfTask<T>(
        this Features<T> embed, T model, Episode task, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(embed);
        ArgumentNullException.ThrowIfNull(task);
        int support = task.SupportX.Shape[0];
        Tensor all = embed(model, Tensor.Concat([task.SupportX, task.QueryX], 0), normalize);
        return (all[..support], all[support..]);
    }

    /// <summary>
    /// The sum of the features (N, ...) of each class, (ways, ...), by labels (N).
    /// </summary>
    public static Tensor ClassSums(Tensor features, Tensor labels, int ways)
    {
        Tensor members = Members(features, labels, ways);
        return members.Transpose().MatMul(features.Flatten(1))
            .Reshape([ways, .. features.Shape.Sizes[1..]]);
    }

    /// <summary>
    /// The mean of the features (N, F) of each class, (ways, F); NaN for a class that has none.
    /// </summary>
    public static Tensor ClassMeans(Tensor features, Tensor labels, int ways) =>
        ClassSums(features, labels, ways)
            / Members(features, labels, ways).Sum(0).ExpandDims(1);

    /// <summary>
    /// Squared Euclidean distances of all rows of a (N, F) from all rows of b (M, F), (N, M): the
    /// lengths and one matrix product.
    /// </summary>
    public static Tensor SquaredDistances(Tensor a, Tensor b) =>
        a.Square().Sum(1, keepDims: true) - 2 * a.MatMul(b.Transpose()) + b.Square().Sum(1);

    /// <summary>
    /// Rows (N, F) of length 1. Shorter rows than 1e-12 become shorter than 1, down to 0.
    /// </summary>
    public static Tensor Unit(Tensor rows) =>
        rows * Tensor.Maximum(rows.Square().Sum(1, keepDims: true), 1e-24).Rsqrt();

    /// <summary>The number of a task's classes, if it is known.</summary>
    internal static int Known(int ways) => ways >= 1 ? ways
        : throw new EngineException("Features: the task does not say how many classes it has. "
            + "Give Episode.Ways, the number of its classes.");

    /// <summary>The labels of a task's support set as numbers, (support, ways).</summary>
    internal static Tensor OneHotSupport(Episode task) => task.SupportY.OneHot(Known(task.Ways));

    /// <summary>1 where a row is of a class, 0 elsewhere, (N, ways).</summary>
    private static Tensor Members(Tensor features, Tensor labels, int ways)
    {
        ways = Known(ways);
        if (labels.Rank != 1 || features.Rank < 2 || labels.Shape[0] != features.Shape[0])
            throw new EngineException($"Features: needs features (N, ...) and labels (N), but got "
                + $"{features.Shape} and {labels.Shape}.");
        return labels.OneHot(ways, features.DType);
    }
}
