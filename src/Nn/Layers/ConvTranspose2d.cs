// The transposed convolutional layer, which makes images larger.
namespace Engine.Nn;

/// <summary>
/// Transposed convolution of images (N, C, H, W) with <paramref name="Weight"/> (C, K / groups, R,
/// S), as PyTorch stores it, plus <paramref name="Bias"/> (K) or none.
/// </summary>
public sealed partial record ConvTranspose2d(
    Tensor Weight, Tensor? Bias, int Stride = 1, int Padding = 0, int OutputPadding = 0,
    int Dilation = 1, int Groups = 1) : ITree
{
    /// <summary>A layer of square filters with Xavier-uniform weights and zero biases.</summary>
    public static ConvTranspose2d Create(
        Key key, int channels, int filters, int kernel = 3, int stride = 1, int padding = 0,
        int outputPadding = 0, int dilation = 1, int groups = 1, bool bias = true,
        DType type = DType.Float32)
    {
        Errors.Divide("ConvTranspose2d", filters, groups);
        return new(
            Init.XavierUniform(key, [channels, filters / groups, kernel, kernel], type),
            bias ? Tensor.Zeros(filters, type).Eval() : null,
            stride, padding, outputPadding, dilation, groups);
    }

    /// <summary>
    /// (N, C, H, W) to (N, K, OH, OW), OH = (H - 1) stride - 2 padding + dilation (R - 1) +
    /// outputPadding + 1.
    /// </summary>
    public Tensor Forward(Tensor x)
    {
        Tensor y = x.ConvTranspose2d(Weight, Stride, Padding, OutputPadding, Dilation, Groups);
        return Bias is null ? y : y + Bias.Reshape(1, -1, 1, 1);
    }
}
