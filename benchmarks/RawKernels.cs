// Products and convolutions straight on the backend: what a step of a plan costs without the plan.
using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Nn;

namespace Engine.Benchmarks;

internal static class RawKernels
{
    /// <summary>Some products of two random n x n float32 matrices.</summary>
    public static Action Product(int n, int times)
    {
        CpuBackend backend = CpuBackend.Default;
        Operand a = Random(n, n), b = Random(n, n), c = Random(n, n);
        return () =>
        {
            for (int i = 0; i < times; i++) backend.MatMul(a, b, c);
        };
    }

    /// <summary>An operand of random numbers.</summary>
    public static Operand Random(params long[] sizes)
    {
        Layout layout = Layout.Contiguous(sizes);
        DeviceBuffer buffer = CpuBackend.Default.Rent(layout.Count * sizeof(float));
        var random = new Random(1);
        var values = new float[layout.Count];
        for (int i = 0; i < values.Length; i++) values[i] = 2 * random.NextSingle() - 1;
        CpuBackend.Default.Upload(MemoryMarshal.AsBytes<float>(values), buffer, 0);
        return new Operand(buffer, 0, DType.Float32, layout);
    }
}

/// <summary>
/// Convolutions with a bias, 3x3 ones with padding 1 unless given otherwise; the derivatives are
/// those of weights, bias and, for the whole backward pass, images.
/// </summary>
internal sealed record ConvolutionKernels(
    int Images, int Channels, int Size, int Filters, int Taps = 3, int Padding = 1)
{
    public int OutSize => Shape.OutHeight;

    private ConvolutionShape Shape => new(
        1, Images, Channels, Size, Size, Filters, Taps, Taps, 1, 1, Padding, Padding, 1, 1, 1);

    public Action Forward()
    {
        var (layer, x, _) = Inputs();
        var forward = Compile.Of((Conv2d l, Tensor a) => l.Forward(a));
        return () => forward(layer, x);
    }

    public Action Backward()
    {
        var (layer, x, g) = Inputs();
        var backward = Compile.Of((Conv2d l, Tensor a, Tensor b) =>
            Vjp.Of((Conv2d m, Tensor i) => m.Forward(i))(l, a).Pullback(b));
        return () => backward(layer, x, g);
    }

    public Action WeightGradient()
    {
        var (layer, x, g) = Inputs();
        var backward = Compile.Of((Conv2d l, Tensor a, Tensor b) =>
            Vjp.Of((Conv2d m) => m.Forward(a))(l).Pullback(b));
        return () => backward(layer, x, g);
    }

    public Action RawForward()
    {
        var (x, w, y) = Operands();
        return () => CpuBackend.Default.Convolution(Shape, x, w, y);
    }

    public Action RawDataGradient()
    {
        var (x, w, y) = Operands();
        return () => CpuBackend.Default.InputGradient(Shape, y, w, x);
    }

    public Action RawWeightGradient()
    {
        var (x, w, y) = Operands();
        return () => CpuBackend.Default.WeightGradient(Shape, x, y, w);
    }

    private (Conv2d Layer, Tensor X, Tensor G) Inputs() => (
        Conv2d.Create(Key.From(0), Channels, Filters, Taps, padding: Padding),
        KernelCases.Normal(Images, Channels, Size, Size),
        KernelCases.Normal(Images, Filters, OutSize, OutSize));

    private (Operand X, Operand W, Operand Y) Operands() => (
        RawKernels.Random(1, Images, Channels, Size, Size),
        RawKernels.Random(1, Filters, Channels, Taps, Taps),
        RawKernels.Random(1, Images, Filters, OutSize, OutSize));
}
