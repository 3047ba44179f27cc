// Elementary functions against System.Math in double precision: the largest error in units in the
// last place over millions of points, and special values exactly.
using System.Runtime.CompilerServices;
using Engine;
using Engine.Kernels;
using Xunit.Abstractions;
using static KernelTests.MathReference;

namespace KernelTests;

[Trait("Category", "Portable")]
public unsafe partial class LaneMathTests(ITestOutputHelper output)
{
    private readonly struct Exp : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Exp(x);
    }

    private readonly struct Log : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Log(x);
    }

    private readonly struct Tanh : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Tanh(x);
    }

    private readonly struct Sigmoid : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Sigmoid(x);
    }

    private readonly struct Softplus : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Softplus(x);
    }

    private readonly struct Sin : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Sin(x);
    }

    private readonly struct Cos : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Cos(x);
    }

    private readonly struct Quantile : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> =>
            LaneMath.NormalQuantile(x);
    }

    private readonly struct Pow : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> =>
            LaneMath.Pow(x, y);
    }

    // Without fused multiply-add errors grow; without vectors everything is too slow for millions.
    private static readonly bool HasFma = Lanes256<float>.HasFma;
    private static readonly int Points =
        System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated ? 2_000_000 : 100_000;

    [Fact]
    public void ExpIsAccurate()
    {
        Check<Exp>(Math.Exp, -110, 95, 1.5, -750, 715, 2);
        Check<Exp>(Math.Exp, -1, 1, 1.5, -1, 1, 2);
        Special<Exp>(Math.Exp);
    }

    [Fact]
    public void LogIsAccurate()
    {
        Check<Log>(Math.Log, 0, 3, 1.5, 0, 3, 2);
        Check<Log>(Math.Log, 0, 3e38, 1.5, 0, 1e308, 2);
        Check<Log>(Math.Log, 0, 1e-37, 1.5, 0, 1e-307, 2);
        Check<Log>(Math.Log, 0.9, 1.1, 1.5, 0.9, 1.1, 2);
        Special<Log>(Math.Log);
    }

    [Fact]
    public void TanhIsAccurate()
    {
        Check<Tanh>(Math.Tanh, -12, 12, 2.5, -25, 25, 3.5);
        Check<Tanh>(Math.Tanh, -1, 1, 2.5, -1, 1, 3.5);
        Check<Tanh>(Math.Tanh, -1e-4, 1e-4, 2, -1e-8, 1e-8, 3);
        Special<Tanh>(Math.Tanh);
    }

    [Fact]
    public void SigmoidIsAccurate()
    {
        Check<Sigmoid>(MathReference.Sigmoid, -110, 30, 2.5, -750, 50, 4);
        Check<Sigmoid>(MathReference.Sigmoid, -3, 3, 2.5, -3, 3, 4);
        Special<Sigmoid>(MathReference.Sigmoid);
    }

    [Fact]
    public void SoftplusIsAccurate()
    {
        Check<Softplus>(MathReference.Softplus, -110, 90, 3, -740, 700, 6);
        Check<Softplus>(MathReference.Softplus, -3, 3, 3, -3, 3, 6);
        Special<Softplus>(MathReference.Softplus);
    }

    [Fact]
    public void SinAndCosAreAccurate()
    {
        Check<Sin>(Math.Sin, -4, 4, 2, -4, 4, 3);
        Check<Cos>(Math.Cos, -4, 4, 2, -4, 4, 3);
        double small = HasFma ? 1.1e5 : 100;
        Check<Sin>(Math.Sin, -small, small, 2, -1.1e6, 1.1e6, 3);
        Check<Cos>(Math.Cos, -small, small, 2, -1.1e6, 1.1e6, 3);
        Check<Sin>(Math.Sin, 1e30, 3e38, 2, 1e30, 1e300, 3, points: 10_000);
        Check<Cos>(Math.Cos, 1e30, 3e38, 2, 1e30, 1e300, 3, points: 10_000);
        Special<Sin>(Math.Sin);
        Special<Cos>(Math.Cos);
    }

    [Fact]
    public void NormalQuantileIsAccurate()
    {
        var random = new Random(1);
        double[] p = new double[20_000];
        for (int i = 0; i < p.Length; i++)
            p[i] = i % 2 == 0 ? random.NextDouble() : Math.Pow(10, -random.NextDouble() * 30);
        double[] z = Run<Quantile, double>(p);
        double[] single = Widen(Run<Quantile, float>(Narrow(p)));
        for (int i = 0; i < p.Length; i++)
        {
            // One Newton step from the result: its size is the error of the result.
            double density = Math.Exp(-z[i] * z[i] / 2) / Math.Sqrt(2 * Math.PI);
            double step = (Phi(z[i]) - p[i]) / density;
            Assert.True(
                Math.Abs(step) <= 4e-13 * Math.Max(1, Math.Abs(z[i])), $"{p[i]}: {z[i]} by {step}");
            double exact = Run<Quantile, double>([(float)p[i]])[0];
            Assert.True(
                Math.Abs(single[i] - exact) <= 3e-6 * Math.Max(0.1, Math.Abs(exact)),
                $"{p[i]}: {single[i]}, {exact}");
        }

        Assert.Equal(
            [double.NegativeInfinity, 0, double.PositiveInfinity, double.NaN, double.NaN],
            Run<Quantile, double>([0, 0.5, 1, -1, double.NaN]));
    }

    [Fact]
    public void PowIsAccurate()
    {
        var random = new Random(1);
        double[] x = new double[Points / 4], y = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = (float)Math.Exp((random.NextDouble() - 0.5) * (i % 2 == 0 ? 160 : 1));
            y[i] = (float)((random.NextDouble() - 0.5) * (i % 2 == 0 ? 4 : 200));
        }

        double worst = 0;
        float[] single = Run<Pow, float>(Narrow(x), Narrow(y));
        for (int i = 0; i < x.Length; i++)
            worst = Math.Max(worst, Ulps32(single[i], Math.Pow(x[i], y[i])));
        output.WriteLine($"pow float32 {worst:F2}");
        Assert.InRange(worst, 0, HasFma ? 2 : 3);

        worst = 0;
        double[] result = Run<Pow, double>(x, y);
        for (int i = 0; i < x.Length; i++)
            worst = Math.Max(worst, Ulps64(result[i], Math.Pow(x[i], y[i])));
        output.WriteLine($"pow float64 {worst:F2}");
        Assert.InRange(worst, 0, 3);
    }

    [Fact]
    public void PowKnowsSpecialValues()
    {
        double infinity = double.PositiveInfinity;
        double[] values =
        [
            0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 2.5, -2.5, 1e30, -1e30, infinity, -infinity,
            double.NaN, 1.0000001, 0.9999999, 1e-30,
        ];
        foreach (double x in values)
        {
            foreach (double y in values)
            {
                double expected = Math.Pow(x, y), actual = Run<Pow, double>([x], [y])[0];
                Assert.True(Ulps64(actual, expected) <= 3, $"{x}^{y}: {actual}, not {expected}");
                Assert.True(SameSign(actual, expected), $"{x}^{y}: {actual}, not {expected}");
                expected = (float)Math.Pow((float)x, (float)y);
                actual = Run<Pow, float>([(float)x], [(float)y])[0];
                Assert.True(Ulps32((float)actual, expected) <= 3, $"{x}^{y}: {actual}");
            }
        }
    }

    private void Check<TOp>(
        Func<double, double> reference, double low32, double high32, double bound32,
        double low64, double high64, double bound64, int points = 0) where TOp : struct, IUnaryOp
    {
        if (points == 0) points = Points;
        points = Math.Min(points, Points);
        var random = new Random(7);
        double[] x = new double[points];
        for (int i = 0; i < points; i++)
            x[i] = (float)(low32 + (high32 - low32) * random.NextDouble());
        float[] single = Run<TOp, float>(Narrow(x));
        double worst = 0, where = 0;
        for (int i = 0; i < points; i++)
        {
            double ulps = Ulps32(single[i], reference(x[i]));
            if (ulps > worst || double.IsNaN(ulps)) (worst, where) = (ulps, x[i]);
        }

        string report = $"{typeof(TOp).Name} float32 [{low32}, {high32}]: {worst:F2} at {where:R}";
        output.WriteLine(report);
        Assert.True(worst <= (HasFma ? bound32 : bound32 + 2), report);

        points /= 4;
        x = new double[points];
        for (int i = 0; i < points; i++) x[i] = low64 + (high64 - low64) * random.NextDouble();
        double[] wide = Run<TOp, double>(x);
        worst = 0;
        for (int i = 0; i < points; i++)
        {
            double ulps = Ulps64(wide[i], reference(x[i]));
            if (ulps > worst || double.IsNaN(ulps)) (worst, where) = (ulps, x[i]);
        }

        report = $"{typeof(TOp).Name} float64 [{low64}, {high64}]: {worst:F2} at {where:R}";
        output.WriteLine(report);
        Assert.True(worst <= (HasFma ? bound64 : bound64 + 2), report);
    }

    // Infinities, NaN, zeros with their signs, denormals, the largest and smallest numbers.
    private static void Special<TOp>(Func<double, double> reference) where TOp : struct, IUnaryOp
    {
        foreach (double x in (double[])[
            0, -0.0, 1, -1, double.PositiveInfinity, double.NegativeInfinity, double.NaN,
            1e-40, -1e-40, 1e-45, 1e-320, -1e-320, 1e-30, -1e-30, 88.8, -88.8, 104, -104,
            710, -746, 1e30, -1e30, float.MaxValue, float.MinValue, float.Epsilon])
        {
            double expected = reference(x), actual = Run<TOp, double>([x])[0];
            Assert.True(
                Ulps64(actual, expected) <= 8 && SameSign(actual, expected),
                $"{typeof(TOp).Name}({x}) = {actual}, not {expected}");
            float single = Run<TOp, float>([(float)x])[0];
            expected = reference((float)x);
            Assert.True(
                Ulps32(single, expected) <= 4 && SameSign(single, expected),
                $"{typeof(TOp).Name}({x}f) = {single}, not {expected}");
        }
    }

    private static bool SameSign(double a, double b) =>
        double.IsNaN(a) || double.IsNegative(a) == double.IsNegative(b);

    private static T[] Run<TOp, T>(T[] x) where TOp : struct, IUnaryOp where T : unmanaged =>
        Run(TileKernels.Unary<TOp>(DTypes.Of<T>()), x, x);

    private static T[] Run<TOp, T>(T[] x, T[] y)
        where TOp : struct, IBinaryOp where T : unmanaged =>
        Run(TileKernels.Binary<TOp>(DTypes.Of<T>()), x, y);

    private static T[] Run<T>(TileKernel kernel, T[] x, T[] y) where T : unmanaged
    {
        T[] a = Padded(x), b = Padded(y), z = Padded(x);
        fixed (T* pa = a, pb = b, pz = z) kernel.Run(pa, pb, null, pz, x.Length);
        return z[..x.Length];

        static T[] Padded(T[] data)
        {
            T[] room = new T[data.Length + 64];
            data.CopyTo(room, 0);
            return room;
        }
    }

    private static float[] Narrow(double[] x) => Array.ConvertAll(x, v => (float)v);

    private static double[] Widen(float[] x) => Array.ConvertAll(x, v => (double)v);
}
