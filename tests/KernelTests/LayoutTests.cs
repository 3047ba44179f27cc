// What a layout refuses: kernels count in buffers of a fixed number of axes.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class LayoutTests
{
    [Fact]
    public void MoreAxesThanKernelsTakeAreRefused()
    {
        var sizes = new long[Layout.MaxRank + 1];
        Array.Fill(sizes, 1);
        Assert.Equal("Layout: 33 axes are more than the 32 that kernels take.",
            Assert.Throws<ArgumentException>(() => Layout.Contiguous(sizes)).Message);
        Assert.Equal(32, Layout.Contiguous(sizes[1..]).Rank);
    }

    [Fact]
    public void ConvolutionsWhosePlanesNoMemoryHoldsAreRefused()
    {
        var backend = new CpuBackend(1);
        var shape = new ConvolutionShape(
            1, 1, 1, 8, 8, 1, 3, 3, 60_000, 60_000, 60_000, 60_000, 1, 1, 1);
        Operand x = Views.From(backend, new float[64], 1, 1, 1, 8, 8);
        Operand w = Views.From(backend, new float[9], 1, 1, 1, 3, 3);
        Operand y = Views.New(backend, DType.Float32, 1, 1, 1, 3, 3);
        Assert.Throws<InsufficientMemoryException>(() => backend.Convolution(shape, x, w, y));
    }
}
