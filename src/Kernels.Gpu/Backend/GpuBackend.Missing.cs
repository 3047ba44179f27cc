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
}
