// Losses that shape distances between embeddings (N, features).
namespace Engine.Nn;

public static partial class Loss
{
    /// <summary>
    /// max(0, d(anchor, positive) - d(anchor, negative) + margin) with Euclidean distances
    /// (Schroff et al., 2015); embeddings are (N, features). As in PyTorch, 1e-6 is added to every
    /// difference, so that equal embeddings have a derivative.
    /// </summary>
    public static Tensor Triplet(
        Tensor anchor, Tensor positive, Tensor negative, double margin = 1,
        Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("Triplet", anchor, positive);
        Errors.SameShape("Triplet", anchor, negative);
        Tensor Distance(Tensor other) => (anchor - other + 1e-6).Square().Sum(-1).Sqrt();
        return (Distance(positive) - Distance(negative) + margin).Relu().Reduce(reduction);
    }

    /// <summary>
    /// Half the squared distance of pairs that are the same; of other pairs, half the square of
    /// what their distance lacks to the margin (Hadsell et al., 2006, equation 4). Embeddings are
    /// (N, features), <paramref name="same"/> is (N), bool. Where the embeddings of different
    /// things are equal, no direction would part them: the derivative is 0.
    /// </summary>
    public static Tensor Contrastive(
        Tensor first, Tensor second, Tensor same, double margin = 1,
        Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("Contrastive", first, second);
        Tensor square = (first - second).Square().Sum(-1);
        if (same.DType != DType.Bool || same.Shape != square.Shape)
            throw Errors.Fail("Contrastive", $"needs one bool for each pair, {square.Shape}, but "
                + $"got {same.DType.Name()} {same.Shape}.");
        Tensor lack = (margin - square.SafeSqrt()).Relu();
        return 0.5 * Tensor.Where(same, square, lack.Square()).Reduce(reduction);
    }

    /// <summary>
    /// Cross-entropy of telling each query's own key from the others' by cosine similarity over a
    /// temperature (van den Oord et al., 2018). Queries and keys are (N, features); key i belongs
    /// to query i.
    /// </summary>
    public static Tensor InfoNce(
        Tensor queries, Tensor keys, double temperature = 0.1,
        Reduction reduction = Reduction.Mean)
    {
        Errors.SameShape("InfoNce", queries, keys);
        Tensor logits = Similarities("InfoNce", queries, keys, temperature);
        return CrossEntropy(logits, Tensor.Arange(queries.Shape[0]), reduction);
    }

    /// <summary>
    /// Supervised contrastive loss (Khosla et al., 2020, equation 2) of embeddings (N, features)
    /// with labels (N): the mean negative log-probability of the others of a sample's class among
    /// all others. A sample alone in its class has loss 0; the mean is over those with company.
    /// </summary>
    public static Tensor SupervisedContrastive(
        Tensor embeddings, Tensor labels, double temperature = 0.1,
        Reduction reduction = Reduction.Mean)
    {
        const string op = "SupervisedContrastive";
        Errors.Labelled(op, embeddings, "embeddings (N, features)", labels);
        DType type = embeddings.DType;
        Tensor self = Tensor.Eye(embeddings.Shape[0], DType.Int64).EqualTo(1);
        Tensor others = Tensor.Where(
            self, Masks.Lowest(type), Similarities(op, embeddings, embeddings, temperature));
        Tensor company = !self & labels.ExpandDims(1).EqualTo(labels);
        Tensor logs = Tensor.Where(company, others.LogSoftmax(), 0);
        Tensor count = company.Cast(type).Sum(1), some = count > 0;
        Tensor losses = -logs.Sum(1) / Tensor.Where(some, count, 1);
        return reduction == Reduction.Mean
            ? losses.Sum() / Tensor.Maximum(some.Cast(type).Sum(), 1)
            : losses.Reduce(reduction);
    }

    /// <summary>Cosines of all rows of a with all rows of b, over the temperature.</summary>
    private static Tensor Similarities(string op, Tensor a, Tensor b, double temperature)
    {
        if (a.Rank != 2 || !(temperature > 0))
            throw Errors.Fail(op, $"needs embeddings (N, features) and a positive temperature, but "
                + $"got {a.Shape} and {temperature}.");
        return (1 / temperature * Unit(a)).MatMul(Unit(b).Transpose());
    }

    private static Tensor Unit(Tensor x) =>
        x * Tensor.Maximum(x.Square().Sum(-1, keepDims: true), 1e-24).Rsqrt();
}
