// Convolution and its two gradients on the CPU: from operands and shapes to the kernels.
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Whether 3 x 3 convolutions of many channels may take Winograd's method: two to three times
    /// faster, with errors of some 4e-6 instead of 1e-6 of the result's root mean square.
    /// </summary>
    internal bool Winograd { get; init; } = true;

    /// <inheritdoc/>
    public void Convolution(in ConvolutionShape shape, in Operand x, in Operand w, in Operand y)
    {
        if (y.Type == DType.Float32) Width<float>().Forward(this, shape, x, w, y);
        else Width<double>(y.Type).Forward(this, shape, x, w, y);
    }

    /// <inheritdoc/>
    public void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx)
    {
        if (dx.Type == DType.Float32) Width<float>().InputGradient(this, shape, g, w, dx);
        else Width<double>(dx.Type).InputGradient(this, shape, g, w, dx);
    }

    /// <inheritdoc/>
    public void WeightGradient(
        in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw)
    {
        if (dw.Type == DType.Float32) Width<float>().WeightGradient(this, shape, x, g, dw);
        else Width<double>(dw.Type).WeightGradient(this, shape, x, g, dw);
    }

    private static ConvolutionKernel Width<T>(DType type = DType.Float64)
        where T : unmanaged, INumberBase<T>
    {
        if (!type.IsFloat())
            throw new NotSupportedException($"Convolution: no kernel for {type.Name()}.");
        if (Vector512.IsHardwareAccelerated)
            return ConvolutionKernel<Vec512<T>, Vector512<T>, T>.Only;
        if (Vector256.IsHardwareAccelerated)
            return ConvolutionKernel<Vec256<T>, Vector256<T>, T>.Only;
        if (Vector128.IsHardwareAccelerated)
            return ConvolutionKernel<Vec128<T>, Vector128<T>, T>.Only;
        return ConvolutionKernel<Vec1<T>, T, T>.Only;
    }
}

/// <summary>The three convolutions for some width of vector and element type.</summary>
internal abstract class ConvolutionKernel
{
    public abstract void Forward(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand w, in Operand y);

    public abstract void InputGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx);

    public abstract void WeightGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw);
}
