// Kernels with element-wise work fused in: bit for bit what the kernels one after another give.
using System.Runtime.CompilerServices;
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class FusedTests
{
    internal readonly struct Plus : INumberBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => a + b;
    }

    private readonly struct Times : INumberBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => a * b;
    }

    private static readonly DType[] Types =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    /// <summary>x0, x0 + x1 and (x0 + x1) * x1 * c.</summary>
    private static TileProgram Program(DType type)
    {
        RegisterType register = Enum.Parse<RegisterType>(type.ToString());
        long three = type switch
        {
            DType.Float32 => BitConverter.SingleToInt32Bits(3),
            DType.Float64 => BitConverter.DoubleToInt64Bits(3),
            _ => 3,
        };
        TileKernel plus = TileKernels.NumberBinary<Plus>(type);
        TileKernel times = TileKernels.NumberBinary<Times>(type);
        return new(
            [register, register], [new TileConstant(register, three)],
            [new(plus, 0, 1), new(times, 3, 1), new(times, 4, 2)],
            [3, 0, 5]);
    }

    [Fact]
    public void ReductionsOfProgramsEqualTheirParts()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 800; seed++)
        {
            var random = new Random(seed);
            long[] sizes = [.. Enumerable.Range(0, 1 + random.Next(4)).Select(_ =>
                (long)random.Next(8) switch
                {
                    0 => 1,
                    1 => random.Next(9, 70),
                    2 => 150,
                    3 => 3,
                    5 => 48,
                    4 => random.Next(3) == 0 ? 1100 : 4,
                    _ => 5,
                })];
            while (sizes.Aggregate(1L, (a, b) => a * b) > 300_000)
                sizes[Array.IndexOf(sizes, sizes.Max())] = 2;
            Check(backend, random, sizes, $"seed {seed}");
        }
    }

    [Fact]
    public void LargeReductionsOfProgramsEqualTheirParts()
    {
        var backend = new CpuBackend(2);
        long[][] shapes =
            [[300_007], [2, 150_000], [150_000, 2], [3, 400, 500], [700, 3, 301], [3, 2, 70_001]];
        for (int seed = 0; seed < 60; seed++)
            Check(backend, new Random(seed), shapes[seed % shapes.Length], $"large seed {seed}");
    }

    private static void Check(CpuBackend backend, Random random, long[] sizes, string what)
    {
        DType type = Types[random.Next(4)];
        var kind = (ReduceKind)random.Next(3);
        TileProgram program = Program(type);
        Operand[] inputs =
        [
            Views.Random(backend, random, type, sizes, random.Next(2) == 0),
            Views.Random(backend, random, type, sizes, random.Next(3) == 0),
        ];
        long[] kept = [.. sizes.Select(size => random.Next(2) == 0 ? 1 : size)];
        Operand[] New(long[] shape) => [.. program.Outputs.Select(
            _ => Views.New(backend, type, shape))];
        Operand[] full = New(sizes), expected = New(kept), actual = New(kept);
        backend.Elementwise(program, inputs, full);
        for (int i = 0; i < full.Length; i++) backend.Reduce(kind, full[i], expected[i]);
        backend.Reduce(kind, program, Layout.Contiguous(sizes), inputs, actual);
        for (int i = 0; i < full.Length; i++)
            Views.AssertSame(expected[i], actual[i], $"{what} {kind} {type} output {i}");
        foreach (Operand x in (Operand[])[.. inputs, .. full, .. expected, .. actual])
            backend.Return(x.Buffer);
    }

    [Theory]
    [InlineData(1, 5, 3, 7)]
    [InlineData(25, 10, 40, 40)]
    [InlineData(3, 1, 20, 40)]
    [InlineData(2, 40, 17, 1)]
    [InlineData(1, 300, 500, 310)]
    [InlineData(2, 290, 70, 1700)]
    [InlineData(1, 900, 40, 33)]
    [InlineData(2, 4, 0, 6)]
    public void ProductsWithEpiloguesEqualTheirParts(long batch, long m, long k, long n)
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            var backend = new CpuBackend(2);
            var random = new Random(7);
            Operand a = Views.Random(backend, random, type, [batch, m, k], true);
            Operand b = Views.Random(backend, random, type, [batch, k, n], true);
            CheckEpilogue(backend, random, [batch, m, n], type,
                (in Operand y, in Epilogue e) => backend.MatMul(a, b, y, e),
                $"{batch} {m} {k} {n}");
        }
    }

    [Theory]
    [InlineData(3, 1, 1, 17)]
    [InlineData(20, 1, 1, 17)]
    [InlineData(20, 2, 1, 17)]
    [InlineData(6, 1, 2, 17)]
    [InlineData(20, 1, 1, 10)]
    [InlineData(20, 1, 1, 20)]
    [InlineData(3, 1, 1, 10)]
    public void ConvolutionsWithEpiloguesEqualTheirParts(
        int channels, int stride, int groups, int width)
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            var backend = new CpuBackend(2);
            var random = new Random(7 + width);
            int height = width == 17 ? 14 : 8;
            var s = new ConvolutionShape(
                2, 7, channels, height, width, 18, 3, 3, stride, stride, 1, 1, 1, 1, groups);
            long[] image = [2, 7, channels, height, width];
            long[] filter = [2, 18, channels / groups, 3, 3];
            long[] output = [2, 7, 18, s.OutHeight, s.OutWidth];
            Operand x = Views.Random(backend, random, type, image, true);
            Operand w = Views.Random(backend, random, type, filter, true);
            Operand g = Views.Random(backend, random, type, output, true);
            string what = $"{channels} {stride} {groups} {width}";
            CheckEpilogue(backend, random, output, type,
                (in Operand y, in Epilogue e) => backend.Convolution(s, x, w, y, e), what);
            CheckEpilogue(backend, random, image, type,
                (in Operand y, in Epilogue e) => backend.InputGradient(s, g, w, y, e), what);
        }
    }

    [Fact]
    public void ReductionsWithEpiloguesEqualTheirParts()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            long[] sizes = [.. Enumerable.Range(0, 4).Select(_ => (long)random.Next(1, 20))];
            long[] kept = [.. sizes.Select(size => random.Next(2) == 0 ? 1 : size)];
            DType type = Types[random.Next(4)];
            var kind = (ReduceKind)random.Next(3);
            Operand x = Views.Random(backend, random, type, sizes, true);
            Operand z = Views.Random(backend, random, type, sizes);
            TileProgram before = Program(type) with { Outputs = [5] };
            CheckEpilogue(backend, random, kept, type,
                (in Operand y, in Epilogue e) => backend.Reduce(kind, x, y, e), $"{seed} alone");
            CheckEpilogue(backend, random, kept, type,
                (in Operand y, in Epilogue e) =>
                    backend.Reduce(kind, before, Layout.Contiguous(sizes), [x, z], [y], e),
                $"{seed} of a program");
        }
    }

    [Theory]
    [InlineData(196)]
    [InlineData(441)]
    [InlineData(784)]
    [InlineData(9)]
    public void ProgramsWriteNothingBehindTheirResults(int run)
    {
        foreach (DType type in Types)
        {
            var backend = new CpuBackend(2);
            var random = new Random(run);
            long[] sizes = [3, 4, run];
            long count = 12 * run, rounded = (count * type.Size() + 63) / 64 * 64 / type.Size();
            Operand x = Views.Random(backend, random, type, sizes, true);
            Operand row = Views.Random(backend, random, type, [4], true);
            row = row with { Layout = new Layout(sizes, [0, 1, 0]) };
            Operand all = Views.Random(backend, random, type, [rounded + 64], true);
            Operand rest = all with { Offset = rounded, Layout = Layout.Contiguous(64) };
            Operand before = Views.New(backend, type, 64);
            backend.Copy(rest, before);
            Operand y = all with { Layout = Layout.Contiguous(sizes) };
            backend.Elementwise(Program(type) with { Outputs = [5] }, [row, x], [y]);
            Views.AssertSame(before, rest, $"{run} {type}");
        }
    }

    [Fact]
    public unsafe void ARangeWritesNothingOfItsNeighbours()
    {
        var backend = new CpuBackend(1);
        var random = new Random(5);
        byte* memory = stackalloc byte[1024];
        foreach (int run in (int[])[129, 131, 143, 196, 441])
            foreach (DType type in Types)
            {
                long[] sizes = [8, run];
                TileProgram program = Program(type) with { Outputs = [5] };
                Operand x = Views.Random(backend, random, type, sizes, true);
                Operand row = Views.Random(backend, random, type, [sizes[0]], true);
                Operand[] inputs = [row with { Layout = new Layout(sizes, [1, 0]) }, x];
                Assert.True(BoundTileProgram.MemoryFor(inputs, 1) <= 1024);
                Operand all = Views.New(backend, type, sizes);
                Operand part = Views.New(backend, type, sizes);
                backend.Elementwise(program, inputs, [all]);
                for (long end = 3 * run - 17; end < 3 * run + 17; end++)
                {
                    backend.Fill(part, 0);
                    BoundTileProgram.Bind(program, inputs, [part], memory).Run(0, end);
                    for (long i = 0; i < 8 * run; i++)
                        Assert.True(
                            Views.Bits(part, i) == (i < end ? Views.Bits(all, i) : 0),
                            $"run {run} {type}, 0 .. {end}: element {i}");
                }
            }
    }

    private static Operand Channels(
        CpuBackend backend, Random random, DType type, long[] sizes)
    {
        Operand row = Views.Random(backend, random, type, [sizes[2]], true);
        var strides = new long[sizes.Length];
        strides[2] = 1;
        return row with { Layout = new Layout(sizes, strides) };
    }

    private delegate void Kernel(in Operand y, in Epilogue epilogue);

    private static void CheckEpilogue(
        CpuBackend backend, Random random, long[] sizes, DType type, Kernel kernel, string what)
    {
        TileProgram program = Program(type);
        program = program with { Outputs = [5] };
        // One number a channel, as a bias is: runs of equal elements.
        Operand other = random.Next(2) == 0
            ? Views.Random(backend, random, type, sizes)
            : Channels(backend, random, type, sizes);
        Operand plain = Views.New(backend, type, sizes), expected = Views.New(backend, type, sizes);
        Operand actual = Views.New(backend, type, sizes);
        kernel(plain, default);
        backend.Elementwise(program, [plain, other], [expected]);
        kernel(actual, new Epilogue(program, [other]));
        Views.AssertSame(expected, actual, $"{what} {type}");
    }
}
