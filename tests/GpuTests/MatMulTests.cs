// Matrix products against the CPU: tiles and their edges, small products, long k in parts, batches,
// strides, epilogues.
using Engine.Kernels;

namespace Engine.GpuTests;

public class MatMulTests
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];

    // The simulated device has tiles of 8 x 8 and 16 x 16 results and takes k in steps of 2.
    public static TheoryData<long, long, long> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 7, 5 }, { 7, 1, 5 }, { 3, 3, 40 }, { 1, 1, 700 }, { 2, 70, 90 },
        { 8, 8, 8 }, { 9, 8, 7 }, { 5, 6, 1 }, { 16, 16, 16 }, { 17, 31, 19 }, { 33, 16, 5 },
        { 23, 40, 12 }, { 8, 8, 96 }, { 8, 10, 331 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void ProductsOfAllSizesAreThoseOfTheCpu(long m, long n, long k)
    {
        foreach (DType type in Floats)
        {
            Pair a = Pair.Random(type, 1, [m, k]), b = Pair.Random(type, 2, [k, n]);
            Check(a, b, $"{type}");
            Check(
                a.Strided(0, [m, k], [1, m]), b.Strided(0, [k, n], [1, k]),
                $"{type}, both transposed");
        }
    }

    [Fact]
    public void OperandsMayLieInAnyWay()
    {
        Pair x = Pair.Random(DType.Float32, 3, [3000]), y = Pair.Random(DType.Float32, 4, [3000]);
        foreach (var (m, n, k) in ((long, long, long)[])[(17, 9, 13), (3, 2, 50)])
        {
            long[][] ofA = [[k, 1], [1, m], [2 * k, 2], [-k, 1], [0, 1], [k, 0]];
            long[][] ofB = [[n, 1], [1, k], [2 * n, 2], [n, -1], [0, 1], [n, 0]];
            foreach (long[] strideA in ofA)
                foreach (long[] strideB in ofB)
                    Check(
                        x.Strided(1000, [m, k], strideA), y.Strided(1000, [k, n], strideB),
                        $"{string.Join(", ", strideA)} times {string.Join(", ", strideB)}");
        }
    }

    [Fact]
    public void BatchesMayBeBroadcastOverAnyAxis()
    {
        foreach (var (m, n, k) in ((long, long, long)[])[(9, 10, 11), (3, 3, 3), (8, 8, 80)])
        {
            Pair a = Pair.Random(DType.Float32, 5, [6 * m * k]);
            Pair b = Pair.Random(DType.Float32, 6, [6 * k * n]);
            long[][] batches = [[3, 1], [1, 2], [0, 1], [1, 0], [0, 0]];
            foreach (long[] p in batches)
                foreach (long[] q in batches)
                    Check(
                        a.Strided(0, [2, 3, m, k], [p[0] * m * k, p[1] * m * k, k, 1]),
                        b.Strided(0, [2, 3, k, n], [q[0] * k * n, q[1] * k * n, 1, k]),
                        $"({string.Join(", ", p)}) ({string.Join(", ", q)})");
        }
    }

    [Fact]
    public void ABatchMayHaveManyAxes()
    {
        foreach (long size in (long[])[2, 8])
        {
            long[] sizes = [2, 2, 2, 2, 2, 2, 2, size, size];
            long matrix = size * size;
            Pair a = Pair.Random(DType.Float32, 7, [128 * matrix]);
            long[] mixed = [1, 4, 2, 16, 8, 64, 32];
            Pair b = a.Strided(0, sizes, [.. mixed.Select(s => s * matrix), size, 1]);
            Check(b, a.Strided(0, sizes, [.. Layout.Contiguous(sizes).Strides]), "many axes");
        }
    }

    [Fact]
    public void AnEpilogueIsAppliedToTheProduct()
    {
        RegisterType r = RegisterType.Float32;
        TileKernel add = TileKernels.NumberBinary<AddOp>(DType.Float32);
        TileKernel max = TileKernels.NumberBinary<MaximumOp>(DType.Float32);
        // max(product + bias, 0)
        var program = new TileProgram(
            [r, r], [new(r, 0)], [new(add, 0, 1), new(max, 3, 2)], [4]);
        foreach (var (m, n, k) in
            ((long, long, long)[])[(17, 18, 9), (3, 5, 7), (8, 8, 100), (4, 3, 0), (1, 2, 600)])
        {
            Pair a = Pair.Random(DType.Float32, 8, [m, k]);
            Pair b = Pair.Random(DType.Float32, 9, [k, n]), c = Pair.Empty(DType.Float32, m, n);
            Pair bias = Pair.Random(DType.Float32, 10, [n]).Strided(0, [m, n], [0, 1]);
            Pair.Host.MatMul(a.Cpu, b.Cpu, c.Cpu, new(program, [bias.Cpu]));
            Pair.Device.MatMul(a.Gpu, b.Gpu, c.Gpu, new(program, [bias.Gpu]));
            c.Same(8, $"{m} {n} {k}");
        }
    }

    [Fact]
    public void NothingTimesNothingIsZero()
    {
        foreach (var (m, n, k) in ((long, long, long)[])[(3, 4, 0), (0, 4, 3), (3, 0, 3)])
            Check(
                Pair.Random(DType.Float32, 1, [m, k]), Pair.Random(DType.Float32, 1, [k, n]),
                $"{m} {n} {k}");
    }

    [Fact]
    public void AProductHasTheSameBitsTwiceAndWhereverItsTileLies()
    {
        foreach (long k in (long[])[12, 200])
        {
            Pair a = Pair.Random(DType.Float32, 11, [24, k]);
            Pair b = Pair.Random(DType.Float32, 12, [k, 24]);
            byte[] once = Product(a, b);
            Assert.Equal(once, Product(a, b));
            Assert.Equal(
                once,
                Product(Turned(a, 24, k), Turned(b, k, 24)));
        }
    }

    [Fact]
    public void NumbersThatAreNotFiniteStayInTheirRowsAndColumns()
    {
        foreach (long size in (long[])[3, 11])
        {
            Pair a = Pair.Random(DType.Float64, 13, [size, size]);
            Pair b = Pair.Empty(DType.Float64, size, size);
            // All bits set is a NaN: in the first row alone after the copy.
            Pair rows = b.Strided(size, [size - 1, size], [size, 1]);
            Pair some = a.Strided(size, [size - 1, size], [size, 1]);
            Pair.Host.Copy(some.Cpu, rows.Cpu);
            Pair.Device.Copy(some.Gpu, rows.Gpu);
            Check(b, a, $"rows of {size}");
            Check(a, b.Strided(0, [size, size], [1, size]), $"columns of {size}");
        }
    }

    [Fact]
    public void IntegersAreRefused()
    {
        Pair x = Pair.Random(DType.Int32, 1, [2, 2]);
        Assert.Throws<NotSupportedException>(() => Pair.Device.MatMul(
            x.Gpu, x.Gpu, Pair.Empty(DType.Int32, 2, 2).Gpu));
    }

    /// <summary>The same matrix, lying column by column.</summary>
    private static Pair Turned(Pair x, long rows, long columns)
    {
        Pair turned = Pair.Empty(DType.Float32, rows * columns)
            .Strided(0, [rows, columns], [1, rows]);
        Pair.Device.Copy(x.Gpu, turned.Gpu);
        return turned;
    }

    private static byte[] Product(Pair a, Pair b)
    {
        Pair c = Pair.Empty(DType.Float32, a.Gpu.Layout.Sizes[0], b.Gpu.Layout.Sizes[1]);
        Pair.Device.MatMul(a.Gpu, b.Gpu, c.Gpu);
        var bytes = new byte[c.Gpu.Layout.Count * 4];
        Pair.Device.Download(c.Gpu.Buffer, 0, bytes);
        return bytes;
    }

    private static void Check(Pair a, Pair b, string what)
    {
        ReadOnlySpan<long> x = a.Cpu.Layout.Sizes;
        Pair c = Pair.Empty(a.Cpu.Type, [.. x[..^1], b.Cpu.Layout.Sizes[^1]]);
        Pair.Host.MatMul(a.Cpu, b.Cpu, c.Cpu);
        Pair.Device.MatMul(a.Gpu, b.Gpu, c.Gpu);
        c.Same(8, what);
    }
}
