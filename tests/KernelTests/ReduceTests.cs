// Reductions against plain sums in double precision, over every choice of axes.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class ReduceTests
{
    private static readonly DType[] Types =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    [Fact]
    public void MatchesThePlainLoop()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            long[] sizes = [.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(6)
                switch { 0 => 1, 1 => random.Next(9, 40), 2 => 150, 3 => 3, _ => 5 })];
            while (sizes.Aggregate(1L, (a, b) => a * b) > 400_000)
                sizes[Array.IndexOf(sizes, sizes.Max())] = 2;
            Check(backend, random, sizes, seed);
        }
    }

    [Fact]
    public void MatchesThePlainLoopWhenCutIntoPieces()
    {
        var backend = new CpuBackend(2);
        long[][] shapes = [[300_007], [2, 150_000], [150_000, 2], [3, 400, 500], [700, 3, 301]];
        for (int seed = 0; seed < 60; seed++)
            Check(backend, new Random(seed), shapes[seed % shapes.Length], seed);
    }

    private static void Check(CpuBackend backend, Random random, long[] sizes, int seed)
    {
        DType type = Types[random.Next(4)];
        var kind = (ReduceKind)random.Next(3);
        Operand x = Views.Random(backend, random, type, sizes, random.Next(2) == 0);
        long[] kept = [.. sizes.Select(size => random.Next(2) == 0 ? 1 : size)];
        Operand y = Views.New(backend, type, kept);
        backend.Reduce(kind, x, y);

        double[] expected = new double[y.Layout.Count], magnitude = new double[expected.Length];
        Array.Fill(expected, kind switch
        {
            ReduceKind.Sum => 0,
            ReduceKind.Max => double.NegativeInfinity,
            _ => double.PositiveInfinity,
        });
        double[] values = Views.Values(x);
        for (long i = 0; i < values.Length; i++)
        {
            long at = 0, rest = i, step = 1;
            for (int axis = sizes.Length - 1; axis >= 0; axis--)
            {
                long position = rest % sizes[axis];
                rest /= sizes[axis];
                if (kept[axis] == 1) continue;
                at += position * step;
                step *= kept[axis];
            }

            magnitude[at] += Math.Abs(values[i]);
            expected[at] = kind switch
            {
                ReduceKind.Sum => expected[at] + values[i],
                ReduceKind.Max => Math.Max(expected[at], values[i]),
                _ => Math.Min(expected[at], values[i]),
            };
        }

        double unit = kind != ReduceKind.Sum ? 0
            : type == DType.Float32 ? 4e-7 : type == DType.Float64 ? 1e-15 : 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double actual = Views.Get(y, i);
            Assert.True(
                Math.Abs(actual - expected[i]) <= unit * magnitude[i],
                $"seed {seed}: {kind} {type} of {x.Layout} to {y.Layout}, element {i}: " +
                $"{actual}, not {expected[i]}");
        }
    }

    [Fact]
    public void DoesNotDependOnThreads()
    {
        long[][] shapes = [[1_000_003], [40, 50_000], [50_000, 40], [16, 32, 30, 30]];
        foreach (long[] sizes in shapes)
        {
            for (int axes = 1; axes < 1 << sizes.Length; axes++)
            {
                long[] kept = [.. sizes.Select((size, i) => (axes >> i & 1) == 1 ? 1 : size)];
                float[]? expected = null;
                foreach (int threads in (int[])[1, 2, 3])
                {
                    var backend = new CpuBackend(threads);
                    Operand x = Views.Random(backend, new Random(5), DType.Float32, sizes, true);
                    Operand y = Views.New(backend, DType.Float32, kept);
                    backend.Reduce(ReduceKind.Sum, x, y);
                    float[] actual = Views.Array<float>(y);
                    Assert.Equal(expected ??= actual, actual);
                }
            }
        }
    }

    // Runs of several results that lie together are read together, stored or computed: the bits
    // are those of each result on its own.
    [Theory]
    [InlineData(3, 21, 784)]
    [InlineData(5, 150, 9)]
    [InlineData(7, 131, 2)]
    [InlineData(2, 5, 2600)]
    [InlineData(9, 67, 196)]
    public void StretchesEqualTheirRuns(long images, long channels, long inner)
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            var backend = new CpuBackend(2);
            var random = new Random(6);
            long[] sizes = [images, channels, inner];
            Operand x = Views.Random(backend, random, type, sizes, true);
            Operand mean = Views.Random(backend, random, type, [channels], true);
            mean = mean with { Layout = new Layout(sizes, [0, 1, 0]) };
            RegisterType register = Registers.Of(type);
            TileKernel plus = TileKernels.NumberBinary<FusedTests.Plus>(type);
            var program = new TileProgram(
                [register, register], [], [new TileInstruction(plus, 0, 1)], [2, 0]);

            Operand[] y = [.. Enumerable.Range(0, 3).Select(
                _ => Views.New(backend, type, 1, channels, 1))];
            backend.Reduce(ReduceKind.Sum, x, y[0]);
            backend.Reduce(
                ReduceKind.Sum, program, Layout.Contiguous(sizes), [x, mean], [y[1], y[2]]);
            Operand one = Views.New(backend, type, 1, 1, 1);
            Operand moved = Views.New(backend, type, sizes);
            backend.Elementwise(program, [x, mean], [moved, Views.New(backend, type, sizes)]);
            foreach ((Operand of, Operand sums) in
                ((Operand, Operand)[])[(x, y[0]), (moved, y[1]), (x, y[2])])
                for (long c = 0; c < channels; c++)
                {
                    var layout = new Layout(
                        [images, 1, inner], [channels * inner, inner, 1]);
                    backend.Reduce(
                        ReduceKind.Sum, of with { Offset = c * inner, Layout = layout }, one);
                    Assert.Equal(Views.Bits(one, 0), Views.Bits(sums, c));
                }
        }
    }

    [Fact]
    public void SumsOfAMillionAreAccurate()
    {
        var backend = new CpuBackend(1);
        float[] data = new float[1_000_000];
        Array.Fill(data, 0.1f);
        Operand y = Views.New(backend, DType.Float32, 1);
        backend.Reduce(ReduceKind.Sum, Views.From(backend, data), y);
        Assert.Equal((float)(0.1f * 1e6), (float)Views.Get(y, 0), 0.2f);
        y = Views.New(backend, DType.Float32, 1, 4);
        backend.Reduce(ReduceKind.Sum, Views.From(backend, data, 250_000, 4), y);
        Assert.Equal((float)(0.1f * 2.5e5), (float)Views.Get(y, 3), 0.02f);
    }

    [Fact]
    public void NaNWins()
    {
        var backend = new CpuBackend(1);
        foreach (int at in (int[])[0, 3, 77, 99])
        {
            double[] data = [.. Enumerable.Range(0, 100).Select(i => (double)i)];
            data[at] = double.NaN;
            Operand x = Views.From(backend, data);
            Operand y = Views.New(backend, DType.Float64, 1);
            backend.Reduce(ReduceKind.Max, x, y);
            Assert.Equal(double.NaN, Views.Get(y, 0));
            backend.Reduce(ReduceKind.Min, x, y);
            Assert.Equal(double.NaN, Views.Get(y, 0));
        }
    }

    [Fact]
    public void EmptySumsAreZero()
    {
        var backend = new CpuBackend(1);
        Operand y = Views.New(backend, DType.Int64, 3, 1);
        backend.Reduce(ReduceKind.Sum, Views.New(backend, DType.Int64, 3, 0), y);
        Assert.Equal([0L, 0, 0], Views.Array<long>(y));
    }
}
