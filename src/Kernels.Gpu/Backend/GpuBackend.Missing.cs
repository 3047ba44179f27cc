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
