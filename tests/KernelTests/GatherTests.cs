// Gather, scatter-add, the position of the maximum and sorting, against plain loops.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class GatherTests
{
    private static readonly DType[] Types =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    [Fact]
    public void GatherAndScatterAddMatchThePlainLoop()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            DType type = Types[random.Next(4)];
            long batch = random.Next(1, 4), rows = random.Next(1, 9), count = random.Next(0, 30);
            long inner = seed % 20 == 0 ? 1300 : random.Next(1, 20);
            if (seed % 40 == 0) count = 60;
            Operand index = Index(backend, random, batch, count, rows);
            Operand x = Views.Random(backend, random, type, [batch, rows, inner], true);
            if (random.Next(3) == 0)
                x = x with { Layout = new Layout([batch, rows, inner], [0, inner, 1]) };
            Operand y = Views.New(backend, type, batch, count, inner);
            backend.Gather(x, index, y);
            for (long i = 0; i < y.Layout.Count; i++)
            {
                (long pair, long column) = Math.DivRem(i, inner);
                long row = (long)Views.Get(index, pair);
                long place = (pair / count * rows + row) * inner + column;
                Assert.Equal(Views.Get(x, place), Views.Get(y, i));
            }

            Operand g = Views.Random(backend, random, type, [batch, count, inner]);
            Operand sum = Views.New(backend, type, batch, rows, inner);
            backend.ScatterAdd(g, index, sum);
            double[] expected = new double[sum.Layout.Count];
            for (long i = 0; i < g.Layout.Count; i++)
            {
                (long pair, long column) = Math.DivRem(i, inner);
                long at = (pair / count * rows + (long)Views.Get(index, pair)) * inner + column;
                double total = expected[at] + Views.Get(g, i);
                expected[at] = type == DType.Float32 ? (float)total : total;
            }

            Assert.Equal(expected, Views.Values(sum));
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-1)]
    public void AnIndexOutsideThrows(long bad)
    {
        var backend = new CpuBackend(1);
        Operand x = Views.From(backend, new float[10], 1, 5, 2);
        Operand index = Views.From(backend, new[] { 0, bad, 1 }, 1, 3);
        Operand y = Views.New(backend, DType.Float32, 1, 3, 2);
        var error = Assert.Throws<IndexOutOfRangeException>(() => backend.Gather(x, index, y));
        Assert.Equal($"index {bad} at (0, 1) is outside 0 .. 4.", error.Message);
        Assert.Throws<IndexOutOfRangeException>(() => backend.ScatterAdd(y, index, x));
    }

    [Fact]
    public void ArgMaxIsTheFirstMaximumAndNaNWins()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            DType type = Types[random.Next(4)];
            long rows = random.Next(0, 9), n = random.Next(1, seed % 3 == 0 ? 200 : 12);
            Operand x = Views.Random(backend, random, type, [rows, n], random.Next(2) == 0);
            if (type.IsFloat() && rows > 0 && random.Next(2) == 0)
                Views.Set(x, random.NextInt64(x.Layout.Count), double.NaN);
            Operand y = Views.New(backend, DType.Int64, rows);
            backend.ArgMax(x, y);
            for (long row = 0; row < rows; row++)
            {
                long best = 0;
                for (long i = 1; i < n; i++)
                {
                    double value = Views.Get(x, row * n + i), old = Views.Get(x, row * n + best);
                    if (value > old || (double.IsNaN(value) && !double.IsNaN(old))) best = i;
                }

                Assert.Equal(best, Views.Get(y, row));
            }
        }
    }

    [Fact]
    public void ArgSortIsStableAndPutsNaNLast()
    {
        var backend = new CpuBackend(2);
        foreach (DType type in Types)
        {
            for (int seed = 0; seed < 40; seed++)
            {
                var random = new Random(seed);
                long rows = random.Next(0, 5), n = seed % 10 == 0 ? 3000 : random.Next(0, 40);
                Operand x = Views.Random(backend, random, type, [rows, n], true);
                for (long i = 0; i < x.Layout.Count; i++)
                {
                    double value = random.Next(8) - 4;
                    if (type.IsFloat())
                        value = random.Next(8) switch
                        {
                            0 => double.NaN,
                            1 => -0.0,
                            2 => double.PositiveInfinity,
                            3 => double.NegativeInfinity,
                            _ => value,
                        };
                    Views.Set(x, i, value);
                }

                Operand y = Views.New(backend, DType.Int64, rows, n);
                backend.ArgSort(x, y);
                for (long row = 0; row < rows; row++)
                {
                    long[] expected = [.. Enumerable.Range(0, (int)n).Select(i => (long)i)
                        .OrderBy(i => double.IsNaN(Views.Get(x, row * n + i)) ? 1 : 0)
                        .ThenBy(i => Views.Get(x, row * n + i) + 0.0)];
                    Assert.Equal(
                        expected, Views.Array<long>(y).Skip((int)(row * n)).Take((int)n));
                }
            }
        }

        Operand extremes = Views.From(backend, new[] { long.MaxValue, long.MinValue, -1, 0 }, 1, 4);
        Operand order = Views.New(backend, DType.Int64, 1, 4);
        backend.ArgSort(extremes, order);
        Assert.Equal([1L, 2, 3, 0], Views.Array<long>(order));
    }

    private static Operand Index(
        CpuBackend backend, Random random, long batch, long count, long rows)
    {
        DType type = random.Next(2) == 0 ? DType.Int32 : DType.Int64;
        Operand index = Views.New(backend, type, batch, count);
        if (random.Next(2) == 0)
            index = index with { Layout = new Layout([batch, count], [1, batch]) };
        for (long i = 0; i < batch * count; i++) Views.Set(index, i, random.NextInt64(rows));
        return index;
    }
}
