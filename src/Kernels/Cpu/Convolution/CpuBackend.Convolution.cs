// Convolution and its two gradients on the CPU: from operands and shapes to the kernels.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    /// <summary>
    /// Whether 3 x 3 and 5 x 5 convolutions of many channels may take Winograd's method: two to three times
    /// faster, with errors of some 4e-6 instead of 1e-6 of the result's root mean square. False
    /// keeps every convolution to sums of products as in its definition. For
    /// <see cref="Default"/>, the environment's ENGINE_CONVOLUTION=direct says so from outside. Not
    /// to be changed while another thread computes on this backend.
    /// </summary>
    public bool Winograd { get; set; } = true;

    /// <inheritdoc/>
    public void Convolution(
        in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default) => Convolve(shape, false, x, w, y, epilogue);

    /// <inheritdoc/>
    public void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default) => Convolve(shape, true, g, w, dx, epilogue);

    /// <inheritdoc/>
    public void WeightGradient(
        in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw)
    {
        Width(dw.Type).WeightGradient(this, shape, x, g, dw);
    }

    /// <summary>Whether a value of ENGINE_CONVOLUTION lets Winograd's method in.</summary>
    internal static bool WinogradFrom(string? wish) => wish switch
    {
        null or "" or "winograd" => true,
        "direct" => false,
        _ => throw new ArgumentException(
            $"ENGINE_CONVOLUTION is '{wish}'; it may be 'winograd' (the default) or 'direct'."),
    };

    private void Convolve(
        in ConvolutionShape shape, bool transposed, in Operand source, in Operand w,
        in Operand result, in Epilogue epilogue)
    {
        ConvolutionKernel kernel = Width(result.Type);
        void* after = null;
        BoundEpilogue job = default;
        if (epilogue.Program is not null)
        {
            byte* memory = stackalloc byte[BoundEpilogue.MemoryFor(epilogue)];
            job = BoundEpilogue.Bind(epilogue, result, memory);
            after = Unsafe.AsPointer(ref job);
        }
        if (transposed) kernel.InputGradient(this, shape, source, w, result, after);
        else kernel.Forward(this, shape, source, w, result, after);
    }

    private static ConvolutionKernel Width(DType type) => type switch
    {
        DType.Float32 => Width<float>(),
        DType.Float64 => Width<double>(),
        _ => throw new NotSupportedException($"Convolution: no kernel for {type.Name()}."),
    };

    private static ConvolutionKernel Width<T>() where T : unmanaged, INumber<T>
    {
        ConvolutionWidth<T> width = default;
        Widest.Run<ConvolutionWidth<T>, T>(ref width);
        return width.Kernel;
    }

    private struct ConvolutionWidth<T> : IAnyWidth<T> where T : unmanaged, INumber<T>
    {
        public ConvolutionKernel Kernel;

        public void Run<V>() where V : struct, IKernelLanes<V, T> =>
            Kernel = ConvolutionKernel<V, T>.Only;
    }
}

/// <summary>
/// The three convolutions for some width of vector and element type; <c>after</c> is the
/// <see cref="BoundEpilogue"/>, or null.
/// </summary>
internal abstract unsafe class ConvolutionKernel
{
    public abstract void Forward(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        void* after);

    public abstract void InputGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        void* after);

    public abstract void WeightGradient(
        CpuBackend backend, in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw);
}
