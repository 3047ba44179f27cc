// Every operator on every element type, casts, programs of many steps and operands of any strides:
// bit for bit what the CPU computes.
using Engine.Kernels;

namespace Engine.GpuTests;

public class ElementwiseTests
{
    /// <summary>Names of the operators: a kernel itself does not print well.</summary>
    public static TheoryData<string> Operators => [.. AllOperators.Kernels().Select(k => k.Name)];

    [Theory]
    [MemberData(nameof(Operators))]
    public void AnOperatorHasTheBitsOfTheCpu(string name)
    {
        TileKernel kernel = AllOperators.Kernels().First(k => k.Name == name).Kernel;
        Run(AllOperators.Alone(kernel), [.. kernel.Sources.Select((type, i) =>
            Pair.Random(Registers.Stored(type), i + 1, [5, 101], special: true))], [5, 101], name);
    }

    [Fact]
    public void OperandsOfAnyStridesAreRead()
    {
        TileKernel add = TileKernels.NumberBinary<AddOp>(DType.Float32);
        TileKernel mul = TileKernels.NumberBinary<MulOp>(DType.Float32);
        RegisterType f = RegisterType.Float32;
        var program = new TileProgram(
            [f, f, f], [new(f, BitConverter.SingleToInt32Bits(0.3f))],
            [new(mul, 0, 1), new(add, 4, 2), new(mul, 5, 3)], [6, 4]);
        long[] sizes = [3, 4, 5];
        Pair x = Pair.Random(DType.Float32, 1, [500]);
        long[][] strides =
        [
            [20, 5, 1], [0, 0, 0], [1, 3, 12], [0, 1, 0], [-20, 5, 1], [40, 10, 2], [60, 7, 1],
        ];
        for (int a = 0; a < strides.Length; a++)
            for (int b = 0; b < strides.Length; b += 2)
                Run(program,
                    [
                        x.Strided(60, sizes, strides[a]), x.Strided(99, sizes, strides[b]),
                        x.Strided(45, sizes, strides[(a + b) % strides.Length]),
                    ],
                    sizes, $"{a} {b}");
    }

    [Fact]
    public void MoreAxesThanAnIndexTakesAreCopiedFirst()
    {
        long[] sizes = [2, 2, 2, 2, 2, 2, 2, 2, 2];
        long[] strides = [1, 4, 2, 16, 8, 64, 32, 256, 128];
        TileKernel neg = TileKernels.NumberUnary<NegOp>(DType.Int32);
        var program = new TileProgram(
            [RegisterType.Int32], [], [new TileInstruction(neg, 0)], [1]);
        Run(program, [Pair.Random(DType.Int32, 1, [512]).Strided(0, sizes, strides)], sizes, "");
    }

    [Fact]
    public void CopiesAndFillsWriteViewsOfAnyStrides()
    {
        foreach (DType type in Enum.GetValues<DType>())
        {
            Pair source = Pair.Random(type, 3, [4, 6]), target = Pair.Empty(type, 48);
            Pair from = source.Strided(0, [6, 4], [1, 6]), to = target.Strided(1, [6, 4], [8, 2]);
            Pair.Host.Copy(from.Cpu, to.Cpu);
            Pair.Device.Copy(from.Gpu, to.Gpu);
            target.Same(0, $"copy {type}");
            Pair.Host.Fill(to.Cpu, 1);
            Pair.Device.Fill(to.Gpu, 1);
            target.Same(0, $"fill {type}");
        }
    }

    [Fact]
    public void ABufferOfAnotherDeviceIsRefused()
    {
        Pair x = Pair.Random(DType.Float32, 1, [4]);
        string message = Assert.Throws<ArgumentException>(
            () => Pair.Device.Copy(x.Cpu, x.Gpu)).Message;
        Assert.Contains("To(device)", message, StringComparison.Ordinal);
    }

    private static void Run(TileProgram program, Pair[] inputs, long[] sizes, string what)
    {
        Pair[] outputs = [.. program.Outputs.Select(r =>
            Pair.Empty(Registers.Stored(program.TypeOf(r)), sizes))];
        Pair.Host.Elementwise(
            program, [.. inputs.Select(x => x.Cpu)], [.. outputs.Select(x => x.Cpu)]);
        Pair.Device.Elementwise(
            program, [.. inputs.Select(x => x.Gpu)], [.. outputs.Select(x => x.Gpu)]);
        foreach (Pair output in outputs) output.Same(0, what);
    }
}
