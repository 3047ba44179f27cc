// The convolutional layer.
namespace Engine.Nn;

/// <summary>
/// Cross-correlation of images (N, C, H, W) with <paramref name="Weight"/> (K, C / groups, R, S),
/// plus <paramref name="Bias"/> (K) or none.
/// </summary>
public sealed partial record Conv2d(
    Tensor Weight, Tensor? Bias, int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1)
    : ITree
{
    /// <summary>A layer of square filters with Xavier-uniform weights and zero biases.</summary>
    public static Conv2d Create(
        Key key, int channels, int filters, int kernel = 3, int stride = 1, int padding = 0,
        int dilation = 1, int groups = 1, bool bias = true, DType type = DType.Float32)
    {
        Errors.Divide("Conv2d", channels, groups);
        Shape shape = [filters, channels / groups, kernel, kernel];
        return new(
            Init.XavierUniform(key, shape, type), bias ? Tensor.Zeros(filters, type).Eval() : null,
            stride, padding, dilation, groups);
    }

    /// <summary>(N, C, H, W) to (N, K, OH, OW).</summary>
    public Tensor Forward(Tensor x)
    {
        Tensor y = x.Conv2d(Weight, Stride, Padding, Dilation, Groups);
        return Bias is null ? y : y + Bias.Reshape(1, -1, 1, 1);
    }
}
