// The fully connected layer.
namespace Engine.Nn;

/// <summary>
/// y = x Wᵀ + b for inputs (..., in): <paramref name="Weight"/> (out, in), as PyTorch stores it,
/// and <paramref name="Bias"/> (out), or none.
/// </summary>
public sealed partial record Linear(Tensor Weight, Tensor? Bias) : ITree
{
    /// <summary>A layer with Xavier-uniform weights and zero biases.</summary>
    public static Linear Create(
        Key key, int inputs, int outputs, bool bias = true, DType type = DType.Float32) =>
        new(Init.XavierUniform(key, [outputs, inputs], type),
            bias ? Tensor.Zeros(outputs, type).Eval() : null);

    /// <summary>(..., in) to (..., out).</summary>
    public Tensor Forward(Tensor x)
    {
        Tensor y = x.MatMul(Weight.Transpose());
        return Bias is null ? y : y + Bias;
    }
}
