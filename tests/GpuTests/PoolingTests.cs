// Max-pooling, of stored planes and of what a program computes, and back: bit for bit what the CPU
// has, with ties, NaNs and padding.
using System.Runtime.InteropServices;
using Engine.Kernels;

namespace Engine.GpuTests;

public class PoolingTests
{
    // Planes, height, width, window, stride, padding.
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 3, 28, 28, 2, 2, 0 },
        { 2, 15, 7, 2, 2, 0 },
        { 1, 3, 40, 2, 2, 0 },
        { 20, 14, 17, 2, 2, 0 },
        { 2, 9, 9, 3, 2, 1 },
        { 2, 8, 6, 3, 1, 0 },
        { 2, 7, 8, 3, 1, 1 },
        { 2, 11, 10, 2, 3, 0 },
        { 1, 2, 2, 2, 2, 0 },
        { 1, 1, 1, 2, 2, 1 },
        { 2, 5, 5, 5, 5, 0 },
        { 0, 4, 4, 2, 2, 0 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void PositionsAreThoseOfTheCpu(
        int planes, int h, int w, int window, int stride, int padding)
    {
        var shape = new PoolShape(h, w, window, stride, padding);
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
        {
            Pair x = Few(type, planes, h, w);
            Pair y = Pair.Empty(DType.Int32, planes, shape.OutHeight, shape.OutWidth);
            Pair.Host.MaxPoolIndices(shape, x.Cpu, y.Cpu);
            Pair.Device.MaxPoolIndices(shape, x.Gpu, y.Gpu);
            y.Same(0, $"{type}");
        }
    }

    /// <summary>The CPU has no such kernel, so doubles of the same values stand for them.</summary>
    [Theory]
    [MemberData(nameof(Shapes))]
    public void IntegersHaveThePositionsOfTheSameDoubles(
        int planes, int h, int w, int window, int stride, int padding)
    {
        var shape = new PoolShape(h, w, window, stride, padding);
        var random = new Random(planes);
        int count = planes * h * w;
        long[] values = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64(-5, 5))];
        double[] doubles = [.. values.Select(v => (double)v)];
        int[] ints = [.. values.Select(v => (int)v)];
        var layout = Layout.Contiguous(planes, h, w);
        Pair expected = Of<double>(doubles, DType.Float64, layout);
        foreach (Pair x in (Pair[])
        [
            Of<int>(ints, DType.Int32, layout), Of<long>(values, DType.Int64, layout),
        ])
        {
            Pair y = Pair.Empty(DType.Int32, planes, shape.OutHeight, shape.OutWidth);
            Pair.Host.MaxPoolIndices(shape, expected.Cpu, y.Cpu);
            Pair.Device.MaxPoolIndices(shape, x.Gpu, y.Gpu);
            y.Same(0, $"{x.Cpu.Type}");
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ProgramsArePooledAndBack(
        int planes, int h, int w, int window, int stride, int padding)
    {
        var shape = new PoolShape(h, w, window, stride, padding);
        long[] images = [planes, h, w], pooled = [planes, shape.OutHeight, shape.OutWidth];
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
        {
            RegisterType f = Registers.Of(type);
            TileKernel add = TileKernels.NumberBinary<AddOp>(type);
            TileKernel mul = TileKernels.NumberBinary<MulOp>(type);
            var program = new TileProgram([f, f], [], [new(add, 0, 1)], [2]);
            var after = new TileProgram([f, f], [], [new(mul, 0, 1)], [2]);
            Pair x = Few(type, planes, h, w);
            Pair row = Pair.Random(type, 2, [Math.Max(1, planes)]).Strided(0, images, [1, 0, 0]);
            Pair scale = Pair.Random(type, 3, [Math.Max(1, shape.OutWidth)])
                .Strided(0, pooled, [0, 0, 1]);
            Pair values = Pair.Empty(type, pooled), positions = Pair.Empty(DType.Int32, pooled);
            var sizes = Layout.Contiguous(images);
            Pair.Host.MaxPool(
                shape, program, sizes, [row.Cpu, x.Cpu], values.Cpu, positions.Cpu,
                new(after, [scale.Cpu]));
            Pair.Device.MaxPool(
                shape, program, sizes, [row.Gpu, x.Gpu], values.Gpu, positions.Gpu,
                new(after, [scale.Gpu]));
            values.Same(0, $"{type} values");
            positions.Same(0, $"{type} positions");

            Pair g = Pair.Random(type, 4, pooled), back = Pair.Empty(type, images);
            Pair.Host.MaxUnpool(shape, g.Cpu, positions.Cpu, back.Cpu);
            Pair.Device.MaxUnpool(shape, g.Gpu, positions.Gpu, back.Gpu);
            back.Same(0, $"{type} back");
        }
    }

    /// <summary>Few different values, so that many windows hold equal ones.</summary>
    private static Pair Few(DType type, int planes, int h, int w)
    {
        double[] few = [0, -0.0, 1, 2, -1, double.NegativeInfinity, double.NaN];
        var random = new Random(3);
        var layout = Layout.Contiguous(planes, h, w);
        double[] values =
            [.. Enumerable.Range(0, planes * h * w).Select(_ => few[random.Next(few.Length)])];
        float[] narrow = [.. values.Select(v => (float)v)];
        return type == DType.Float64
            ? Of<double>(values, type, layout) : Of<float>(narrow, type, layout);
    }

    private static Pair Of<T>(T[] values, DType type, Layout layout) where T : unmanaged =>
        Pair.From([.. MemoryMarshal.AsBytes<T>(values), .. new byte[64]], type, layout);
}
