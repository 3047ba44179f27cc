// Casts and uniform numbers, value by value; the operator kernels are covered by ElementwiseTests.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public unsafe class TileTests
{
    private static readonly double[] Values =
    [
        0, -0.0, 0.9, -0.9, 1.5, -1.5, 2.5, 1e9, -1e9, 3e9, -3e9, 1e19, -1e19, 1e300, -1e300,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 16777217,
    ];

    [Fact]
    public void AProgramKeepsOneFormForEachBackend()
    {
        var program = new TileProgram([RegisterType.Float32], [], [], [0]);
        int made = 0;
        int[] Numbers(TileProgram p) => p.CompiledAs(_ => new int[++made]);
        string Text(TileProgram p) => p.CompiledAs(_ => $"text {++made}");
        Assert.Same(Numbers(program), Numbers(program));
        Assert.Same(Text(program), Text(program));
        Assert.Equal(2, made);
        Assert.NotSame(Numbers(program), Numbers(program with { Outputs = [0] }));
    }

    [Fact]
    public void CastsTruncateAndSaturate()
    {
        Check(RegisterType.Float64, Values, RegisterType.Int32, Values.Select(v => (int)v));
        Check(RegisterType.Float64, Values, RegisterType.Int64, Values.Select(v => (long)v));
        Check(RegisterType.Float64, Values, RegisterType.Float32, Values.Select(v => (float)v));
        float[] single = [.. Values.Select(v => (float)v)];
        Check(RegisterType.Float32, single, RegisterType.Int32, single.Select(v => (int)v));
        Check(RegisterType.Float32, single, RegisterType.Int64, single.Select(v => (long)v));
        Check(RegisterType.Float32, single, RegisterType.Float64, single.Select(v => (double)v));
    }

    [Fact]
    public void CastsFromIntegersRoundOnceOrKeepTheLowBits()
    {
        long[] wide = [0, 1, -1, long.MaxValue, long.MinValue, (1L << 53) + 1, 1L << 32, 16777217];
        Check(RegisterType.Int64, wide, RegisterType.Float64, wide.Select(v => (double)v));
        Check(RegisterType.Int64, wide, RegisterType.Float32, wide.Select(v => (float)v));
        Check(RegisterType.Int64, wide, RegisterType.Int32, wide.Select(v => unchecked((int)v)));
        int[] narrow = [0, 1, -1, int.MaxValue, int.MinValue, 16777217];
        Check(RegisterType.Int32, narrow, RegisterType.Float64, narrow.Select(v => (double)v));
        Check(RegisterType.Int32, narrow, RegisterType.Float32, narrow.Select(v => (float)v));
        Check(RegisterType.Int32, narrow, RegisterType.Int64, narrow.Select(v => (long)v));
    }

    [Fact]
    public void CastsToAndFromMasks()
    {
        double[] numbers = [0, -0.0, 1, -2, 0.25, double.NaN];
        bool[] truth = [false, false, true, true, true, true];
        int[] mask32 = [.. truth.Select(t => t ? -1 : 0)];
        long[] mask64 = [.. truth.Select(t => t ? -1L : 0)];
        float[] single = [.. numbers.Select(v => (float)v)];
        Check(RegisterType.Float64, numbers, RegisterType.Mask64, mask64);
        Check(RegisterType.Float64, numbers, RegisterType.Mask32, mask32);
        Check(RegisterType.Float32, single, RegisterType.Mask64, mask64);
        Check(RegisterType.Float32, single, RegisterType.Mask32, mask32);
        Check(RegisterType.Mask32, mask32, RegisterType.Mask64, mask64);
        Check(RegisterType.Mask64, mask64, RegisterType.Mask32, mask32);
        Check(RegisterType.Mask32, mask32, RegisterType.Float32, truth.Select(t => t ? 1f : 0));
        Check(RegisterType.Mask32, mask32, RegisterType.Float64, truth.Select(t => t ? 1.0 : 0));
        Check(RegisterType.Mask64, mask64, RegisterType.Int32, truth.Select(t => t ? 1 : 0));
        Check(RegisterType.Mask64, mask64, RegisterType.Int64, truth.Select(t => t ? 1L : 0));
    }

    [Fact]
    public void UniformNumbersLieInTheOpenInterval()
    {
        int[] words = [0, -1, 255, 256, int.MinValue, int.MaxValue, 0x1234567];
        Check(TileKernels.UnitFromBits(DType.Float32), words, words.Select(w => Math.Min(
            (float)((uint)w >> 8) / (1 << 24) + 1f / (1 << 25), 1 - 1f / (1 << 24))));
        long[] wide = [0, -1, 2047, 2048, long.MinValue, long.MaxValue, 0x123456789abcdef];
        Check(TileKernels.UnitFromBits(DType.Float64), wide, wide.Select(w => Math.Min(
            ((ulong)w >> 11) / (double)(1L << 53) + 1.0 / (1L << 54), 1 - 1.0 / (1L << 53))));
    }

    [Fact]
    public void KernelsAreCached()
    {
        Assert.Same(
            TileKernels.Cast(RegisterType.Float32, RegisterType.Int64),
            TileKernels.Cast(RegisterType.Float32, RegisterType.Int64));
        Assert.Same(
            TileKernels.Select(RegisterType.Float64), TileKernels.Select(RegisterType.Float64));
    }

    private static void Check<TFrom, TTo>(
        RegisterType from, TFrom[] x, RegisterType to, IEnumerable<TTo> expected)
        where TFrom : unmanaged where TTo : unmanaged =>
        Check(TileKernels.Cast(from, to), x, expected);

    // Several copies in a row, so that vectors and not only a tail see every value.
    private static void Check<TFrom, TTo>(TileKernel kernel, TFrom[] x, IEnumerable<TTo> expected)
        where TFrom : unmanaged where TTo : unmanaged
    {
        TFrom[] source = [.. Enumerable.Repeat(x, 5).SelectMany(v => v), .. new TFrom[64]];
        TTo[] result = new TTo[source.Length + 64];
        fixed (TFrom* a = source)
        fixed (TTo* y = result) kernel.Run(a, null, null, y, 5 * x.Length);
        Assert.Equal(Enumerable.Repeat(expected, 5).SelectMany(v => v), result.Take(5 * x.Length));
    }
}
