// MatMul against the definition in double precision, over shapes, strides, widths and threads.
using Engine.Kernels;

namespace Engine.KernelTests;

[Trait("Category", "Portable")]
public unsafe class MatMulTests
{
    /// <summary>Batch, m, k, n: empty, one, odd, small, and beyond every block size.</summary>
    public static TheoryData<long, long, long, long> Shapes => new()
    {
        { 1, 0, 3, 4 }, { 2, 3, 0, 4 }, { 1, 3, 4, 0 }, { 0, 3, 4, 5 },
        { 1, 1, 1, 1 }, { 1, 1, 17, 1 }, { 3, 1, 5, 7 }, { 2, 7, 5, 1 }, { 1, 300, 40, 1 },
        { 5, 10, 40, 40 }, { 2, 5, 64, 64 }, { 3, 13, 9, 33 }, { 1, 2, 100, 301 },
        { 1, 150, 130, 170 }, { 1, 61, 600, 97 }, { 2, 70, 300, 75 }, { 1, 700, 33, 50 },
        { 1, 40, 270, 512 }, { 1, 64, 260, 650 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsDefinition(long batch, long m, long k, long n)
    {
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
            for (int form = 0; form < 8; form++)
            {
                var backend = new CpuBackend(2);
                View a = View.Random(backend, type, 1, batch, m, k);
                View b = View.Random(backend, type, 2, batch, k, n);
                if ((form & 1) != 0) a = View.Random(backend, type, 1, batch, k, m).Transpose();
                if ((form & 2) != 0) b = View.Random(backend, type, 2, batch, n, k).Transpose();
                if ((form & 4) != 0 && batch > 0) b = b.BroadcastFirst();
                Check(backend, a, b, Product(backend));
            }
    }

    [Fact]
    public void ReadsAnyStrides()
    {
        var backend = new CpuBackend(1);
        View a = View.Random(backend, DType.Float32, 1, 12, 30).Strided(0, [6, 10], [60, 3]);
        View b = View.Random(backend, DType.Float32, 2, 10, 80).Strided(799, [10, 40], [-80, -2]);
        Check(backend, a, b, Product(backend));
        View same = View.Random(backend, DType.Float32, 3, 1).Strided(0, [150, 200], [0, 0]);
        Check(backend, same, View.Random(backend, DType.Float32, 4, 200, 150), Product(backend));
    }

    [Fact]
    public void BatchAxesBroadcastSeparately()
    {
        var backend = new CpuBackend(2);
        View a = View.Random(backend, DType.Float32, 1, 3, 4, 5, 6)
            .Strided(0, [2, 3, 4, 5, 6], [0, 120, 30, 6, 1]);
        View b = View.Random(backend, DType.Float32, 2, 2, 4, 6, 7)
            .Strided(0, [2, 3, 4, 6, 7], [168, 0, 42, 7, 1]);
        Check(backend, a, b, Product(backend));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EveryWidthWorks(long batch, long m, long k, long n)
    {
        var backend = new CpuBackend(1);
        View a = View.Random(backend, DType.Float32, 1, batch, m, k);
        View b = View.Random(backend, DType.Float32, 2, batch, n, k).Transpose();
        Check(backend, a, b, (in Operand x, in Operand y, in Operand z) =>
            MatMulKernel<Lanes512<float>, float>.Run(backend, x, y, z, null));
        Check(backend, a, b, (in Operand x, in Operand y, in Operand z) =>
            MatMulKernel<Lanes256<float>, float>.Run(backend, x, y, z, null));
        Check(backend, a, b, (in Operand x, in Operand y, in Operand z) =>
            MatMulKernel<Lanes128<float>, float>.Run(backend, x, y, z, null));
        Check(backend, a, b, (in Operand x, in Operand y, in Operand z) =>
            MatMulKernel<Lanes1<float>, float>.Run(backend, x, y, z, null));
    }

    [Theory]
    [InlineData(1, 300, 520, 1100)]
    [InlineData(40, 10, 64, 64)]
    [InlineData(1, 64, 700, 33)]
    [InlineData(1, 64, 300, 800)]
    public void ThreadsDoNotChangeBits(long batch, long m, long k, long n)
    {
        byte[]? expected = null;
        foreach (int threads in new[] { 1, 2, 3 })
        {
            var backend = new CpuBackend(threads);
            View a = View.Random(backend, DType.Float32, 1, batch, m, k);
            View b = View.Random(backend, DType.Float32, 2, batch, k, n);
            View c = View.Filled(backend, DType.Float32, batch, m, n);
            backend.MatMul(a.Operand, b.Operand, c.Operand);
            expected ??= c.Bytes();
            Assert.True(expected.AsSpan().SequenceEqual(c.Bytes()), $"{threads} threads");
        }
    }

    [Fact]
    public void GivesScratchBack()
    {
        var backend = new CpuBackend(2);
        View a = View.Random(backend, DType.Float32, 1, 200, 200);
        View c = View.Filled(backend, DType.Float32, 200, 200);
        long before = backend.BytesInUse;
        backend.MatMul(a.Operand, a.Operand, c.Operand);
        Assert.Equal(before, backend.BytesInUse);
    }

    private delegate void Multiply(in Operand a, in Operand b, in Operand c);

    private static Multiply Product(CpuBackend backend) =>
        (in Operand a, in Operand b, in Operand c) => backend.MatMul(a, b, c);

    private static void Check(CpuBackend backend, View a, View b, Multiply product)
    {
        ReadOnlySpan<long> sizes = a.Operand.Layout.Sizes;
        int rank = sizes.Length;
        (long m, long k) = (sizes[rank - 2], sizes[rank - 1]);
        long n = b.Operand.Layout.Sizes[rank - 1];
        long[] result = [.. sizes[..^1], n];
        View c = View.Filled(backend, a.Operand.Type, result);
        product(a.Operand, b.Operand, c.Operand);
        double[] x = a.Values(), y = b.Values(), z = c.Values();
        double unit = a.Operand.Type == DType.Float32 ? 1.2e-7 : 2.3e-16;
        long batch = m * n == 0 ? 0 : z.Length / (m * n);
        for (long t = 0; t < batch; t++)
            for (long i = 0; i < m; i++)
                for (long j = 0; j < n; j++)
                {
                    double sum = 0;
                    for (long p = 0; p < k; p++)
                        sum += x[(t * m + i) * k + p] * y[(t * k + p) * n + j];
                    double value = z[(t * m + i) * n + j];
                    Assert.True(Math.Abs(value - sum) <= unit * (k + 1),
                        $"{t}, {i}, {j}: {value}, not {sum}");
                }
        c.AssertGuard();
    }
}
