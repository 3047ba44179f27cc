// Convolutions whose epilogue adds a number to each channel: bit for bit the sum made afterwards.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class ConvolutionSumTests
{
    private delegate void Kernel(in Operand y, in Epilogue epilogue);

    /// <summary>
    /// Tasks, images, channels, groups, height and width, filters, taps; some have too few tiles
    /// for blocks, or results that are written past the caches.
    /// </summary>
    [Theory]
    [InlineData(1, 7, 20, 1, 14, 17, 21, 3)]
    [InlineData(2, 7, 3, 1, 9, 10, 18, 3)]
    [InlineData(1, 7, 4, 2, 9, 10, 18, 3)]
    [InlineData(1, 1, 3, 1, 9, 10, 18, 3)]
    [InlineData(2, 40, 20, 1, 6, 9, 17, 3)]
    [InlineData(1, 4, 20, 1, 7, 7, 37, 3)]
    [InlineData(1, 9, 16, 1, 1, 1, 16, 3)]
    [InlineData(1, 75, 1, 1, 28, 28, 64, 3)]
    [InlineData(2, 40, 20, 1, 6, 9, 17, 5)]
    [InlineData(1, 3, 20, 1, 7, 7, 37, 5)]
    public void NumbersAddedToChannelsEqualTheirSums(
        int tasks, int images, int channels, int groups, int height, int width, int filters,
        int taps)
    {
        foreach (DType type in (DType[])[DType.Float32, DType.Float64])
        {
            var backend = new CpuBackend(2);
            var random = new Random(width);
            var s = new ConvolutionShape(
                tasks, images, channels, height, width, filters, taps, taps, 1, 1, taps / 2,
                taps / 2, 1, 1, groups);
            long[] image = [tasks, images, channels, height, width];
            long[] output = [tasks, images, filters, height, width];
            Operand x = Views.Random(backend, random, type, image, true);
            Operand w = Views.Random(
                backend, random, type, [tasks, filters, channels / groups, taps, taps], true);
            Operand g = Views.Random(backend, random, type, output, true);
            Kernel forward =
                (in Operand y, in Epilogue e) => backend.Convolution(s, x, w, y, e);
            Kernel back = (in Operand y, in Epilogue e) => backend.InputGradient(s, g, w, y, e);
            foreach (bool numberFirst in (bool[])[false, true])
                foreach (bool perTask in (bool[])[false, true])
                {
                    CheckSum(backend, random, output, type, forward, numberFirst, perTask);
                    CheckSum(backend, random, image, type, back, numberFirst, perTask);
                }
        }
    }

    private static void CheckSum(
        CpuBackend backend, Random random, long[] sizes, DType type, Kernel kernel,
        bool numberFirst, bool perTask)
    {
        long channels = sizes[2], tasks = sizes[0];
        RegisterType register = Registers.Of(type);
        TileKernel plus = TileKernels.NumberBinary<Plus>(type);
        var program = new TileProgram(
            [register, register], [],
            [numberFirst ? new TileInstruction(plus, 1, 0) : new TileInstruction(plus, 0, 1)], [2]);
        Operand added = Views.Random(backend, random, type, [tasks, channels], true);
        added = added with { Layout = new Layout(sizes, [perTask ? channels : 0, 0, 1, 0, 0]) };
        Operand plain = Views.New(backend, type, sizes), expected = Views.New(backend, type, sizes);
        Operand actual = Views.New(backend, type, sizes);
        var epilogue = new Epilogue(program, [added]);
        // Else the kernel would be asked for nothing.
        long plane = sizes[3] * sizes[4];
        bool isOfChannels = channels > 1 && plane > 1 && (tasks == 1 || !perTask);
        Assert.Equal(isOfChannels, IsOfChannels(epilogue, actual, channels, plane));
        kernel(plain, default);
        backend.Elementwise(program, [plain, added], [expected]);
        kernel(actual, epilogue);
        Views.AssertSame(expected, actual, $"{string.Join(' ', sizes)} {type}");
    }

    private static unsafe bool IsOfChannels(
        in Epilogue epilogue, in Operand result, long channels, long plane)
    {
        byte* memory = stackalloc byte[BoundEpilogue.MemoryFor(epilogue)];
        return BoundEpilogue.Bind(epilogue, result, memory).Bias(channels, plane) != null;
    }
}
