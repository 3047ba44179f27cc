// What is not written yet: each member moves to its family's file.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void Reduce(ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default) => throw new NotImplementedException("Reduce");

    /// <inheritdoc/>
    public void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default) => throw new NotImplementedException("Reduce");

    /// <inheritdoc/>
    public void ArgMax(in Operand x, in Operand y) => throw new NotImplementedException("ArgMax");

    /// <inheritdoc/>
    public void MatMul(in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default) => throw new NotImplementedException("MatMul");

    /// <inheritdoc/>
    public void Convolution(
        in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default) => throw new NotImplementedException("Convolution");

    /// <inheritdoc/>
    public void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default) => throw new NotImplementedException("InputGradient");

    /// <inheritdoc/>
    public void WeightGradient(in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw) => throw new NotImplementedException("WeightGradient");

    /// <inheritdoc/>
    public void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y) => throw new NotImplementedException("MaxPoolIndices");

    /// <inheritdoc/>
    public void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default) => throw new NotImplementedException("MaxPool");

    /// <inheritdoc/>
    public void MaxUnpool(in PoolShape shape, in Operand g, in Operand positions, in Operand y) => throw new NotImplementedException("MaxUnpool");
}
