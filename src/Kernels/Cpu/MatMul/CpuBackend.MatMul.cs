// MatMul on the CPU: from operands to the kernel of the machine's vectors.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public void MatMul(
        in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default)
    {
        if (epilogue.Program is null)
        {
            MatMul(a, b, c, null);
            return;
        }
        byte* memory = stackalloc byte[BoundEpilogue.MemoryFor(epilogue)];
        BoundEpilogue after = BoundEpilogue.Bind(epilogue, c, memory);
        MatMul(a, b, c, Unsafe.AsPointer(ref after));
    }

    private void MatMul(in Operand a, in Operand b, in Operand c, void* after)
    {
        if (c.Type == DType.Float32) MatMul<float>(a, b, c, after);
        else if (c.Type == DType.Float64) MatMul<double>(a, b, c, after);
        else throw new NotSupportedException($"MatMul: no kernel for {c.Type.Name()}.");
    }

    private void MatMul<T>(in Operand a, in Operand b, in Operand c, void* after)
        where T : unmanaged, INumber<T>
    {
        var products = new Products<T>(this, a, b, c, after);
        Widest.Run<Products<T>, T>(ref products);
    }

    private readonly ref struct Products<T>(
        CpuBackend backend, in Operand a, in Operand b, in Operand c, void* after)
        : IAnyWidth<T> where T : unmanaged, INumber<T>
    {
        private readonly ref readonly Operand a = ref a, b = ref b, c = ref c;

        public void Run<V>() where V : struct, IKernelLanes<V, T> =>
            MatMulKernel<V, T>.Run(backend, a, b, c, after);
    }
}
