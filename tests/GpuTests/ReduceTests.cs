// Reductions against the CPU: any axes, strides and types, of views and of programs, with
// epilogues; the same bits whichever way the input came about, and on every run.
using Engine.Kernels;

namespace Engine.GpuTests;

public class ReduceTests
{
    // Sums of numbers of both signs are much smaller than what rounding is relative to.
    private const double Units = 64;

    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    private static readonly ReduceKind[] Kinds = Enum.GetValues<ReduceKind>();

    // Sizes of x, and of y: rows, columns, axes between, all of it, parts (256 values and more),
    // and counts that no number of threads divides.
    private static readonly (long[] X, long[] Y)[] Shapes =
    [
        ([6, 10], [6, 1]), ([6, 10], [1, 10]), ([1], [1]), ([7], [1]), ([3, 1, 5], [3, 1, 5]),
        ([2, 3, 4, 5], [1, 3, 1, 5]), ([2, 3, 4, 5], [2, 1, 4, 1]), ([3, 67], [3, 1]),
        ([67, 3], [1, 3]), ([1031], [1]), ([700, 3], [1, 3]), ([2, 619], [2, 1]),
        ([5, 11, 9, 8], [1, 11, 1, 1]), ([300, 7], [300, 1]), ([7, 300], [1, 300]),
    ];

    public static TheoryData<DType, ReduceKind> Cases
    {
        get
        {
            var cases = new TheoryData<DType, ReduceKind>();
            foreach (DType type in Numbers)
                foreach (ReduceKind kind in Kinds) cases.Add(type, kind);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnyAxesAreReduced(DType type, ReduceKind kind)
    {
        bool exact = kind != ReduceKind.Sum || !type.IsFloat();
        foreach (var (x, y) in Shapes)
            Check(
                kind, Pair.Random(type, 1, x, special: exact && type.IsFloat()), y,
                $"{kind} {type} ({string.Join(", ", x)}) to ({string.Join(", ", y)})");
    }

    [Fact]
    public void ViewsOfAnyStridesAreReduced()
    {
        Pair x = Pair.Random(DType.Float32, 2, [8000]);
        long[] sizes = [6, 50, 7];
        long[][] strides =
        [
            [350, 7, 1], [1, 6, 300], [7, 42, 1], [0, 7, 1], [350, 0, 1], [-350, 7, 1],
            [700, 14, 2], [0, 0, 0], [50, 1, 300],
        ];
        long[][] results = [[6, 50, 1], [6, 1, 7], [1, 50, 7], [1, 1, 7], [6, 1, 1], [1, 1, 1]];
        foreach (long[] stride in strides)
            foreach (long[] result in results)
                foreach (ReduceKind kind in (ReduceKind[])[ReduceKind.Sum, ReduceKind.Max])
                    Check(
                        kind, x.Strided(1800, sizes, stride), result,
                        $"{kind} ({string.Join(", ", stride)}) {string.Join(", ", result)}");
    }

    [Fact]
    public void BitsOfASumDoNotDependOnStrides()
    {
        long[] sizes = [37, 300];
        Pair x = Pair.Random(DType.Float32, 3, sizes), turned = Pair.Empty(DType.Float32, 300, 37);
        Pair view = turned.Strided(0, sizes, [1, 37]);
        Pair.Device.Copy(x.Gpu, view.Gpu);
        foreach (long[] result in (long[][])[[37, 1], [1, 300], [1, 1]])
            Assert.Equal(Sum(x, result), Sum(view, result));
    }

    [Fact]
    public void ASumHasTheSameBitsTwice()
    {
        Pair x = Pair.Random(DType.Float32, 4, [4999]);
        Assert.Equal(Sum(x, [1]), Sum(x, [1]));
    }

    [Fact]
    public void ASumOfManyLosesNoMoreThanOneOfFew()
    {
        const int Count = 100_000;
        var bytes = new byte[Count * 4 + 64];
        var random = new Random(5);
        double exact = 0;
        for (int i = 0; i < Count; i++)
        {
            float value = random.NextSingle();
            exact += value;
            BitConverter.TryWriteBytes(bytes.AsSpan(4 * i), value);
        }
        Pair x = Pair.From(bytes, DType.Float32, Layout.Contiguous(Count));
        float sum = BitConverter.ToSingle(Sum(x, [1]));
        Assert.Equal(exact, sum, exact * 1e-7);
    }

    [Fact]
    public void NothingSumsToZeroAndHasNoMaximum()
    {
        Pair none = Pair.Random(DType.Float32, 1, [3, 0]);
        Check(ReduceKind.Sum, none, [3, 1], "sum of nothing");
        Check(ReduceKind.Sum, Pair.Random(DType.Float32, 1, [0, 3]), [0, 1], "no results");
        Pair y = Pair.Empty(DType.Float32, 3, 1);
        Assert.Throws<ArgumentException>(
            () => Pair.Device.Reduce(ReduceKind.Max, none.Gpu, y.Gpu));
        Check(TileKernels.NumberBinary<AddOp>(DType.Float32), ReduceKind.Sum, [3, 1], [3, 0]);
    }

    [Fact]
    public void MoreAxesThanAnIndexTakesAreReduced()
    {
        long[] sizes = [2, 1, .. Enumerable.Repeat(2L, 13)];
        long[] result = [.. sizes.Select((size, i) => i % 2 == 0 ? size : 1)];
        Pair x = Pair.Random(DType.Float32, 7, sizes);
        Check(ReduceKind.Sum, x, result, "many axes");
        Check(TileKernels.NumberBinary<MulOp>(DType.Float32), ReduceKind.Sum, result, sizes);
    }

    [Fact]
    public void AFusedReductionHasTheBitsOfAStoredOne()
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64, DType.Int32])
            foreach (var (x, y) in Shapes)
            {
                RegisterType r = Registers.Of(type);
                TileKernel mul = TileKernels.NumberBinary<MulOp>(type);
                var program = new TileProgram([r, r], [], [new(mul, 0, 1)], [2]);
                Pair a = Pair.Random(type, 8, x);
                // The second input is broadcast along the first axis.
                long[] strides = [.. Layout.Contiguous(x).Strides];
                strides[0] = 0;
                Operand[] inputs = [a.Gpu, Pair.Random(type, 9, x).Strided(0, x, strides).Gpu];
                Pair stored = Pair.Empty(type, x), two = Pair.Empty(type, y);
                Pair fused = Pair.Empty(type, y);
                Pair.Device.Elementwise(program, inputs, [stored.Gpu]);
                Pair.Device.Reduce(ReduceKind.Sum, stored.Gpu, two.Gpu);
                Pair.Device.Reduce(
                    ReduceKind.Sum, program, Layout.Contiguous(x), inputs, [fused.Gpu]);
                Assert.Equal(Bytes(two), Bytes(fused));
            }
    }

    [Fact]
    public void SeveralOutputsAreReducedAlongTheirOwnAxes()
    {
        const DType Type = DType.Float32;
        TileKernel mul = TileKernels.NumberBinary<MulOp>(Type);
        TileKernel add = TileKernels.NumberBinary<AddOp>(Type);
        RegisterType r = RegisterType.Float32;
        var all = new TileProgram(
            [r, r], [], [new(mul, 0, 1), new(add, 0, 1), new(mul, 2, 3), new(add, 2, 3)],
            [2, 3, 4, 5, 0, 1]);
        long[] sizes = [9, 31];
        Pair a = Pair.Random(Type, 1, sizes), b = Pair.Random(Type, 2, sizes);
        for (int count = 2; count <= 6; count++)
        {
            TileProgram program = all with { Outputs = all.Outputs[..count] };
            foreach (long[] y in (long[][])[[9, 1], [1, 31], [1, 1]])
            {
                Pair[] outputs = [.. Enumerable.Range(0, count).Select(_ => Pair.Empty(Type, y))];
                Run(ReduceKind.Sum, program, sizes, [a, b], outputs, Units);
            }
        }
        long before = Pair.Device.Launches;
        Run(
            ReduceKind.Max, all with { Outputs = [2, 3, 4] }, sizes, [a, b],
            [Pair.Empty(Type, 9, 1), Pair.Empty(Type, 9, 1), Pair.Empty(Type, 9, 1)], 0);
        Assert.Equal(1, Pair.Device.Launches - before);
    }

    [Fact]
    public void AnEpilogueIsAppliedToTheResult()
    {
        const DType Type = DType.Float32;
        TileKernel add = TileKernels.NumberBinary<AddOp>(Type);
        TileKernel max = TileKernels.NumberBinary<MaximumOp>(Type);
        RegisterType r = RegisterType.Float32;
        var program = new TileProgram(
            [r, r], [new(r, 0)], [new(add, 0, 1), new(max, 3, 2)], [4]);
        foreach (var (sizes, y) in Shapes)
        {
            Pair x = Pair.Random(Type, 1, sizes), bias = Pair.Random(Type, 2, y);
            Pair result = Pair.Empty(Type, y);
            Pair.Host.Reduce(ReduceKind.Max, x.Cpu, result.Cpu, new(program, [bias.Cpu]));
            Pair.Device.Reduce(ReduceKind.Max, x.Gpu, result.Gpu, new(program, [bias.Gpu]));
            result.Same(0, string.Join(", ", sizes));
        }
    }

    [Fact]
    public void ArgMaxIsTheFirstOfTheLargest()
    {
        foreach (DType type in Numbers)
            foreach (var (rows, n) in ((long, long)[])[(1, 1), (5, 3), (4, 65), (3, 1000), (90, 4)])
            {
                Pair x = type.IsFloat()
                    ? Pair.Random(type, 3, [rows, n], special: n > 64)
                    : Pair.Integers(type, 3, [rows, n], 5);
                ArgMax(x, rows, $"{type} {rows} {n}");
                ArgMax(x.Strided(0, [n, rows], [1, n]), n, $"{type} {rows} {n} transposed");
                ArgMax(x.Strided(0, [rows, n], [0, 1]), rows, $"{type} {rows} {n} one row");
            }
        Pair same = Pair.Random(DType.Float32, 3, [1]).Strided(0, [3, 500], [0, 0]);
        ArgMax(same, 3, "all equal");
        Assert.Throws<ArgumentException>(() => Pair.Device.ArgMax(
            Pair.Random(DType.Bool, 1, [2, 2]).Gpu, Pair.Empty(DType.Int64, 2).Gpu));
    }

    private static void ArgMax(Pair x, long rows, string what)
    {
        Pair y = Pair.Empty(DType.Int64, rows);
        Pair.Host.ArgMax(x.Cpu, y.Cpu);
        Pair.Device.ArgMax(x.Gpu, y.Gpu);
        y.Same(0, what);
    }

    private static void Check(ReduceKind kind, Pair x, long[] sizes, string what)
    {
        Pair y = Pair.Empty(x.Cpu.Type, sizes);
        Pair.Host.Reduce(kind, x.Cpu, y.Cpu);
        Pair.Device.Reduce(kind, x.Gpu, y.Gpu);
        y.Same(kind == ReduceKind.Sum && x.Cpu.Type.IsFloat() ? Units : 0, what);
    }

    private static void Check(TileKernel kernel, ReduceKind kind, long[] y, long[] x)
    {
        var program = new TileProgram([.. kernel.Sources], [], [new(kernel, 0, 1)], [2]);
        DType type = Registers.Stored(kernel.Result);
        Run(
            kind, program, x, [Pair.Random(type, 1, x), Pair.Random(type, 2, x)],
            [Pair.Empty(type, y)], Units);
    }

    private static void Run(
        ReduceKind kind, TileProgram program, long[] sizes, Pair[] inputs, Pair[] outputs,
        double units)
    {
        var layout = Layout.Contiguous(sizes);
        Pair.Host.Reduce(
            kind, program, layout, [.. inputs.Select(x => x.Cpu)],
            [.. outputs.Select(x => x.Cpu)]);
        Pair.Device.Reduce(
            kind, program, layout, [.. inputs.Select(x => x.Gpu)],
            [.. outputs.Select(x => x.Gpu)]);
        foreach (Pair output in outputs) output.Same(units, $"{kind} of a program");
    }

    private static byte[] Sum(Pair x, long[] sizes)
    {
        Pair y = Pair.Empty(x.Gpu.Type, sizes);
        Pair.Device.Reduce(ReduceKind.Sum, x.Gpu, y.Gpu);
        return Bytes(y);
    }

    private static byte[] Bytes(Pair y)
    {
        var bytes = new byte[y.Gpu.Layout.Count * y.Gpu.Type.Size()];
        Pair.Device.Download(y.Gpu.Buffer, 0, bytes);
        return bytes;
    }
}
