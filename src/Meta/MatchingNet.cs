// Matching networks (Vinyals et al., 2016): a query's label is the mean of the support set's, by
// attention.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>What matching networks train.</summary>
/// <param name="Model">The embedding's model, f' and g' of the paper.</param>
/// <param name="LogScale">
/// Logarithm of what cosines are multiplied by, a scalar: the inverse of the temperature.
/// </param>
/// <param name="Support">
/// Reads the whole support set for each of its members, in both directions; none without full
/// context.
/// </param>
/// <param name="Query">Reads the support set for a query; none without full context.</param>
public sealed partial record Matching<T>(
    T Model, Tensor LogScale, Lstm? Support = null, LstmCell? Query = null) : ITree where T : ITree;

/// <summary>
/// Matching networks with cosine attention. The paper's softmax of plain cosines, which lie in
/// -1..1, can hardly be sure of anything; here they are divided by a learned temperature.
/// </summary>
/// <param name="Embed">The embedding that is learned, to features (N, F).</param>
/// <param name="ContextSteps">
/// Steps K in which a query reads the support set; 0 is without full-context embeddings.
/// </param>
/// <param name="BatchNorm">
/// Which statistics predictions use; none for a model without batch normalisation.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record MatchingNet<T>(
    Features<T> Embed, int ContextSteps = 0, BatchNormMode BatchNorm = BatchNormMode.Inductive,
    int Chunk = 0) where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Running<Matching<T>>> Method => Metric.Method;

    /// <summary>
    /// What training begins with: cosines are multiplied by <paramref name="scale"/>, and readers
    /// of the context are drawn from the key for that many features.
    /// </summary>
    public Running<Matching<T>> Begin(
        T model, Key key, int features, double scale = 10, DType type = DType.Float32)
    {
        if (!(scale > 0) || ContextSteps < 0)
            throw new EngineException("MatchingNet: the scale must be positive and the context "
                + $"steps 0 or more, but they are {scale} and {ContextSteps}.");
        Tensor logScale = Tensor.Scalar(Math.Log(scale)).Cast(type).Eval();
        if (ContextSteps == 0) return Metric.Begin(new(model, logScale));
        Key[] keys = key.Split();
        return Metric.Begin(new(
            model, logScale,
            Lstm.Create(keys[0], features, features, bidirectional: true, type: type),
            LstmCell.Create(keys[1], 2 * features, features, type: type)));
    }

    /// <summary>Log-probabilities (queries, ways), equation 1.</summary>
    public Tensor Scores(Matching<T> p, Episode task, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        var (support, queries) = Embed.OfTask(p.Model, task, normalize);
        if (ContextSteps > 0)
        {
            support = InContext(p.Support, support);
            queries = InContext(p.Query, queries, support);
        }
        Tensor cosines = Features.Unit(queries).MatMul(Features.Unit(support).Transpose());
        Tensor attention = (cosines * p.LogScale.Exp()).LogSoftmax();
        // The probability of a class is the attention to all its members: here in logarithms, as a
        // class that gets none would have the logarithm of 0.
        Tensor members = Tensor.Arange(Features.Known(task.Ways)).ExpandDims(1)
            .EqualTo(task.SupportY);
        return Tensor.Where(members, attention.ExpandDims(1), -1e30).LogSumExp(2);
    }

    /// <summary>
    /// Members of the support set (N, F), each with what both directions of an LSTM over the whole
    /// set know there (g, equation 6 and appendix A.2).
    /// </summary>
    private static Tensor InContext(Lstm? reader, Tensor support)
    {
        if (reader is null) throw NoReader();
        Tensor both = reader.Forward(support.ExpandDims(0)).Output.Squeeze(0);
        int features = support.Shape[1];
        return both[.., ..features] + both[.., features..] + support;
    }

    /// <summary>
    /// Queries (N, F) after an LSTM has looked at the support set that many times (f, equations 3
    /// to 5). What it read last is an input beside the query, which is the same as the paper's
    /// longer hidden state.
    /// </summary>
    private Tensor InContext(LstmCell? reader, Tensor queries, Tensor support)
    {
        if (reader is null) throw NoReader();
        Tensor nothing = Tensor.Zeros(queries.Shape, queries.DType);
        Tensor hidden = nothing, read = nothing, cell = nothing;
        for (int k = 0; k < ContextSteps; k++)
        {
            LstmState next = reader.Forward(
                Tensor.Concat([queries, read], 1), new LstmState(hidden, cell));
            (hidden, cell) = (next.Hidden + queries, next.Cell);
            read = hidden.MatMul(support.Transpose()).Softmax().MatMul(support);
        }
        return hidden;
    }

    private static EngineException NoReader() => new("MatchingNet: the parameters lack the readers "
        + "of the context. Make them with Begin of a learner with the same context steps.");

    private Metric<Matching<T>> Metric => new(
        Scores, (logs, labels) => Loss.Nll(logs, labels), BatchNorm, Chunk: Chunk);
}
