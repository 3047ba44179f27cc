// Random programs of sums, differences, products and others, over tiles, runs and single elements:
// folded into linear forms they give, bit for bit, what the operators one by one give.
using System.Numerics;
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class AffineFormTests
{
    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void FoldedProgramsGiveTheBitsOfTheirSteps(DType type)
    {
        var backend = new CpuBackend(2);
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            long[] sizes = random.Next(3) switch
            {
                0 => [3, 2, 150],
                1 => [2, 5, 130 + random.Next(40)],
                _ => [1 + random.Next(40), 1 + random.Next(40), 1 + random.Next(9)],
            };
            int[] outputs;
            TileProgram program = Draw(random, type, out outputs);
            Operand[] inputs = [.. program.Inputs.Select(_ => Input(backend, random, type, sizes))];
            Operand[] results = [.. outputs.Select(_ => Views.New(backend, type, sizes))];
            backend.Elementwise(program, inputs, results);
            for (int i = 0; i < outputs.Length; i++)
            {
                double[] expected = type == DType.Float32
                    ? Naive<float>(program, inputs, outputs[i])
                    : Naive<double>(program, inputs, outputs[i]);
                for (long j = 0; j < expected.Length; j++)
                    if (Bits(Views.Get(results[i], j)) != Bits(expected[j]))
                        Assert.Fail($"seed {seed} output {i} element {j}: "
                            + $"{Views.Get(results[i], j):R}, not {expected[j]:R}, of "
                            + string.Join(" ", program.Instructions.Select(s =>
                                $"{s.Kernel.Operator.Name}({s.A},{s.B},{s.C})")));
            }
            foreach (Operand x in (Operand[])[.. inputs, .. results]) backend.Return(x.Buffer);
        }
    }

    [Fact]
    public void ANormalisationAndItsGradientAreOneCallEach()
    {
        var f = RegisterType.Float32;
        TileKernel plus = TileKernels.NumberBinary<Plus>(DType.Float32);
        TileKernel minus = TileKernels.NumberBinary<Minus>(DType.Float32);
        TileKernel times = TileKernels.NumberBinary<Times>(DType.Float32);
        var normal = new TileProgram(
            [f, f, f, f], [], [new(minus, 0, 1), new(times, 4, 2), new(plus, 5, 3)], [6]);
        Assert.Single(CompiledTileProgram.Of(normal).For(0b1110, 0).Calls);
        Assert.Single(CompiledTileProgram.Of(normal).For(0, 0b1110).Calls);
        Assert.Equal(3, CompiledTileProgram.Of(normal).For(0, 0).Calls.Length);
        var gradient = new TileProgram(
            [f, f, f, f, f, f], [],
            [
                new(minus, 0, 1), new(times, 2, 3), new(times, 6, 4), new(plus, 7, 8),
                new(plus, 9, 5),
            ],
            [10]);
        Assert.Single(CompiledTileProgram.Of(gradient).For(0, 0b111010).Calls);
    }

    private static long Bits(double x) => BitConverter.DoubleToInt64Bits(x);

    /// <summary>One to ten steps over up to five inputs and a constant; some leave.</summary>
    private static TileProgram Draw(Random random, DType type, out int[] outputs)
    {
        RegisterType register = Enum.Parse<RegisterType>(type.ToString());
        long constant = type == DType.Float32
            ? BitConverter.SingleToInt32Bits(-0.7f) : BitConverter.DoubleToInt64Bits(-0.7);
        int inputs = 1 + random.Next(5), first = inputs + 1, count = 1 + random.Next(10);
        var numbers = new List<int>(Enumerable.Range(0, first));
        var steps = new List<TileInstruction>();
        for (int i = 0; i < count; i++)
        {
            // Mostly the newest result, as chains have it.
            int a = random.Next(3) > 0 ? numbers[^1] : numbers[random.Next(numbers.Count)];
            int b = numbers[random.Next(numbers.Count)];
            if (random.Next(2) == 0) (a, b) = (b, a);
            switch (random.Next(9))
            {
                case 0 or 1: steps.Add(new(TileKernels.NumberBinary<Plus>(type), a, b)); break;
                case 2 or 3: steps.Add(new(TileKernels.NumberBinary<Minus>(type), a, b)); break;
                case 4 or 5: steps.Add(new(TileKernels.NumberBinary<Times>(type), a, b)); break;
                case 6: steps.Add(new(TileKernels.NumberUnary<Opposite>(type), a)); break;
                case 7: steps.Add(new(TileKernels.NumberBinary<Larger>(type), a, b)); break;
                default:
                    steps.Add(new(TileKernels.Compare<Below>(type), a, b));
                    steps.Add(new(
                        TileKernels.Select(register), first + steps.Count - 1, a,
                        numbers[random.Next(numbers.Count)]));
                    break;
            }
            numbers.Add(first + steps.Count - 1);
        }
        int last = numbers[^1], other = numbers[random.Next(numbers.Count)];
        outputs = random.Next(3) == 0 ? [other, last] : [last];
        return new(
            [.. Enumerable.Repeat(register, inputs)], [new(register, constant)], [.. steps],
            [.. outputs]);
    }

    /// <summary>A tile, runs, one element, or any view.</summary>
    private static Operand Input(CpuBackend backend, Random random, DType type, long[] sizes)
    {
        Operand whole = Views.Random(backend, random, type, sizes, random.Next(4) > 0);
        long[] strides = [.. whole.Layout.Strides];
        switch (random.Next(4))
        {
            case 0: strides[^1] = 0; break;
            case 1: Array.Clear(strides); break;
        }
        return whole with { Layout = new Layout(sizes, strides) };
    }

    private static double[] Naive<T>(TileProgram program, Operand[] inputs, int output)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        double[] result = new double[inputs[0].Layout.Count];
        int first = program.Inputs.Length + 1;
        var values = new T[program.RegisterCount];
        for (long i = 0; i < result.Length; i++)
        {
            for (int k = 0; k < inputs.Length; k++)
                values[k] = T.CreateChecked(Views.Get(inputs[k], i));
            values[inputs.Length] = -T.CreateChecked(0.7);
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
                    nameof(Larger) => T.Max(a, b),
                    nameof(Below) => a < b ? T.One : T.Zero,
                    _ => a != T.Zero ? b : values[s.C],
                };
            }
            result[i] = double.CreateChecked(values[output]);
        }
        return result;
    }
}
