// Vectors looked up by number.
namespace Engine.Nn;

/// <summary>
/// A table of vectors, <paramref name="Weight"/> (entries, features). The vector of the
/// <paramref name="Padding"/> index, if there is one, gets no derivative.
/// </summary>
public sealed partial record Embedding(Tensor Weight, int? Padding = null) : ITree
{
    /// <summary>A table of standard normal vectors; that of the padding index is zero.</summary>
    public static Embedding Create(
        Key key, int entries, int features, int? padding = null, DType type = DType.Float32)
    {
        if (padding is { } index && (index < 0 || index >= entries))
            throw Errors.Fail("Embedding", $"padding index {index} is outside 0 .. {entries - 1}.");
        Tensor weight = key.Normal([entries, features], type);
        if (padding is { } zero)
            weight = Tensor.Where(Tensor.Arange(entries).ExpandDims(1).EqualTo(zero), 0, weight);
        return new(weight.Eval(), padding);
    }

    /// <summary>Integers (...) in 0 .. entries - 1 to vectors (..., features).</summary>
    public Tensor Forward(Tensor index)
    {
        Tensor vectors = Weight.Take(index);
        return Padding is { } padding
            ? Tensor.Where(index.ExpandDims(-1).EqualTo(padding), vectors.StopGradient(), vectors)
            : vectors;
    }
}
