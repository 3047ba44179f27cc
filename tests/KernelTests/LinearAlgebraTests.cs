// Factorisations by what defines them (products give the matrix back), running sums against plain
// loops; the same bits for any number of threads, nothing written behind a result.
using Engine;
using Engine.Kernels;
using Engine.KernelTests;

namespace KernelTests;

[Trait("Category", "Portable")]
public class LinearAlgebraTests
{
    private static readonly (long Batch, long Size)[] Shapes =
        [(1, 1), (3, 2), (2, 5), (1, 17), (40, 4), (2, 33), (1, 64), (0, 3), (2, 0), (500, 9)];

    public static TheoryData<DType> Types => [DType.Float32, DType.Float64];

    [Theory, MemberData(nameof(Types))]
    public void CholeskyGivesTheMatrixBack(DType type)
    {
        foreach (var (batch, n) in Shapes)
        {
            double[] x = Symmetric(batch, n, positive: true);
            double[] l = Run(type, x, (b, from, to) => b.Cholesky(from, to), batch, n, n);
            Each(batch, n, (at, i, j) =>
            {
                double sum = 0;
                for (long k = 0; k < n; k++) sum += l[at(i, k)] * l[at(j, k)];
                Near(type, n, x[at(i, j)], sum);
                if (j > i) Assert.Equal(0, l[at(i, j)]);
            });
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void LuGivesTheRowsBack(DType type)
    {
        foreach (var (batch, n) in Shapes)
        {
            double[] x = Random(batch * n * n);
            double[] f = Run(type, x, (b, from, to) => b.Lu(from, to), batch, n, n + 1);
            Each(batch, n, (at, i, j) =>
            {
                long start = at(0, 0) / Math.Max(1, n) * (n + 1);
                double sum = 0;
                for (long k = 0; k <= Math.Min(i, j); k++)
                    sum += (k == i ? 1 : f[start + i * n + k]) * f[start + k * n + j];
                Near(type, n, x[at((long)f[start + n * n + i], j)], sum);
                if (j < i) Assert.InRange(Math.Abs(f[start + i * n + j]), 0, 1);
            });
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void EighGivesTheMatrixBack(DType type)
    {
        foreach (var (batch, n) in Shapes)
        {
            double[] x = Symmetric(batch, n, positive: false);
            double[] f = Run(type, x, (b, from, to) => b.Eigh(from, to), batch, n, n + 1);
            Each(batch, n, (at, i, j) =>
            {
                long values = at(0, 0) / Math.Max(1, n) * (n + 1), vectors = values + n;
                double sum = 0, dot = 0;
                for (long k = 0; k < n; k++)
                {
                    sum += f[vectors + i * n + k] * f[values + k] * f[vectors + j * n + k];
                    dot += f[vectors + k * n + i] * f[vectors + k * n + j];
                }
                Near(type, n, x[at(i, j)], sum);
                Near(type, n, i == j ? 1 : 0, dot);
                if (j > 0) Assert.True(f[values + j] >= f[values + j - 1]);
            });
        }
    }

    [Theory, MemberData(nameof(Types))]
    public void EighOfEqualAndVanishingEigenvalues(DType type)
    {
        // Ones everywhere: eigenvalue n once, 0 else.
        const long n = 12;
        double[] ones = new double[n * n];
        Array.Fill(ones, 1);
        double[] f = Run(type, ones, (b, from, to) => b.Eigh(from, to), 1, n, n + 1);
        for (int k = 0; k < n; k++) Near(type, n, k == n - 1 ? n : 0, f[k]);
        double[] zeros = Run(
            type, new double[n * n], (b, from, to) => b.Eigh(from, to), 1, n, n + 1);
        Assert.All(zeros[..(int)n], v => Assert.Equal(0, v));
    }

    [Theory, MemberData(nameof(Types))]
    public void SubstitutionSolves(DType type)
    {
        foreach (var (batch, n) in Shapes)
            foreach (long m in (long[])[1, 3, 20])
                for (int kind = 0; kind < 8; kind++)
                    Substitution(type, batch, n, m,
                        new Triangle((kind & 1) != 0, (kind & 2) != 0, (kind & 4) != 0));
    }

    private static void Substitution(DType type, long batch, long n, long m, Triangle triangle)
    {
        if (n > 20 && m > 3) return; // one large case a shape is enough
        var backend = new CpuBackend(2);
        double[] a = Random(batch * n * n), b = Random(batch * n * m);
        for (long i = 0; i < a.Length; i++) a[i] = i % (n * n) % (n + 1) == 0 ? 3 : a[i] / n;
        View from = View.From(backend, type, a, batch, n, n);
        View sides = View.From(backend, type, b, batch, n, m);
        View to = View.Filled(backend, type, batch, n, m);
        backend.TriangularSolve(from.Operand, sides.Operand, to.Operand, triangle);
        to.AssertGuard();
        double[] x = to.Values();
        for (long t = 0; t < batch; t++)
            for (long i = 0; i < n; i++)
                for (long c = 0; c < m; c++)
                {
                    double sum = 0;
                    for (long k = 0; k < n; k++)
                    {
                        var (row, column) = triangle.Transposed ? (k, i) : (i, k);
                        bool stored = triangle.Lower ? column <= row : column >= row;
                        double value = row == column && triangle.Unit ? 1
                            : stored ? a[(t * n + row) * n + column] : 0;
                        sum += value * x[(t * n + k) * m + c];
                    }
                    Near(type, n, b[(t * n + i) * m + c], sum);
                }
    }

    [Fact]
    public void RunningSumsMatchThePlainLoop()
    {
        var backend = new CpuBackend(2);
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
            foreach (var (outer, n, inner) in ((long, long, long)[])
                [(1, 1, 1), (3, 7, 1), (2, 5, 9), (100, 40, 33), (1, 1000, 1), (0, 3, 2),
                    (2, 0, 3)])
                foreach (bool reverse in (bool[])[false, true])
                {
                    double[] x = Random(outer * n * inner);
                    View from = View.From(backend, type, x, outer, n, inner);
                    View to = View.Filled(backend, type, outer, n, inner);
                    backend.CumSum(from.Operand, to.Operand, reverse);
                    to.AssertGuard();
                    double[] y = to.Values();
                    for (long i = 0; i < y.Length; i++)
                    {
                        long row = i / inner / n * n * inner + i % inner, place = i / inner % n;
                        double sum = 0;
                        for (long k = reverse ? place : 0; k < (reverse ? n : place + 1); k++)
                            sum += x[row + k * inner];
                        Near(type, n, sum, y[i]);
                    }
                }
    }

    private static double[] Run(
        DType type, double[] x, Action<CpuBackend, Operand, Operand> kernel, long batch, long n,
        long rows)
    {
        var backend = new CpuBackend(2);
        View from = View.From(backend, type, x, batch, n, n);
        View to = View.Filled(backend, type, batch, rows, n);
        kernel(backend, from.Operand, to.Operand);
        to.AssertGuard();

        var single = new CpuBackend(1);
        View alone = View.Filled(single, type, batch, rows, n);
        kernel(single, View.From(single, type, x, batch, n, n).Operand, alone.Operand);
        Assert.Equal(alone.Bytes(), to.Bytes());
        return to.Values();
    }

    private static void Each(long batch, long n, Action<Func<long, long, long>, long, long> check)
    {
        for (long b = 0; b < batch; b++)
            for (long i = 0; i < n; i++)
                for (long j = 0; j < n; j++)
                    check((row, column) => (b * n + row) * n + column, i, j);
    }

    private static double[] Random(long count)
    {
        var random = new Random((int)count);
        return [.. Enumerable.Range(0, (int)count).Select(_ => 2 * random.NextDouble() - 1)];
    }

    private static double[] Symmetric(long batch, long n, bool positive)
    {
        double[] x = Random(batch * n * n);
        Each(batch, n, (at, i, j) =>
        {
            if (j < i) x[at(i, j)] = x[at(j, i)];
            if (i == j && positive) x[at(i, j)] += 2 * n;
        });
        return x;
    }

    private static void Near(DType type, long n, double expected, double actual)
    {
        double tolerance = (type == DType.Float32 ? 1e-6 : 2e-15) * 4 * Math.Max(n, 4);
        Assert.InRange(actual, expected - tolerance, expected + tolerance);
    }
}
