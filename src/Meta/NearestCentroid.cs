// Nearest centroid on features that no task changes: the baseline SimpleShot (Wang et al., 2019).
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>A frozen model, and the mean of its features (F), which is taken off all.</summary>
public sealed partial record Centred<T>(T Model, Tensor Centre) : ITree where T : ITree;

/// <summary>
/// Nearest centroid: features less the centre, of length 1 if <paramref name="Normalise"/>d, then
/// the nearest class mean. Nothing is learned: the model comes from ordinary classification
/// (<see cref="Classification{T}"/>), from elsewhere, or is random. Training it by its loss is
/// possible, and then it is a kind of prototypical network.
/// </summary>
/// <param name="Embed">The features.</param>
/// <param name="Cosine">
/// Whether the largest cosine with a class mean wins, rather than the smallest Euclidean distance.
/// </param>
/// <param name="Normalise">Whether features are scaled to length 1 (L2N of the paper).</param>
/// <param name="BatchNorm">Which statistics are used.</param>
public sealed record NearestCentroid<T>(
    Features<T> Embed, bool Cosine = false, bool Normalise = true,
    BatchNormMode BatchNorm = BatchNormMode.Inductive) where T : ITree
{
    /// <summary>What evaluation and the order check take.</summary>
    public Method<Running<Centred<T>>> Method => Metric.Method;

    /// <summary>
    /// A model that is trained, with the centre of its features over batches of inputs: those of
    /// the training classes. Without any the centre is 0.
    /// </summary>
    public Running<Centred<T>> Begin(Running<T> trained, params IEnumerable<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(inputs);
        if (BatchNorm == BatchNormMode.Inductive
            && NormStatistics.Paths(trained.Model).Count != trained.Statistics.Norms.Length)
            throw new EngineException("NearestCentroid: the model has batch normalisations without "
                + "running statistics. Train it in inductive mode, or use batch statistics.");
        var features = Compile.Of((Running<T> p, Tensor x) => FeaturesOf(p, x));
        (Tensor? sum, long count) = (null, 0);
        foreach (Tensor batch in inputs)
        {
            Tensor ofBatch = features(trained, batch).Sum(0);
            (sum, count) = (sum is null ? ofBatch : (sum + ofBatch).Eval(), count + batch.Shape[0]);
        }
        Tensor centre = sum is null ? Tensor.Scalar(0f) : sum / count;
        return new(new(trained.Model, centre.Eval()), trained.Statistics);
    }

    /// <summary>
    /// Cosines, or minus squared distances, of queries and class means, (queries, ways).
    /// </summary>
    public Tensor Scores(Centred<T> p, Episode task, Normalize normalize)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        var (support, queries) = Embed.OfTask(p.Model, task, normalize);
        Tensor centre = p.Centre.Cast(support.DType);
        (support, queries) = (support - centre, queries - centre);
        if (Normalise)
            (support, queries) = (Features.Unit(support), Features.Unit(queries));
        Tensor means = Features.ClassMeans(support, task.SupportY, task.Ways);
        return Cosine
            ? Features.Unit(queries).MatMul(Features.Unit(means).Transpose())
            : -Features.SquaredDistances(queries, means);
    }

    private Tensor FeaturesOf(Running<T> p, Tensor x) => BatchNorm == BatchNormMode.Inductive
        ? p.Statistics.Infer(normalize => Embed(p.Model, x, normalize))
        : Embed(p.Model, x, (norm, batch) => norm.Forward(batch));

    private Metric<Centred<T>> Metric =>
        new(Scores, (scores, labels) => Loss.CrossEntropy(scores, labels), BatchNorm);
}
