// Initial values of weights. Fans are counted as PyTorch does: for weights (out, in, kernel...),
// fan-in is in times the kernel's size, fan-out is out times it.
namespace Engine.Nn;

/// <summary>Initialisers: each draws weights of a shape from a key.</summary>
public static class Init
{
    /// <summary>Uniform in +-sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010).</summary>
    public static Tensor XavierUniform(Key key, Shape shape, DType type = DType.Float32)
    {
        var (fanIn, fanOut) = Fans(nameof(XavierUniform), shape);
        return Symmetric(key, shape, Math.Sqrt(6.0 / (fanIn + fanOut)), type);
    }

    /// <summary>Normal with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010).</summary>
    public static Tensor XavierNormal(Key key, Shape shape, DType type = DType.Float32)
    {
        var (fanIn, fanOut) = Fans(nameof(XavierNormal), shape);
        return key.Normal(shape, type) * Math.Sqrt(2.0 / (fanIn + fanOut));
    }

    /// <summary>Uniform in +-sqrt(6 / fan-in), for rectifiers (He et al., 2015).</summary>
    public static Tensor HeUniform(Key key, Shape shape, DType type = DType.Float32) =>
        Symmetric(key, shape, Math.Sqrt(6.0 / Fans(nameof(HeUniform), shape).In), type);

    /// <summary>Normal with variance 2 / fan-in, for rectifiers (He et al., 2015).</summary>
    public static Tensor HeNormal(Key key, Shape shape, DType type = DType.Float32) =>
        key.Normal(shape, type) * Math.Sqrt(2.0 / Fans(nameof(HeNormal), shape).In);

    /// <summary>
    /// Normal of that deviation, truncated at <paramref name="bound"/> deviations: at 2 in
    /// TensorFlow and JAX. PyTorch's trunc_normal_ truncates at the values +-2, whatever the
    /// deviation: a bound of 2 / deviation does the same.
    /// </summary>
    public static Tensor TruncatedNormal(
        Key key, Shape shape, double deviation, DType type = DType.Float32, double bound = 2) =>
        key.TruncatedNormal(shape, bound, type) * deviation;

    private static Tensor Symmetric(Key key, Shape shape, double bound, DType type) =>
        key.Uniform(shape, -bound, bound, type);

    private static (long In, long Out) Fans(string name, Shape shape)
    {
        if (shape.Rank < 2)
            throw new EngineException($"{name}: weights need at least two axes (out, in, ...), but "
                + $"got {shape}. Use zeros or ones for biases and scales.");
        long kernel = 1;
        foreach (int size in shape.Sizes[2..]) kernel *= size;
        return (Math.Max(1, shape[1] * kernel), Math.Max(1, shape[0] * kernel));
    }
}
