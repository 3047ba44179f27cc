// Epilogues of the common form, and such as nearly are, behind products and convolutions: bit for
// bit what their operators one by one make of the bare result, whatever the views they read.
using System.Collections.Immutable;
using System.Numerics;
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class AffineEpilogueTests
{
    private static readonly long[][] Shapes =
    [
        [4, 10, 40], [3, 40, 40], [1, 7, 13], [5, 3, 1], [2, 1, 50], [1, 1, 1], [2, 3, 4, 16],
        [1, 300, 70],
    ];

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void EpiloguesGiveTheBitsOfTheirSteps(DType type)
    {
        int ofRows = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            var backend = new CpuBackend(1 + seed % 2);
            long[] sizes = Shapes[random.Next(Shapes.Length)];
            long depth = random.Next(3) switch { 0 => 1, 1 => 10, _ => 24 };
            Operand a = Views.Random(backend, random, type, [.. sizes[..^1], depth]);
            Operand b = Views.Random(backend, random, type, [.. sizes[..^2], depth, sizes[^1]]);
            TileProgram program = Draw(random, type);
            Operand[] others = [.. program.Inputs.Skip(1).Select(_ =>
                Input(backend, random, type, sizes))];
            Operand bare = Views.New(backend, type, sizes);
            Operand result = Views.New(backend, type, sizes);
            backend.MatMul(a, b, bare);
            var epilogue = new Epilogue(program, others);
            if (BoundAffineEpilogue.Bind(epilogue, result, out _)) ofRows++;
            backend.MatMul(a, b, result, epilogue);
            for (long i = 0; i < result.Layout.Count; i++)
            {
                double expected = type == DType.Float32
                    ? Naive<float>(program, bare, others, i)
                    : Naive<double>(program, bare, others, i);
                if (Bits(expected) != Bits(Views.Get(result, i)))
                    Assert.Fail($"seed {seed} of ({string.Join(", ", sizes)}), element {i}: "
                        + $"{Views.Get(result, i):R}, not {expected:R}, of "
                        + string.Join(" ", program.Instructions.Select(s =>
                            $"{s.Kernel.Operator.Name}({s.A},{s.B},{s.C})")));
            }
        }
        // Else the test would be of something else.
        Assert.InRange(ofRows, 200, 1500);
    }

    [Fact]
    public void CommonEpiloguesAreForms()
    {
        var f = RegisterType.Float32;
        TileKernel add = TileKernels.NumberBinary<Plus>(DType.Float32);
        TileKernel subtract = TileKernels.NumberBinary<Minus>(DType.Float32);
        TileKernel multiply = TileKernels.NumberBinary<Times>(DType.Float32);
        TileKernel relu = TileKernels.NumberUnary<Rectified>(DType.Float32);
        TileKernel less = TileKernels.Compare<Below>(DType.Float32);
        TileConstant zero = new(f, 0), rate = new(f, BitConverter.SingleToInt32Bits(0.01f));
        Assert.NotNull(Form(
            [f, f], [], [new(add, 0, 1), new(relu, 2)], [3]));
        Assert.NotNull(Form(
            [f, f], [rate], [new(multiply, 2, 0), new(subtract, 1, 3)], [4]));
        Assert.NotNull(Form(
            [f, f, f, f], [zero],
            [
                new(less, 4, 3), new(add, 0, 1), new(add, 6, 2),
                new(TileKernels.Select(f), 5, 7, 4),
            ],
            [8]));
        // The rectifier first, a sum behind it: another form.
        Assert.Null(Form([f, f], [], [new(relu, 0), new(add, 2, 1)], [3]));
        // Not of the result at all.
        TileKernel opposite = TileKernels.NumberUnary<Opposite>(DType.Float32);
        Assert.Null(Form([f, f], [], [new(opposite, 1)], [2]));
        // Twice the result.
        Assert.Null(Form([f], [], [new(add, 0, 0)], [1]));
        // Kept where something is below zero.
        Assert.Null(Form(
            [f, f], [zero], [new(less, 1, 2), new(TileKernels.Select(f), 3, 0, 2)], [4]));
    }

    private static AffineEpilogue? Form(
        ImmutableArray<RegisterType> inputs, ImmutableArray<TileConstant> constants,
        ImmutableArray<TileInstruction> instructions, ImmutableArray<int> outputs) =>
        CompiledTileProgram.Of(new(inputs, constants, instructions, outputs)).Epilogue;

    private static long Bits(double x) => BitConverter.DoubleToInt64Bits(x);

    /// <summary>A chain on register 0 of up to five steps, mostly of the form.</summary>
    private static TileProgram Draw(Random random, DType type)
    {
        RegisterType register = Registers.Of(type);
        long half = type == DType.Float32
            ? BitConverter.SingleToInt32Bits(-0.7f) : BitConverter.DoubleToInt64Bits(-0.7);
        int inputs = 1 + random.Next(4), constant = inputs, first = inputs + 2;
        var steps = new List<TileInstruction>();
        int value = 0, count = 1 + random.Next(5);
        int Last() => first + steps.Count - 1;
        for (int i = 0; i < count; i++)
        {
            int other = inputs == 1 || random.Next(8) == 0
                ? random.Next(first) : 1 + random.Next(inputs - 1);
            (int a, int b) = random.Next(2) == 0 ? (value, other) : (other, value);
            switch (random.Next(8))
            {
                case 0 or 1: steps.Add(new(TileKernels.NumberBinary<Plus>(type), a, b)); break;
                case 2 or 3: steps.Add(new(TileKernels.NumberBinary<Minus>(type), a, b)); break;
                case 4:
                    int factor = random.Next(2) == 0 ? constant + 1 : other;
                    steps.Add(new(TileKernels.NumberBinary<Times>(type), value, factor));
                    break;
                case 5: steps.Add(new(TileKernels.NumberUnary<Opposite>(type), value)); break;
                case 6: steps.Add(new(TileKernels.NumberUnary<Rectified>(type), value)); break;
                default:
                    steps.Add(new(TileKernels.Compare<Below>(type), constant, other));
                    (a, b) = random.Next(4) > 0 ? (value, constant) : (constant, value);
                    steps.Add(new(TileKernels.Select(register), Last(), a, b));
                    break;
            }
            value = Last();
        }
        if (random.Next(2) == 0 && inputs > 1)
        {
            // The derivative of a rectifier, as most backward passes end.
            int mask = 1 + random.Next(inputs - 1);
            steps.Add(new(TileKernels.Compare<Below>(type), constant, mask));
            steps.Add(new(TileKernels.Select(register), Last(), value, constant));
            value = Last();
        }
        return new(
            [.. Enumerable.Repeat(register, inputs)], [new(register, 0), new(register, half)],
            [.. steps], [value]);
    }

    /// <summary>In order, the same for rows, matrices or all of them, one, or any.</summary>
    private static Operand Input(CpuBackend backend, Random random, DType type, long[] sizes)
    {
        Operand whole = Views.Random(backend, random, type, sizes, random.Next(5) > 0);
        long[] strides = [.. whole.Layout.Strides];
        switch (random.Next(6))
        {
            case 0: Array.Clear(strides); break;
            case 1: Array.Clear(strides, 0, strides.Length - 1); break;
            case 2: strides[0] = 0; break;
            case 3: strides[^2] = 0; break;
        }
        var axes = sizes.Zip(strides).ToList();
        // Nor has it the same axes otherwise: of 300 rows, 6 times 50.
        int split = axes.FindIndex(axis => axis.First % 6 == 0 || axis.First == 10);
        if (split >= 0 && random.Next(4) == 0)
        {
            (long size, long stride) = axes[split];
            long inner = size == 10 ? 5 : size / 6;
            axes[split] = (size / inner, stride * inner);
            axes.Insert(split + 1, (inner, random.Next(2) * stride));
        }
        // What an epilogue reads has the result's elements in order, not its axes of size 1.
        if (random.Next(3) == 0) axes.RemoveAll(axis => axis.First == 1);
        if (random.Next(3) == 0) axes.Insert(random.Next(axes.Count + 1), (1, 7));
        Layout layout = new([.. axes.Select(x => x.First)], [.. axes.Select(x => x.Second)]);
        return whole with { Layout = layout };
    }

    private static double Naive<T>(TileProgram program, Operand bare, Operand[] others, long i)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        int inputs = program.Inputs.Length, first = inputs + 2;
        var values = new T[program.RegisterCount];
        for (int k = 0; k < inputs; k++)
            values[k] = T.CreateChecked(Views.Get(k == 0 ? bare : others[k - 1], i));
        values[inputs + 1] = -T.CreateChecked(0.7);
        for (int k = 0; k < program.Instructions.Length; k++)
        {
            TileInstruction s = program.Instructions[k];
            T a = values[s.A], b = s.B < 0 ? T.Zero : values[s.B];
            values[first + k] = s.Kernel.Operator.Name switch
            {
                nameof(Plus) => a + b,
                nameof(Minus) => a - b,
                nameof(Times) => a * b,
                nameof(Opposite) => -a,
                nameof(Rectified) => T.Max(a, T.Zero),
                nameof(Below) => a < b ? T.One : T.Zero,
                _ => a != T.Zero ? b : values[s.C],
            };
        }
        return double.CreateChecked(values[^1]);
    }
}
