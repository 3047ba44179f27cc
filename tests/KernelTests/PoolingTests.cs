// Positions of maxima against the definition, with ties, NaNs and padding.
using Engine.Kernels;
using KernelTests;

namespace Engine.KernelTests;

[Trait("Category", "Portable")]
public class PoolingTests
{
    // Planes, height, width, window, stride, padding.
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 3, 28, 28, 2, 2, 0 },
        { 2, 15, 7, 2, 2, 0 },
        { 1, 3, 40, 2, 2, 0 },
        { 2, 84, 84, 2, 2, 0 },
        { 70, 14, 17, 2, 2, 0 },
        { 5, 14, 14, 2, 2, 0 },
        { 3, 9, 9, 2, 2, 0 },
        { 2, 9, 9, 3, 2, 1 },
        { 2, 8, 6, 3, 1, 0 },
        { 1, 2, 2, 2, 2, 0 },
        { 1, 1, 1, 2, 2, 1 },
        { 0, 4, 4, 2, 2, 0 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void EqualsDefinition(int planes, int h, int w, int window, int stride, int padding)
    {
        var shape = new PoolShape(h, w, window, stride, padding);
        var random = new Random(3);
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
            foreach (int threads in new[] { 1, 3 })
            {
                var backend = new CpuBackend(threads);
                var values = new double[planes * h * w];
                double[] few = [0, -0.0, 1, 2, -1, double.NegativeInfinity, double.NaN];
                for (int i = 0; i < values.Length; i++) values[i] = few[random.Next(few.Length)];
                View x = View.From(backend, type, values, planes, h, w);
                View y = View.Filled(
                    backend, DType.Int32, planes, shape.OutHeight, shape.OutWidth);
                backend.MaxPoolIndices(shape, x.Operand, y.Operand);
                double[] places = y.Values();
                for (int i = 0; i < places.Length; i++)
                    Assert.Equal(First(shape, values, i), (int)places[i]);
                y.AssertGuard();
            }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ProgramsArePooledAndBack(
        int planes, int h, int w, int window, int stride, int padding)
    {
        var shape = new PoolShape(h, w, window, stride, padding);
        var random = new Random(4);
        foreach (DType type in new[] { DType.Float32, DType.Float64 })
            foreach (int threads in new[] { 1, 3 })
            {
                var backend = new CpuBackend(threads);
                long[] images = [planes, h, w];
                long[] pooled = [planes, shape.OutHeight, shape.OutWidth];
                Operand x = Views.Random(backend, random, type, images, true);
                Operand row = Views.Random(backend, random, type, [Math.Max(1, planes)], true);
                row = row with { Layout = new Layout(images, [1, 0, 0]) };
                TileKernel sum = TileKernels.NumberBinary<FusedTests.Plus>(type);
                RegisterType register = Registers.Of(type);
                var program = new TileProgram(
                    [register, register], [], [new TileInstruction(sum, 0, 1)], [2]);
                Operand computed = Views.New(backend, type, images);
                backend.Elementwise(program, [row, x], [computed]);

                View positions = View.Filled(backend, DType.Int32, pooled);
                View values = View.Filled(backend, type, pooled);
                backend.MaxPool(
                    shape, program, Layout.Contiguous(images), [row, x], values.Operand,
                    positions.Operand);
                Operand expected = Views.New(backend, DType.Int32, pooled);
                backend.MaxPoolIndices(shape, computed, expected);
                Views.AssertSame(expected, positions.Operand, "positions");
                double[] places = positions.Values(), from = Views.Values(computed);
                Assert.Equal(
                    places.Select((place, i) =>
                        from[i / (shape.OutHeight * shape.OutWidth) * h * w + (int)place]),
                    values.Values());

                View back = View.Filled(backend, type, images);
                backend.MaxUnpool(shape, values.Operand, positions.Operand, back.Operand);
                double[] sums = new double[planes * h * w], g = values.Values();
                for (int i = 0; i < g.Length; i++)
                    sums[i / (shape.OutHeight * shape.OutWidth) * h * w + (int)places[i]] += g[i];
                Assert.Equal(sums, back.Values(), Close);
                positions.AssertGuard();
                values.AssertGuard();
                back.AssertGuard();
            }
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-5 * (1 + Math.Abs(a));

    private static int First(in PoolShape s, double[] x, int output)
    {
        int area = s.OutHeight * s.OutWidth, plane = output / area * s.Height * s.Width;
        int i = output % area / s.OutWidth, j = output % area % s.OutWidth;
        int best = -1;
        for (int r = 0; r < s.Window; r++)
            for (int q = 0; q < s.Window; q++)
            {
                int h = i * s.Stride + r - s.Padding, w = j * s.Stride + q - s.Padding;
                if (h < 0 || w < 0 || h >= s.Height || w >= s.Width) continue;
                int place = h * s.Width + w;
                double value = x[plane + place];
                if (best < 0) best = place;
                else if (!double.IsNaN(x[plane + best])
                    && (value > x[plane + best] || double.IsNaN(value))) best = place;
            }
        return best;
    }
}
