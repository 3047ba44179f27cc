// Factorisations: near the CPU's, eigenvectors by giving the matrix back, and the same bits twice.
using System.Runtime.InteropServices;
using Engine.Kernels;

namespace Engine.GpuTests;

public class LinearAlgebraTests
{
    private static readonly (long Batch, long Size)[] Shapes =
        [(1, 1), (3, 2), (2, 5), (1, 17), (9, 4), (2, 33), (0, 3), (2, 0)];

    public static TheoryData<DType> Types => [DType.Float32, DType.Float64];

    [Theory, MemberData(nameof(Types))]
    public void CholeskyIsNearTheCpu(DType type)
    {
        foreach (var (batch, n) in Shapes)
        {
            double[] x = Symmetric(batch, n, 2 * n);
            Compare(type, x, batch, n, n, (b, from, to) => b.Cholesky(from, to));
        }
        // One of two matrices is not positive definite.
        double[] mixed = Symmetric(2, 5, 10);
        mixed[12] = -1;
        Compare(type, mixed, 2, 5, 5, (b, from, to) => b.Cholesky(from, to));
        mixed[30] = double.NaN;
        Compare(type, mixed, 2, 5, 5, (b, from, to) => b.Cholesky(from, to));
    }

    [Theory, MemberData(nameof(Types))]
    public void LuIsNearTheCpu(DType type)
    {
        foreach (var (batch, n) in Shapes)
            Compare(type, Random(batch * n * n), batch, n, n + 1, (b, from, to) => b.Lu(from, to));
        // Zeros, equal magnitudes, where the first is to be taken, and a NaN as the first pivot.
        double[] odd = [0, 0, 0, 0, 1, 2, 0, -1, 3, 1, 2, 3, -1, 2, 2, 1, 0, 1,
            double.NaN, 1, 2, 3, 4, 5, 6, 7, 9];
        Compare(type, odd, 3, 3, 4, (b, from, to) => b.Lu(from, to));
    }

    [Theory, MemberData(nameof(Types))]
    public void SubstitutionIsNearTheCpu(DType type)
    {
        foreach (var (batch, n) in Shapes)
            foreach (long m in (long[])[1, 3, 20])
                for (int kind = 0; kind < 8; kind++)
                {
                    if (n > 20 && m > 3) continue; // slow on the simulated device
                    var triangle = new Triangle((kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0);
                    double[] a = Random(batch * n * n), b = Random(batch * n * m);
                    for (long i = 0; i < a.Length; i++)
                        a[i] = i % (n * n) % (n + 1) == 0 ? 3 : a[i] / n;
                    Pair from = View(type, a, batch, n, n), sides = View(type, b, batch, n, m);
                    Pair x = Pair.Empty(type, batch, n, m);
                    Pair.Host.TriangularSolve(from.Cpu, sides.Cpu, x.Cpu, triangle);
                    Pair.Device.TriangularSolve(from.Gpu, sides.Gpu, x.Gpu, triangle);
                    x.Same(8 * Math.Max(n, 4), $"{type} {batch} {n} {m} {triangle}");
                }
    }

    [Theory, MemberData(nameof(Types))]
    public void EighGivesTheMatrixBack(DType type)
    {
        foreach (var (batch, n) in Shapes) Eigh(type, Symmetric(batch, n, 0), batch, n);
        double[] ones = new double[12 * 12];
        Array.Fill(ones, 1);
        Eigh(type, ones, 1, 12);
        Eigh(type, new double[49], 1, 7);
        Eigh(type, [1e-30, 0, 0, 1e-30, 1e30, 5e29, 5e29, 1e30], 2, 2);
    }

    [Theory, MemberData(nameof(Types))]
    public void EighOfWhatIsNotFiniteIsNaN(DType type)
    {
        foreach (double bad in (double[])[double.NaN, double.PositiveInfinity])
        {
            double[] x = Symmetric(2, 5, 0);
            x[7] = x[11] = bad;
            Pair from = View(type, x, 2, 5, 5), y = Pair.Empty(type, 2, 6, 5);
            Pair.Device.Eigh(from.Gpu, y.Gpu);
            double[] values = Values(y, type);
            Assert.All(values[..30], v => Assert.True(double.IsNaN(v)));
            Assert.All(values[30..], v => Assert.True(double.IsFinite(v)));
        }
    }

    private static void Eigh(DType type, double[] x, long batch, long n)
    {
        Pair from = View(type, x, batch, n, n), y = Pair.Empty(type, batch, n + 1, n);
        Pair.Host.Eigh(from.Cpu, y.Cpu);
        Pair.Device.Eigh(from.Gpu, y.Gpu);
        double[] cpu = Values(y, type, host: true), f = Values(y, type);
        double bound = (type == DType.Float32 ? 1e-6 : 2e-15) * 4 * Math.Max(n, 4);
        for (long b = 0; b < batch; b++)
        {
            long at = b * (n + 1) * n, vectors = at + n;
            double largest = Enumerable.Range(0, (int)(n * n))
                .Select(i => Math.Abs(x[b * n * n + i])).DefaultIfEmpty(0).Max();
            for (long i = 0; i < n; i++)
            {
                Assert.InRange(f[at + i] - cpu[at + i], -bound * largest, bound * largest);
                if (i > 0) Assert.True(f[at + i] >= f[at + i - 1]);
                double most = Enumerable.Range(0, (int)n).Select(k => f[vectors + k * n + i])
                    .MaxBy(Math.Abs);
                Assert.True(most > 0);
                for (long j = 0; j < n; j++)
                {
                    double sum = 0, dot = 0;
                    for (long k = 0; k < n; k++)
                    {
                        sum += f[vectors + i * n + k] * f[at + k] * f[vectors + j * n + k];
                        dot += f[vectors + k * n + i] * f[vectors + k * n + j];
                    }
                    Assert.InRange(
                        sum - x[(b * n + i) * n + j], -bound * largest, bound * largest);
                    Assert.InRange(dot - (i == j ? 1 : 0), -bound, bound);
                }
            }
        }
        Twice(y, type, batch, n + 1, n, again => Pair.Device.Eigh(from.Gpu, again));
    }

    private static void Compare(
        DType type, double[] x, long batch, long n, long rows,
        Action<IBackend, Operand, Operand> kernel)
    {
        Pair from = View(type, x, batch, n, n), y = Pair.Empty(type, batch, rows, n);
        kernel(Pair.Host, from.Cpu, y.Cpu);
        kernel(Pair.Device, from.Gpu, y.Gpu);
        y.Same(8 * Math.Max(n, 4), $"{type} {batch} {n}");
        Twice(y, type, batch, rows, n, again => kernel(Pair.Device, from.Gpu, again));
    }

    private static void Twice(
        Pair y, DType type, long batch, long rows, long n, Action<Operand> kernel)
    {
        Pair again = Pair.Empty(type, batch, rows, n);
        kernel(again.Gpu);
        byte[] first = new byte[batch * rows * n * type.Size()], second = [.. first];
        Pair.Device.Download(y.Gpu.Buffer, 0, first);
        Pair.Device.Download(again.Gpu.Buffer, 0, second);
        Assert.Equal(first, second);
    }

    private static Pair View(DType type, double[] values, params long[] sizes)
    {
        byte[] bytes = type == DType.Float64
            ? MemoryMarshal.AsBytes<double>(values).ToArray()
            : MemoryMarshal.AsBytes<float>([.. values.Select(v => (float)v)]).ToArray();
        return Pair.From([.. bytes, .. new byte[64]], type, Layout.Contiguous(sizes));
    }

    private static double[] Values(Pair y, DType type, bool host = false)
    {
        byte[] bytes = new byte[y.Cpu.Layout.Count * type.Size()];
        if (host) Pair.Host.Download(y.Cpu.Buffer, 0, bytes);
        else Pair.Device.Download(y.Gpu.Buffer, 0, bytes);
        return type == DType.Float64 ? MemoryMarshal.Cast<byte, double>(bytes).ToArray()
            : [.. MemoryMarshal.Cast<byte, float>(bytes).ToArray().Select(v => (double)v)];
    }

    private static double[] Random(long count)
    {
        var random = new Random((int)count);
        return [.. Enumerable.Range(0, (int)count).Select(_ => 2 * random.NextDouble() - 1)];
    }

    private static double[] Symmetric(long batch, long n, double diagonal)
    {
        double[] x = Random(batch * n * n);
        for (long b = 0; b < batch; b++)
            for (long i = 0; i < n; i++)
            {
                for (long j = 0; j < i; j++) x[(b * n + i) * n + j] = x[(b * n + j) * n + i];
                x[(b * n + i) * n + i] += diagonal;
            }
        return x;
    }
}
