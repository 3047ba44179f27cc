// What is not written yet: each member moves to its family's file.
namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
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

    /// <inheritdoc/>
    public void Gather(in Operand x, in Operand index, in Operand y) => throw new NotImplementedException("Gather");

    /// <inheritdoc/>
    public void ScatterAdd(in Operand g, in Operand index, in Operand y) => throw new NotImplementedException("ScatterAdd");

    /// <inheritdoc/>
    public void ArgSort(in Operand x, in Operand y) => throw new NotImplementedException("ArgSort");

    /// <inheritdoc/>
    public void CumSum(in Operand x, in Operand y, bool reverse) => throw new NotImplementedException("CumSum");

    /// <inheritdoc/>
    public void Cholesky(in Operand x, in Operand y) => throw new NotImplementedException("Cholesky");

    /// <inheritdoc/>
    public void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle) => throw new NotImplementedException("TriangularSolve");

    /// <inheritdoc/>
    public void Lu(in Operand x, in Operand y) => throw new NotImplementedException("Lu");

    /// <inheritdoc/>
    public void Eigh(in Operand x, in Operand y) => throw new NotImplementedException("Eigh");

    /// <inheritdoc/>
    public void RandomBits(in Operand key, in Operand y) => throw new NotImplementedException("RandomBits");
}
