// Convolution and its gradients against the CPU's direct sums, and that they repeat to the bit.
using Engine.Kernels;
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

public class ConvolutionTests
{
    // Winograd's method has errors of its own.
    private static readonly CpuBackend Direct = new(1) { Winograd = false };

    /// <summary>
    /// T, N, C, H, W, K, R, S, then stride, padding and dilation in both directions, groups.
    /// </summary>
    private static readonly int[][] Shapes =
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
        [2, 3, 1, 14, 14, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 5, 4, 7, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 9, 3, 3, 3, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [3, 2, 5, 8, 7, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 4, 9, 11, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1],
        [1, 2, 4, 9, 11, 6, 3, 2, 3, 2, 0, 1, 1, 1, 2],
        [2, 2, 6, 12, 10, 4, 5, 3, 1, 2, 2, 3, 2, 1, 2],
        [1, 2, 4, 6, 5, 12, 3, 3, 1, 1, 1, 1, 1, 1, 4],
        [1, 2, 3, 6, 6, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1],
        [1, 2, 3, 6, 6, 4, 1, 1, 2, 2, 1, 1, 1, 1, 1],
        [1, 1, 2, 5, 5, 3, 2, 2, 1, 1, 4, 3, 1, 1, 1],
        [1, 2, 2, 8, 8, 2, 3, 3, 3, 3, 0, 0, 2, 2, 2],
        [1, 1, 2, 4, 4, 3, 2, 2, 5, 5, 0, 0, 1, 1, 1],
        [1, 0, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [0, 2, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 0, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 2, 4, 4, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 30, 3, 5, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 1, 20, 6, 5, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 3, 8, 3, 3, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 33, 1, 5, 8, 3, 3, 1, 1, 2, 2, 1, 1, 1],
        [1, 3, 16, 1, 1, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 2, 4, 9, 7, 10, 3, 3, 1, 1, 2, 1, 2, 1, 2],
        [1, 1, 3, 15, 16, 9, 5, 7, 1, 1, 4, 2, 1, 1, 1],
        [1, 2, 2, 11, 12, 17, 3, 2, 1, 1, 0, 3, 2, 2, 1],
        [1, 4, 21, 5, 5, 13, 5, 5, 1, 1, 0, 0, 1, 1, 1],
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Shapes.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsTheCpu(int index)
    {
        ConvolutionShape shape = Shape(Shapes[index]);
        Check(shape, DType.Float32, false, false);
        // Each kernel takes most of a second to compile: few shapes are computed in doubles.
        if (index % 7 == 6) Check(shape, DType.Float64, false, false);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void TasksMayShareImagesOrFilters(bool sharedX, bool sharedW)
    {
        var shape = new ConvolutionShape(3, 2, 4, 4, 5, 6, 3, 3, 1, 1, 1, 1, 1, 1, 2);
        Check(shape, DType.Float32, sharedX, sharedW);
    }

    /// <summary>Few results of many products: parts of the depth are summed on their own.</summary>
    [Theory]
    [InlineData(1, 3, 2, 17, 18, 5, 1)]
    [InlineData(1, 2, 4, 16, 17, 4, 2)]
    [InlineData(1, 1, 70, 4, 3, 4, 1)]
    public void LongSumsAreSplit(int t, int n, int c, int h, int w, int k, int groups)
    {
        var shape = new ConvolutionShape(t, n, c, h, w, k, 3, 3, 1, 1, 1, 1, 1, 1, groups);
        Check(shape, c > 9 ? DType.Float64 : DType.Float32, false, false);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(511, 1)]
    [InlineData(512, 2)]
    public void OnlyLongSumsTakeASecondLaunch(int pixels, int launches)
    {
        using GpuBackend device = Gpu.Simulated();
        var s = new ConvolutionShape(1, 1, 1, 1, pixels, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1);
        Operand Of(char which) => new(
            device.Rent(4 * pixels), 0, DType.Float32, Layout.Contiguous(Sizes(s, which)));
        device.WeightGradient(s, Of('x'), Of('y'), Of('w'));
        Assert.Equal(launches, device.Launches);
    }

    [Theory]
    [InlineData(1, 2, 3, 6, 7, 5, 1, 1)]
    [InlineData(2, 2, 6, 6, 7, 4, 2, 2)]
    [InlineData(1, 1, 70, 4, 3, 64, 1, 1)]
    public void EpiloguesReadOperandsOfAnyStrides(
        int t, int n, int c, int h, int w, int k, int stride, int groups)
    {
        var s = new ConvolutionShape(
            t, n, c, h, w, k, 3, 3, stride, stride, 1, 1, 1, 1, groups);
        DType type = c > 9 ? DType.Float64 : DType.Float32;
        RegisterType f = Registers.Of(type);
        TileKernel add = TileKernels.NumberBinary<AddOp>(type);
        TileKernel mul = TileKernels.NumberBinary<MulOp>(type);
        // (result + bias) y
        var program = new TileProgram([f, f, f], [], [new(add, 0, 1), new(mul, 3, 2)], [4]);
        Pair x = Pair.Random(type, 1, Sizes(s, 'x')), weights = Pair.Random(type, 2, Sizes(s, 'w'));
        foreach (char which in "yx")
        {
            long[] sizes = Sizes(s, which);
            Pair[] operands =
            [
                Pair.Random(type, 3, [sizes[2]]).Strided(0, sizes, [0, 0, 1, 0, 0]),
                Pair.Random(type, 4, sizes),
            ];
            Pair from = which == 'y' ? x : Pair.Random(type, 5, Sizes(s, 'y'));
            Pair to = Pair.Empty(type, sizes);
            var cpu = new Epilogue(program, operands.Select(o => o.Cpu).ToArray());
            var gpu = new Epilogue(program, operands.Select(o => o.Gpu).ToArray());
            if (which == 'y')
            {
                Direct.Convolution(s, from.Cpu, weights.Cpu, to.Cpu, cpu);
                Pair.Device.Convolution(s, from.Gpu, weights.Gpu, to.Gpu, gpu);
            }
            else
            {
                Direct.InputGradient(s, from.Cpu, weights.Cpu, to.Cpu, cpu);
                Pair.Device.InputGradient(s, from.Gpu, weights.Gpu, to.Gpu, gpu);
            }
            to.Same(8, $"{type} {which}");
        }
    }

    [Fact]
    public void ViewsBeginAnywhere()
    {
        var s = new ConvolutionShape(2, 2, 3, 5, 4, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Pair View(char which, int seed) =>
            Inside(Pair.Random(DType.Float32, seed, [2000]), s, which);
        Pair x = View('x', 1), w = View('w', 2), g = View('y', 3);
        Pair y = Pair.Empty(DType.Float32, Sizes(s, 'y'));
        Pair dx = Pair.Empty(DType.Float32, Sizes(s, 'x'));
        Pair dw = Pair.Empty(DType.Float32, Sizes(s, 'w'));
        Compare(s, x, w, g, y, dx, dw);
    }

    [Fact]
    public void RunsRepeatToTheBit()
    {
        var s = new ConvolutionShape(1, 3, 5, 17, 18, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Pair x = Pair.Random(DType.Float32, 1, Sizes(s, 'x'));
        Pair w = Pair.Random(DType.Float32, 2, Sizes(s, 'w'));
        Pair g = Pair.Random(DType.Float32, 3, Sizes(s, 'y'));
        byte[][] Run()
        {
            Pair y = Pair.Empty(DType.Float32, Sizes(s, 'y'));
            Pair dx = Pair.Empty(DType.Float32, Sizes(s, 'x'));
            Pair dw = Pair.Empty(DType.Float32, Sizes(s, 'w'));
            Pair.Device.Convolution(s, x.Gpu, w.Gpu, y.Gpu);
            Pair.Device.InputGradient(s, g.Gpu, w.Gpu, dx.Gpu);
            Pair.Device.WeightGradient(s, x.Gpu, g.Gpu, dw.Gpu);
            return [.. new[] { y, dx, dw }.Select(Bytes)];
        }
        foreach (var (first, second) in Run().Zip(Run())) Assert.Equal(first, second);
    }

    [Fact]
    public void IntegersAreRefused()
    {
        var s = new ConvolutionShape(1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1);
        Pair x = Pair.Empty(DType.Int32, Sizes(s, 'x')), w = Pair.Empty(DType.Int32, Sizes(s, 'w'));
        Pair y = Pair.Empty(DType.Int32, Sizes(s, 'y'));
        string message = Assert.Throws<NotSupportedException>(
            () => Pair.Device.Convolution(s, x.Gpu, w.Gpu, y.Gpu)).Message;
        Assert.Equal("Convolution: no kernel for int32.", message);
    }

    private static void Check(in ConvolutionShape s, DType type, bool sharedX, bool sharedW)
    {
        Pair x = Pair.Random(type, 1, Sizes(s, 'x')), w = Pair.Random(type, 2, Sizes(s, 'w'));
        if (sharedX) x = Shared(x);
        if (sharedW) w = Shared(w);
        Compare(
            s, x, w, Pair.Random(type, 3, Sizes(s, 'y')), Pair.Empty(type, Sizes(s, 'y')),
            Pair.Empty(type, Sizes(s, 'x')), Pair.Empty(type, Sizes(s, 'w')));
    }

    private static void Compare(
        in ConvolutionShape s, Pair x, Pair w, Pair g, Pair y, Pair dx, Pair dw)
    {
        Direct.Convolution(s, x.Cpu, w.Cpu, y.Cpu);
        Pair.Device.Convolution(s, x.Gpu, w.Gpu, y.Gpu);
        y.Same(8, $"{x.Cpu.Type} y");
        Direct.InputGradient(s, g.Cpu, w.Cpu, dx.Cpu);
        Pair.Device.InputGradient(s, g.Gpu, w.Gpu, dx.Gpu);
        dx.Same(8, $"{x.Cpu.Type} dx");
        Direct.WeightGradient(s, x.Cpu, g.Cpu, dw.Cpu);
        Pair.Device.WeightGradient(s, x.Gpu, g.Gpu, dw.Gpu);
        dw.Same(8, $"{x.Cpu.Type} dw");
    }

    /// <summary>The first task's for all tasks.</summary>
    private static Pair Shared(Pair x)
    {
        long[] strides = x.Cpu.Layout.Strides.ToArray();
        strides[0] = 0;
        return x.Strided(0, x.Cpu.Layout.Sizes.ToArray(), strides);
    }

    private static Pair Inside(Pair x, in ConvolutionShape s, char which)
    {
        var layout = Layout.Contiguous(Sizes(s, which));
        return x.Strided(7, layout.Sizes.ToArray(), layout.Strides.ToArray());
    }

    private static byte[] Bytes(Pair x)
    {
        var bytes = new byte[x.Gpu.Layout.Count * x.Gpu.Type.Size()];
        Pair.Device.Download(x.Gpu.Buffer, 0, bytes);
        return bytes;
    }

    private static ConvolutionShape Shape(int[] s) => new(
        s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11], s[12], s[13],
        s[14]);

    private static long[] Sizes(in ConvolutionShape s, char which) => which switch
    {
        'x' => [s.Tasks, s.Batch, s.Channels, s.Height, s.Width],
        'w' => [s.Tasks, s.Filters, s.GroupChannels, s.KernelHeight, s.KernelWidth],
        _ => [s.Tasks, s.Batch, s.Filters, s.OutHeight, s.OutWidth],
    };
}
