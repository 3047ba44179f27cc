// Tile programs against an interpreter that runs them element by element; copies and fills.
using System.Collections.Immutable;
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public unsafe class ElementwiseTests
{
    private readonly record struct Add : INumberBinaryOp
    {
        public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x + y;
    }

    private readonly record struct Negate : INumberUnaryOp
    {
        public static V Invoke<V>(V x) where V : struct, ILanes<V> => -x;
    }

    private readonly record struct Half : IUnaryOp
    {
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => x * V.Const(0.5);
    }

    private readonly record struct Quotient : IBinaryOp
    {
        public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> => x / y;
    }

    private readonly record struct Below : ICompareOp
    {
        public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => V.Less(x, y);
    }

    private readonly record struct Both : IMaskOp
    {
        public static V Invoke<V>(V x, V y) where V : struct, ILanes<V> => x & y;
    }

    private static readonly RegisterType[] AllTypes = Enum.GetValues<RegisterType>();

    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    private static readonly ImmutableArray<TileKernel> Kernels =
    [
        .. Numbers.Select(TileKernels.NumberBinary<Add>),
        .. Numbers.Select(TileKernels.NumberUnary<Negate>),
        .. Numbers.Select(TileKernels.Compare<Below>),
        TileKernels.Unary<Half>(DType.Float32), TileKernels.Unary<Half>(DType.Float64),
        TileKernels.Binary<Quotient>(DType.Float32), TileKernels.Binary<Quotient>(DType.Float64),
        TileKernels.Mask<Both>(RegisterType.Mask32), TileKernels.Mask<Both>(RegisterType.Mask64),
        .. AllTypes.Select(TileKernels.Select),
        .. AllTypes.SelectMany(_ => AllTypes, TileKernels.Cast),
        TileKernels.UnitFromBits(DType.Float32), TileKernels.UnitFromBits(DType.Float64),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomProgramsMatchTheInterpreter(int threads)
    {
        var backend = new CpuBackend(threads);
        for (int seed = 0; seed < 400; seed++) RunRandom(backend, new Random(seed), seed, Small);
        for (int seed = 0; seed < 6; seed++) RunRandom(backend, new Random(seed), seed, Large);
    }

    private static long[] Small(Random random) =>
        [.. Enumerable.Range(0, random.Next(5)).Select(_ => (long)random.Next(8) switch
        {
            0 => random.Next(3), 1 => 1, 2 => 64, var other => other,
        })];

    private static long[] Large(Random random) => [3, random.Next(90, 140), random.Next(190, 260)];

    private static void RunRandom(
        CpuBackend backend, Random random, int seed, Func<Random, long[]> shape)
    {
        long[] sizes = shape(random);
        TileProgram program = RandomProgram(random);
        Operand[] inputs = [.. program.Inputs.Select(type => Views.Random(
            backend, random, Registers.Stored(type), sizes, random.Next(3) == 0))];
        Operand[] outputs = [.. program.Outputs.Select(register => Views.New(
            backend, Registers.Stored(program.TypeOf(register)), sizes))];
        long[] ends = [.. outputs.Select(Guard)];

        backend.Elementwise(program, inputs, outputs);

        for (int i = 0; i < outputs.Length; i++)
        {
            Operand expected = outputs[i] with { Buffer = backend.Rent(outputs[i].Buffer.Bytes) };
            Interpret(program, inputs, program.Outputs[i], expected);
            Views.AssertSame(expected, outputs[i], $"seed {seed}, output {i} of {program}");
            Assert.Equal(Guarded, *(long*)ends[i]);
        }
    }

    private const long Guarded = 0x0123456789abcdef;

    // Writes a sentinel at the first byte past the view's size rounded to 64 bytes.
    private static long Guard(Operand x)
    {
        long bytes = (x.Layout.Count * x.Type.Size() + 63) & ~63L;
        byte* end = (byte*)CpuBackend.Pointer(x) + bytes;
        *(long*)end = Guarded;
        return (long)end;
    }

    private static TileProgram RandomProgram(Random random)
    {
        var types = new List<RegisterType>();
        RegisterType[] inputs = [.. Enumerable.Range(0, random.Next(1, 5))
            .Select(_ => AllTypes[random.Next(AllTypes.Length)])];
        types.AddRange(inputs);
        var constants = new List<TileConstant>();
        foreach (RegisterType type in AllTypes)
        {
            if (random.Next(2) == 0) continue;
            constants.Add(new TileConstant(type, type switch
            {
                RegisterType.Float32 => BitConverter.SingleToInt32Bits(1.5f),
                RegisterType.Float64 => BitConverter.DoubleToInt64Bits(-2.5),
                RegisterType.Int32 or RegisterType.Int64 => 3,
                _ => -1,
            }));
            types.Add(type);
        }

        var steps = new List<TileInstruction>();
        int wanted = random.Next(0, 12);
        for (int tries = 0; tries < 300 && steps.Count < wanted; tries++)
        {
            TileKernel kernel = Kernels[random.Next(Kernels.Length)];
            int[] chosen = [-1, -1, -1];
            for (int i = 0; i < kernel.Sources.Length; i++)
            {
                int[] fitting = [.. Enumerable.Range(0, types.Count)
                    .Where(r => types[r] == kernel.Sources[i])];
                chosen[i] = fitting.Length == 0 ? -2 : fitting[random.Next(fitting.Length)];
            }

            if (chosen.Contains(-2)) continue;
            steps.Add(new TileInstruction(kernel, chosen[0], chosen[1], chosen[2]));
            types.Add(kernel.Result);
        }

        int[] outputs = [types.Count - 1, .. Enumerable.Range(0, random.Next(3))
            .Select(_ => random.Next(types.Count))];
        return new TileProgram([.. inputs], [.. constants], [.. steps], [.. outputs]);
    }

    // One element at a time: every register is a small array of one element's bits.
    private static void Interpret(
        TileProgram program, Operand[] inputs, int output, Operand target)
    {
        const int Room = 64;
        byte* memory = stackalloc byte[(program.RegisterCount + 1) * Room];
        for (long element = 0; element < target.Layout.Count; element++)
        {
            int register = 0;
            for (; register < inputs.Length; register++)
            {
                long bits = Views.Bits(inputs[register], element);
                *(long*)(memory + register * Room) =
                    Registers.IsMask(program.Inputs[register]) ? -bits : bits;
            }

            foreach (TileConstant constant in program.Constants)
                *(long*)(memory + register++ * Room) = constant.Bits;
            foreach (TileInstruction step in program.Instructions)
            {
                step.Kernel.Run(
                    memory + step.A * Room,
                    step.B < 0 ? null : memory + step.B * Room,
                    step.C < 0 ? null : memory + step.C * Room,
                    memory + register++ * Room, 1);
            }

            long result = *(long*)(memory + output * Room);
            byte* p = (byte*)CpuBackend.Pointer(target);
            int size = target.Type.Size();
            if (size == 1) p[element] = (byte)(result & 1);
            else if (size == 4) ((int*)p)[element] = (int)result;
            else ((long*)p)[element] = result;
        }
    }

    [Fact]
    public void CopiesBetweenAnyLayouts()
    {
        var backend = new CpuBackend(2);
        DType[] types = [DType.Float32, DType.Int64, DType.Bool];
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            long[] sizes = seed % 20 == 0 ? Large(random) : Small(random);
            DType type = types[seed % 3];
            Operand source = Views.Random(backend, random, type, sizes);
            Operand target = Target(backend, random, type, sizes);
            backend.Copy(source, target);
            Views.AssertSame(source, target, $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Int64)]
    public void TransposesOfAnySize(DType type)
    {
        var backend = new CpuBackend(2);
        var random = new Random(1);
        for (long rows = 3; rows < 41; rows += 1 + rows % 4)
            for (long columns = 3; columns < 41; columns += 1 + columns % 5)
            {
                long[] sizes = [2, rows, columns];
                Operand whole = Views.Random(backend, random, type, [2, columns, rows], true);
                Operand source = whole with
                {
                    Layout = new Layout(sizes, [rows * columns, 1, rows]),
                };
                Operand target = Views.New(backend, type, sizes);
                backend.Copy(source, target);
                Views.AssertSame(source, target, $"{rows} x {columns}");
            }
    }

    [Fact]
    public void FillsAnyLayout()
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            Operand target = Target(
                backend, random, DType.Float64, seed % 20 == 0 ? Large(random) : Small(random));
            backend.Fill(target, BitConverter.DoubleToInt64Bits(1.25));
            Assert.All(Views.Values(target), value => Assert.Equal(1.25, value));
        }
    }

    // Contiguous up to a random order of axes: no two elements share a place.
    private static Operand Target(CpuBackend backend, Random random, DType type, long[] sizes)
    {
        int[] order = [.. Enumerable.Range(0, sizes.Length)];
        random.Shuffle(order);
        long[] strides = new long[sizes.Length];
        long next = 1 + random.Next(2);
        foreach (int axis in order)
        {
            strides[axis] = next;
            next *= Math.Max(1, sizes[axis]) + random.Next(2);
        }

        return new Operand(backend.Rent(next * type.Size()), 0, type, new Layout(sizes, strides));
    }

    [Fact]
    public void ACopyOfAProgramHasItsOwnPlan()
    {
        var backend = new CpuBackend(1);
        TileKernel add = TileKernels.NumberBinary<Add>(DType.Float32);
        var twice = new TileProgram(
            [RegisterType.Float32], [], [new TileInstruction(add, 0, 0)], [1]);
        Operand x = Views.From<float>(backend, [1, 2, 3]);
        Operand y = Views.New(backend, DType.Float32, 3);
        backend.Elementwise(twice, [x], [y]);
        Assert.Equal([2f, 4f, 6f], Views.Array<float>(y));
        TileProgram fourTimes = twice with
        {
            Instructions = [new TileInstruction(add, 0, 0), new TileInstruction(add, 1, 1)],
            Outputs = [2],
        };
        backend.Elementwise(fourTimes, [x], [y]);
        Assert.Equal([4f, 8f, 12f], Views.Array<float>(y));
        Assert.NotEqual(twice, fourTimes);
        Assert.Equal(twice, twice with { });
    }
}
