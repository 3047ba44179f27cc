// The convolutional layer of sequences.
namespace Engine.Nn;

/// <summary>
/// Cross-correlation of sequences (N, C, L) with <paramref name="Weight"/> (K, C / groups, R), plus
/// <paramref name="Bias"/> (K) or none.
/// </summary>
public sealed partial record Conv1d(
    Tensor Weight, Tensor? Bias, int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1)
    : ITree
{
    /// <summary>A layer with Xavier-uniform weights and zero biases.</summary>
    public static Conv1d Create(
        Key key, int channels, int filters, int kernel = 3, int stride = 1, int padding = 0,
        int dilation = 1, int groups = 1, bool bias = true, DType type = DType.Float32)
    {
        Errors.Divide("Conv1d", channels, groups);
        return new(
            Init.XavierUniform(key, [filters, channels / groups, kernel], type),
            bias ? Tensor.Zeros(filters, type).Eval() : null, stride, padding, dilation, groups);
    }

    /// <summary>(N, C, L) to (N, K, OL).</summary>
    public Tensor Forward(Tensor x)
    {
        Tensor y = x.Conv1d(Weight, Stride, Padding, Dilation, Groups);
        return Bias is null ? y : y + Bias.Reshape(1, -1, 1);
    }
}
