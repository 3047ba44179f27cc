// Random words, rows by index, sorts and running sums: exactly what the CPU computes, but for sums
// of floats that a GPU adds in tiles.
using Engine.Kernels;

namespace Engine.GpuTests;

public class IndexingTests
{
    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    private static readonly DType[] Indices = [DType.Int32, DType.Int64];

    [Theory]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int64)]
    public void RandomWordsAreThoseOfTheCpu(DType type)
    {
        foreach (var (rows, n) in ((long, long)[])[(1, 1), (1, 2), (3, 7), (2, 1000), (50, 3)])
        {
            Pair key = Pair.Integers(DType.Int32, 3, [2, rows], int.MaxValue);
            Pair keys = key.Strided(0, [rows, 2], [1, rows]), y = Pair.Empty(type, rows, n);
            Pair.Host.RandomBits(keys.Cpu, y.Cpu);
            Pair.Device.RandomBits(keys.Gpu, y.Gpu);
            y.Same(what: $"{rows} x {n}");
        }
    }

    [Fact]
    public void RowsAreGathered()
    {
        foreach (DType type in (DType[])[.. Numbers, DType.Bool])
            foreach (DType indices in Indices)
                foreach (var (batch, n, m, inner) in ((long, long, long, long)[])
                    [(1, 1, 1, 1), (3, 5, 4, 1), (2, 7, 30, 3), (2, 4, 9, 70), (0, 2, 2, 2)])
                    foreach (bool shared in (bool[])[false, true])
                    {
                        Pair x = Pair.Random(type, 1, [Math.Max(1, batch), n, inner], true);
                        if (shared) x = x.Strided(0, [batch, n, inner], [0, inner, 1]);
                        // The index is transposed: any strides will do.
                        Pair index = Pair.Integers(indices, 2, [m, batch], n)
                            .Strided(0, [batch, m], [1, batch]);
                        Pair y = Pair.Empty(type, batch, m, inner);
                        Pair.Host.Gather(x.Cpu, index.Cpu, y.Cpu);
                        Pair.Device.Gather(x.Gpu, index.Gpu, y.Gpu);
                        y.Same(what: $"{type} {indices} {batch} {n} {m} {inner}");
                    }
    }

    [Fact]
    public void RowsAreAddedInOrder()
    {
        foreach (DType type in Numbers)
            foreach (DType indices in Indices)
                foreach (var (batch, n, m, inner) in ((long, long, long, long)[])
                    [(1, 1, 1, 1), (3, 5, 40, 1), (2, 7, 30, 3), (2, 3, 9, 70), (2, 5, 0, 3),
                        (2, 9, 100, 3), (1, 40, 3000, 1), (1, 3, 1500, 5)])
                {
                    Pair index = Pair.Integers(indices, 2, [batch, m], n);
                    Pair g = Pair.Random(type, 1, [batch, inner, m])
                        .Strided(0, [batch, m, inner], [inner * m, 1, m]);
                    Pair y = Pair.Empty(type, batch, n, inner);
                    Pair.Host.ScatterAdd(g.Cpu, index.Cpu, y.Cpu);
                    Pair.Device.ScatterAdd(g.Gpu, index.Gpu, y.Gpu);
                    y.Same(what: $"{type} {indices} {batch} {n} {m} {inner}");
                }
    }

    [Fact]
    public void TheFirstBadIndexIsNamedOnceAtTheNextDownload()
    {
        foreach (DType type in Indices)
            foreach (long bad in (long[])[-1, 5, 123456789, int.MinValue])
                foreach (bool gather in (bool[])[true, false])
                    foreach (long m in (long[])[6, 200])
                        BadIndex(type, bad, gather, m);
    }

    private static void BadIndex(DType type, long bad, bool gather, long m)
    {
        Pair index = Pair.Integers(type, 2, [2, m], 5);
        Pair x = Pair.Random(DType.Float32, 1, [2, gather ? 5 : m, 3]);
        Pair y = Pair.Empty(DType.Float32, 2, gather ? m : 5, 3);
        foreach (long place in (long[])[m + 2, 2 * m - 1, m + 1])
        {
            Pair at = index.Strided(place, [1], [1]);
            Pair.Host.Fill(at.Cpu, bad);
            Pair.Device.Fill(at.Gpu, bad);
        }
        void Run(IBackend backend, Operand from, Operand rows, Operand to)
        {
            if (gather) backend.Gather(from, rows, to);
            else backend.ScatterAdd(from, rows, to);
        }
        var expected = Assert.Throws<IndexOutOfRangeException>(
            () => Run(Pair.Host, x.Cpu, index.Cpu, y.Cpu));
        Run(Pair.Device, x.Gpu, index.Gpu, y.Gpu);
        // Another call with other bad indices, at a smaller place: the first call is named.
        Pair other = Pair.Integers(type, 4, [1, 1], 1);
        Pair.Device.Fill(other.Gpu, 99);
        Pair.Device.Gather(
            x.Strided(0, [1, 2, 3], [0, 3, 1]).Gpu, other.Gpu,
            Pair.Empty(DType.Float32, 1, 1, 3).Gpu);
        var bytes = new byte[4];
        var actual = Assert.Throws<LateIndexException>(
            () => Pair.Device.Download(y.Gpu.Buffer, 0, bytes));
        string op = gather ? "Gather" : "ScatterAdd";
        Assert.Equal($"{op}: {expected.Message}", actual.Message);
        Pair.Device.Download(y.Gpu.Buffer, 0, bytes);
    }

    [Fact]
    public void MoreCallsThanNotesHaveNumbersStillNameTheFirst()
    {
        Pair index = Pair.Integers(DType.Int32, 2, [1, 1], 1);
        Pair x = Pair.Random(DType.Float32, 1, [1, 2, 1]), y = Pair.Empty(DType.Float32, 1, 1, 1);
        Pair.Device.Fill(index.Gpu, 7);
        Pair.Device.Gather(x.Gpu, index.Gpu, y.Gpu);
        Pair.Device.Fill(index.Gpu, 8);
        for (int i = 0; i < 5000; i++) Pair.Device.Gather(x.Gpu, index.Gpu, y.Gpu);
        var error = Assert.Throws<LateIndexException>(
            () => Pair.Device.Download(y.Gpu.Buffer, 0, new byte[4]));
        Assert.Equal("Gather: index 7 at (0, 0) is outside 0 .. 1.", error.Message);
        Pair.Device.Download(y.Gpu.Buffer, 0, new byte[4]);
    }

    [Fact]
    public void SortsAreStable()
    {
        foreach (DType type in Numbers)
            foreach (var (rows, n) in ((long, long)[])
                [(1, 1), (5, 2), (40, 7), (3, 100), (2, 1024), (2, 1025), (1, 3000), (2, 5000)])
                foreach (bool special in (bool[])[false, true])
                {
                    Pair x = Pair.Random(type, 1, [rows, n], special);
                    Pair y = Pair.Empty(DType.Int64, rows, n);
                    Pair.Host.ArgSort(x.Cpu, y.Cpu);
                    Pair.Device.ArgSort(x.Gpu, y.Gpu);
                    y.Same(what: $"{type} {rows} x {n}");
                }
    }

    [Fact]
    public void RunningSumsAreThoseOfTheCpu()
    {
        foreach (DType type in Numbers)
            foreach (var (batch, n, inner) in ((long, long, long)[])
                [(1, 1, 1), (3, 7, 1), (2, 5, 9), (2, 100, 3), (1, 2048, 1), (1, 5000, 2),
                    (70, 65, 60), (1, 140000, 1), (0, 3, 2), (2, 0, 3)])
                foreach (bool reverse in (bool[])[false, true])
                {
                    // The large ones take the simulated device long: one type is enough.
                    if (batch * n * inner > 100000 && (type != DType.Float32 || reverse)) continue;
                    Pair x = Pair.Random(type, 1, [batch, n, inner]);
                    Pair y = Pair.Empty(type, batch, n, inner);
                    Pair.Host.CumSum(x.Cpu, y.Cpu, reverse);
                    Pair.Device.CumSum(x.Gpu, y.Gpu, reverse);
                    // The CPU's own sums, one after another, lose the most.
                    double units = type.IsFloat() && n > 64 ? 4 * Math.Sqrt(n) : 0;
                    y.Same(units, $"{type} {batch} {n} {inner}");
                    Pair again = Pair.Empty(type, batch, n, inner);
                    Pair.Device.CumSum(x.Gpu, again.Gpu, reverse);
                    var first = new byte[batch * n * inner * type.Size()];
                    byte[] second = [.. first];
                    Pair.Device.Download(y.Gpu.Buffer, 0, first);
                    Pair.Device.Download(again.Gpu.Buffer, 0, second);
                    Assert.Equal(first, second);
                }
    }
}
