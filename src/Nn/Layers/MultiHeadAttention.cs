// Multi-head attention.
namespace Engine.Nn;

/// <summary>
/// Scaled dot-product attention of several heads (Vaswani et al., 2017, section 3.2) in PyTorch's
/// layout: <paramref name="PackedWeight"/> (3 features, features) and <paramref name="PackedBias"/>
/// (3 features), or none, project queries, keys and values, in this order.
/// </summary>
public sealed partial record MultiHeadAttention(
    Tensor PackedWeight, Tensor? PackedBias, Linear OutProjection, int Heads) : ITree
{
    /// <summary>A layer with Xavier-uniform weights and zero biases.</summary>
    public static MultiHeadAttention Create(
        Key key, int features, int heads, bool bias = true, DType type = DType.Float32)
    {
        if (heads < 1 || features % heads != 0)
            throw Errors.Fail("MultiHeadAttention", $"{features} features do not divide into "
                + $"{heads} heads. Choose a divisor.");
        Key[] keys = key.Split();
        return new(
            Init.XavierUniform(keys[0], [3 * features, features], type),
            bias ? Tensor.Zeros(3 * features, type).Eval() : null,
            Linear.Create(keys[1], features, features, bias, type), heads);
    }

    /// <summary>Attention of sequences (N, T, features) to themselves.</summary>
    public Tensor Forward(Tensor x, Tensor? keyPadding = null, bool causal = false) =>
        Forward(x, x, x, keyPadding, causal);

    /// <summary>
    /// Queries (N, T, features) attend to keys and values (N, S, features); the result is
    /// (N, T, features).
    /// </summary>
    /// <param name="query">(N, T, features).</param>
    /// <param name="key">(N, S, features).</param>
    /// <param name="value">(N, S, features).</param>
    /// <param name="keyPadding">
    /// (N, S), bool: true where a key is padding, which nothing attends to. A query all of whose
    /// keys are masked attends to all alike.
    /// </param>
    /// <param name="causal">Whether query t attends to keys 0 .. t only.</param>
    public Tensor Forward(
        Tensor query, Tensor key, Tensor value, Tensor? keyPadding = null, bool causal = false)
    {
        Check(query, key, value, keyPadding);
        var (q, k, v) = Project(query, key, value);
        Tensor scores = (q * (1 / Math.Sqrt(q.Shape[^1]))).MatMul(k.SwapAxes(-1, -2));
        if (Masked(scores.Shape, keyPadding, causal) is { } masked)
            scores = Tensor.Where(masked, Masks.Lowest(scores.DType), scores);
        Tensor heads = scores.Softmax().MatMul(v);
        return OutProjection.Forward(heads.SwapAxes(1, 2).Flatten(2));
    }

    /// <summary>Queries, keys and values as (N, heads, length, features / heads).</summary>
    private (Tensor Q, Tensor K, Tensor V) Project(Tensor query, Tensor key, Tensor value)
    {
        int features = PackedWeight.Shape[1];
        Tensor Split(Tensor x) =>
            x.Reshape(x.Shape[0], x.Shape[1], Heads, features / Heads).SwapAxes(1, 2);
        if (ReferenceEquals(query, key) && ReferenceEquals(key, value))
        {
            Tensor all = new Linear(PackedWeight, PackedBias).Forward(query);
            return (
                Split(all[.., .., ..features]), Split(all[.., .., features..(2 * features)]),
                Split(all[.., .., (2 * features)..]));
        }
        Linear Part(int i)
        {
            Range rows = (i * features)..((i + 1) * features);
            return new(PackedWeight[rows], PackedBias?[rows]);
        }
        return (Split(Part(0).Forward(query)), Split(Part(1).Forward(key)),
            Split(Part(2).Forward(value)));
    }

    /// <summary>True where scores (N, heads, T, S) are masked; null if none is.</summary>
    private static Tensor? Masked(Shape scores, Tensor? keyPadding, bool causal)
    {
        Tensor? padding = keyPadding?.Reshape(scores[0], 1, 1, scores[3]);
        if (!causal) return padding;
        Tensor later = Tensor.Arange(scores[3]) > Tensor.Arange(scores[2]).ExpandDims(1);
        return padding is null ? later : padding | later;
    }

    private void Check(Tensor query, Tensor key, Tensor value, Tensor? keyPadding)
    {
        int features = PackedWeight.Shape[1];
        bool sequences = query.Rank == 3 && key.Rank == 3 && key.Shape == value.Shape
            && query.Shape[0] == key.Shape[0] && query.Shape[2] == features
            && key.Shape[2] == features;
        if (!sequences)
            throw Errors.Fail("MultiHeadAttention", $"needs queries (N, T, {features}), keys and "
                + $"values (N, S, {features}), but got {query.Shape}, {key.Shape} and "
                + $"{value.Shape}.");
        if (keyPadding is not null
            && (keyPadding.DType != DType.Bool
                || keyPadding.Shape != Shape.Of(key.Shape[0], key.Shape[1])))
            throw Errors.Fail("MultiHeadAttention", "the padding mask must be bool "
                + $"({key.Shape[0]}, {key.Shape[1]}), true where a key is padding, but is "
                + $"{keyPadding.DType.Name()} {keyPadding.Shape}.");
    }
}
