// Convolution and its gradients against the definition in double precision.
using Engine.Kernels;

namespace Engine.KernelTests;

[Trait("Category", "Portable")]
public unsafe class ConvolutionTests
{
    /// <summary>
    /// T, N, C, H, W, K, R, S, then stride, padding and dilation in both directions, groups.
    /// </summary>
    private static readonly int[][] Shapes =
    [
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1],
        [2, 3, 1, 28, 28, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 5, 4, 7, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 9, 3, 3, 3, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [3, 2, 5, 14, 13, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 4, 9, 11, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1],
        [1, 2, 4, 9, 11, 6, 3, 2, 3, 2, 0, 1, 1, 1, 2],
        [2, 2, 6, 12, 10, 4, 5, 3, 1, 2, 2, 3, 2, 1, 2],
        [1, 2, 3, 6, 6, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1],
        [1, 2, 3, 6, 6, 4, 1, 1, 2, 2, 1, 1, 1, 1, 1],
        [1, 1, 2, 5, 5, 3, 2, 2, 1, 1, 4, 3, 1, 1, 1],
        [1, 2, 2, 8, 8, 2, 3, 3, 3, 3, 0, 0, 2, 2, 2],
        [1, 1, 2, 4, 4, 3, 2, 2, 5, 5, 0, 0, 1, 1, 1],
        [1, 0, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [0, 2, 2, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 2, 0, 4, 4, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 40, 3, 5, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 3, 16, 9, 10, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 7, 20, 14, 13, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [3, 4, 16, 3, 3, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 3, 16, 6, 9, 24, 3, 3, 1, 1, 0, 0, 1, 1, 1],
        [1, 2, 33, 1, 5, 16, 3, 3, 1, 1, 2, 2, 1, 1, 1],
        [1, 2, 16, 10, 210, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 5, 16, 8, 12, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 3, 16, 2, 2, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 3, 16, 1, 1, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 26, 16, 7, 11, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [3, 20, 16, 6, 7, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [2, 3, 4, 13, 9, 10, 3, 3, 1, 1, 2, 1, 2, 1, 2],
        [1, 2, 3, 30, 31, 9, 5, 7, 1, 1, 4, 2, 1, 1, 1],
        [1, 2, 2, 11, 12, 17, 3, 2, 1, 1, 0, 3, 2, 2, 1],
        [1, 3, 3, 40, 40, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1],
        [1, 3, 20, 12, 12, 50, 5, 5, 1, 1, 0, 0, 1, 1, 1],
        [2, 3, 16, 9, 10, 32, 5, 5, 1, 1, 1, 1, 1, 1, 1],
        [1, 7, 21, 13, 14, 17, 5, 5, 1, 1, 2, 2, 1, 1, 1],
        [3, 4, 16, 5, 3, 16, 5, 5, 1, 1, 3, 3, 1, 1, 1],
        [1, 2, 33, 1, 5, 16, 5, 5, 1, 1, 4, 4, 1, 1, 1],
        [2, 3, 16, 5, 5, 24, 5, 5, 1, 1, 0, 0, 1, 1, 1],
        [1, 2, 16, 6, 110, 16, 5, 5, 1, 1, 2, 2, 1, 1, 1],
        [3, 20, 16, 7, 6, 24, 5, 5, 1, 1, 2, 2, 1, 1, 1],
        [1, 26, 16, 11, 8, 18, 5, 5, 1, 1, 2, 2, 1, 1, 1],
        [1, 2, 16, 9, 8, 16, 5, 5, 1, 1, 2, 1, 1, 1, 1],
        [1, 2, 16, 4, 4, 16, 5, 5, 1, 1, 5, 5, 1, 1, 1],
    ];

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, Shapes.Length)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void EqualsDefinition(int index)
    {
        ConvolutionShape shape = Shape(Shapes[index]);
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
            for (int shared = 0; shared < 4; shared++)
            {
                if (shared > 0 && shape.Tasks < 2) continue;
                Check(new CpuBackend(2), null, shape, type, (shared & 1) != 0, (shared & 2) != 0);
            }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void EveryWidthWorks(int index)
    {
        var backend = new CpuBackend(1);
        ConvolutionShape shape = Shape(Shapes[index]);
        foreach (ConvolutionKernel kernel in new ConvolutionKernel[]
        {
            ConvolutionKernel<Lanes512<float>, float>.Only,
            ConvolutionKernel<Lanes256<float>, float>.Only,
            ConvolutionKernel<Lanes128<float>, float>.Only,
            ConvolutionKernel<Lanes1<float>, float>.Only,
        })
            Check(backend, kernel, shape, DType.Float32, false, false);
    }

    [Theory]
    [InlineData(4, 5, 1, 28, 28, 32, 3, 1)]
    [InlineData(1, 33, 16, 7, 7, 32, 3, 1)]
    [InlineData(2, 6, 32, 14, 14, 16, 3, 1)]
    [InlineData(1, 5, 16, 3, 3, 32, 3, 1)]
    [InlineData(1, 40, 16, 10, 10, 32, 3, 1)]
    [InlineData(1, 20, 8, 9, 9, 8, 5, 1)]
    [InlineData(2, 44, 1, 28, 28, 32, 3, 1)]
    [InlineData(1, 64, 20, 12, 12, 50, 5, 0)]
    [InlineData(3, 9, 20, 11, 13, 18, 5, 2)]
    [InlineData(1, 3, 20, 9, 9, 50, 5, 1)]
    public void ThreadsDoNotChangeBits(int t, int n, int c, int h, int w, int k, int r, int p)
    {
        var shape = new ConvolutionShape(t, n, c, h, w, k, r, r, 1, 1, p, p, 1, 1, 1);
        byte[][]? expected = null;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            var backend = new CpuBackend(threads);
            View x = View.Random(backend, DType.Float32, 1, Sizes(shape, 'x'));
            View f = View.Random(backend, DType.Float32, 2, Sizes(shape, 'w'));
            View g = View.Random(backend, DType.Float32, 3, Sizes(shape, 'y'));
            View y = View.Filled(backend, DType.Float32, Sizes(shape, 'y'));
            View dx = View.Filled(backend, DType.Float32, Sizes(shape, 'x'));
            View dw = View.Filled(backend, DType.Float32, Sizes(shape, 'w'));
            backend.Convolution(shape, x.Operand, f.Operand, y.Operand);
            backend.InputGradient(shape, g.Operand, f.Operand, dx.Operand);
            backend.WeightGradient(shape, x.Operand, g.Operand, dw.Operand);
            byte[][] results = [y.Bytes(), dx.Bytes(), dw.Bytes()];
            expected ??= results;
            for (int i = 0; i < 3; i++)
                Assert.True(expected[i].AsSpan().SequenceEqual(results[i]), $"{threads}, {i}");
        }
    }

    /// <summary>
    /// Maximum error over the exact result's root mean square, and the errors' root mean square
    /// over it. The taps in the middle of a 5 x 5 filter's gradient have most of the errors.
    /// </summary>
    [Theory]
    [InlineData(true, 1e-5, 6, 64, 14, 64, 3, 1)]
    [InlineData(true, 1e-5, 20, 64, 7, 64, 3, 1)]
    [InlineData(true, 1e-5, 75, 64, 3, 64, 3, 1)]
    [InlineData(true, 1e-5, 9, 32, 21, 32, 3, 1)]
    [InlineData(false, 4e-6, 6, 64, 14, 64, 3, 1)]
    [InlineData(true, 4e-6, 75, 1, 28, 64, 3, 1)]
    [InlineData(true, 4e-6, 20, 3, 84, 32, 3, 1)]
    [InlineData(true, 2e-5, 64, 20, 12, 50, 5, 0)]
    [InlineData(true, 2e-5, 20, 64, 7, 64, 5, 2)]
    [InlineData(true, 2e-5, 6, 16, 15, 32, 5, 1)]
    [InlineData(true, 2e-5, 9, 32, 21, 32, 5, 3)]
    [InlineData(true, 2e-5, 3, 64, 6, 64, 5, 4)]
    [InlineData(false, 4e-6, 64, 20, 12, 50, 5, 0)]
    public void ErrorsStayBelow(
        bool winograd, double limit, int images, int channels, int size, int filters, int taps,
        int padding)
    {
        var s = new ConvolutionShape(
            1, images, channels, size, size, filters, taps, taps, 1, 1, padding, padding, 1, 1, 1);
        View[] results = [];
        View[] Run(CpuBackend backend, DType type)
        {
            View x = View.Random(backend, type, 1, Sizes(s, 'x'));
            View w = View.Random(backend, type, 2, Sizes(s, 'w'));
            View g = View.Random(backend, type, 3, Sizes(s, 'y'));
            results =
            [
                View.Filled(backend, type, Sizes(s, 'y')),
                View.Filled(backend, type, Sizes(s, 'x')),
                View.Filled(backend, type, Sizes(s, 'w')),
            ];
            backend.Convolution(s, x.Operand, w.Operand, results[0].Operand);
            backend.InputGradient(s, g.Operand, w.Operand, results[1].Operand);
            backend.WeightGradient(s, x.Operand, g.Operand, results[2].Operand);
            return results;
        }
        View[] exact = Run(new CpuBackend(2), DType.Float64);
        View[] rounded = Run(new CpuBackend(2) { Winograd = winograd }, DType.Float32);
        for (int i = 0; i < 3; i++)
        {
            double[] a = exact[i].Values(), b = rounded[i].Values();
            double rms = Math.Sqrt(a.Average(v => v * v));
            double[] errors = [.. a.Zip(b, (u, v) => Math.Abs(u - v) / rms)];
            Assert.True(errors.Max() < limit, $"result {i}: {errors.Max()}");
            double mean = Math.Sqrt(errors.Average(v => v * v));
            Assert.True(mean < 1.2e-6, $"result {i}: {mean} on average");
        }
    }

    [Fact]
    public void StrictOptionIsReadFromTheEnvironment()
    {
        Assert.True(CpuBackend.WinogradFrom(null));
        Assert.True(CpuBackend.WinogradFrom("winograd"));
        Assert.False(CpuBackend.WinogradFrom("direct"));
        var e = Assert.Throws<ArgumentException>(() => CpuBackend.WinogradFrom("Exact"));
        Assert.Equal(
            "ENGINE_CONVOLUTION is 'Exact'; it may be 'winograd' (the default) or 'direct'.",
            e.Message);
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

    private static void Check(
        CpuBackend backend, ConvolutionKernel? kernel, ConvolutionShape s, DType type,
        bool sharedX, bool sharedW)
    {
        View x = View.Random(backend, type, 1, Sizes(s, 'x'));
        View w = View.Random(backend, type, 2, Sizes(s, 'w'));
        View g = View.Random(backend, type, 3, Sizes(s, 'y'));
        if (sharedX) x = x.BroadcastFirst();
        if (sharedW) w = w.BroadcastFirst();
        View y = View.Filled(backend, type, Sizes(s, 'y'));
        View dx = View.Filled(backend, type, Sizes(s, 'x'));
        View dw = View.Filled(backend, type, Sizes(s, 'w'));
        if (kernel is null)
        {
            backend.Convolution(s, x.Operand, w.Operand, y.Operand);
            backend.InputGradient(s, g.Operand, w.Operand, dx.Operand);
            backend.WeightGradient(s, x.Operand, g.Operand, dw.Operand);
        }
        else
        {
            kernel.Forward(backend, s, x.Operand, w.Operand, y.Operand, null);
            kernel.InputGradient(backend, s, g.Operand, w.Operand, dx.Operand, null);
            kernel.WeightGradient(backend, s, x.Operand, g.Operand, dw.Operand);
        }
        double[] vx = x.Values(), vw = w.Values(), vg = g.Values();
        var ey = new double[vg.Length];
        var edx = new double[vx.Length];
        var edw = new double[vw.Length];
        Reference(s, vx, vw, vg, ey, edx, edw);
        double unit = type == DType.Float32 ? 1e-6 : 1e-15;
        int taps = s.GroupChannels * s.KernelHeight * s.KernelWidth;
        Near(ey, y, unit * (taps + 1), "y");
        Near(edx, dx, unit * (s.GroupFilters * s.KernelHeight * s.KernelWidth + 1), "dx");
        Near(edw, dw, unit * (s.Batch * s.OutHeight * s.OutWidth + 1), "dw");
    }

    private static void Near(double[] expected, View view, double tolerance, string name)
    {
        double[] values = view.Values();
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(values[i] - expected[i]) <= tolerance))
                Assert.Fail($"{name}[{i}] is {values[i]}, not {expected[i]}");
        view.AssertGuard();
    }

    private static void Reference(
        in ConvolutionShape s, double[] x, double[] w, double[] g,
        double[] y, double[] dx, double[] dw)
    {
        int oh = s.OutHeight, ow = s.OutWidth, cg = s.GroupChannels;
        for (int t = 0; t < s.Tasks; t++)
            for (int n = 0; n < s.Batch; n++)
                for (int k = 0; k < s.Filters; k++)
                    for (int i = 0; i < oh * ow; i++)
                        for (int c = 0; c < cg; c++)
                            for (int r = 0; r < s.KernelHeight; r++)
                                for (int q = 0; q < s.KernelWidth; q++)
                                {
                                    int h = i / ow * s.StrideHeight
                                        + r * s.DilationHeight - s.PaddingHeight;
                                    int v = i % ow * s.StrideWidth
                                        + q * s.DilationWidth - s.PaddingWidth;
                                    if (h < 0 || v < 0 || h >= s.Height || v >= s.Width) continue;
                                    int channel = k / s.GroupFilters * cg + c;
                                    int ix = (((t * s.Batch + n) * s.Channels + channel)
                                        * s.Height + h) * s.Width + v;
                                    int iw = (((t * s.Filters + k) * cg + c)
                                        * s.KernelHeight + r) * s.KernelWidth + q;
                                    int iy = ((t * s.Batch + n) * s.Filters + k) * oh * ow + i;
                                    y[iy] += x[ix] * w[iw];
                                    dx[ix] += g[iy] * w[iw];
                                    dw[iw] += g[iy] * x[ix];
                                }
    }
}
