// Functions measured against twice double precision: at most two units in the last place in
// float32 and float64 alike, over their whole range.
using System.Runtime.CompilerServices;
using Engine.Kernels;
using static KernelTests.MathReference;

namespace KernelTests;

public unsafe partial class LaneMathTests
{
    private readonly struct Expm1 : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Expm1(x);
    }

    private readonly struct Log1p : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Log1p(x);
    }

    private readonly struct Erf : IUnaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => LaneMath.Erf(x);
    }

    private readonly struct Atan2 : IBinaryOp
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V> =>
            LaneMath.Atan2(x, y);
    }

    private static readonly int WidePoints = Points / 20;

    [Fact]
    public void Expm1IsAccurate()
    {
        foreach (var (low, high) in ((double, double)[])
            [(-60, 88), (-1, 1), (-1e-2, 1e-2), (-1e-8, 1e-8), (0.3, 0.4), (-0.4, -0.3)])
            CheckWide<Expm1>(x => DoubleDouble.Expm1(x), low, high);
        CheckWide<Expm1>(x => DoubleDouble.Expm1(x), 80, 709, single: false);
        Special<Expm1>(MathReference.Expm1);
    }

    [Fact]
    public void Log1pIsAccurate()
    {
        foreach (var (low, high) in ((double, double)[])
            [(-0.999999, 3), (-0.5, 0.5), (-1e-2, 1e-2), (-1e-8, 1e-8), (0, 1e5), (0, 1e30)])
            CheckWide<Log1p>(DoubleDouble.Log1p, low, high);
        CheckWide<Log1p>(DoubleDouble.Log1p, 0, 1e300, single: false);
        Special<Log1p>(MathReference.Log1p);
    }

    [Fact]
    public void ErfIsAccurate()
    {
        foreach (var (low, high) in ((double, double)[])
            [(-6.5, 6.5), (-1, 1), (0.9, 1.1), (-1e-3, 1e-3), (1, 3), (-1e-30, 1e-30)])
            CheckWide<Erf>(DoubleDouble.Erf, low, high);
        Special<Erf>(MathReference.Erf);
    }

    [Fact]
    public void Atan2IsAccurate()
    {
        var random = new Random(3);
        foreach (double spread in (double[])[1, 3, 60])
        {
            double[] y = new double[WidePoints], x = new double[WidePoints];
            for (int i = 0; i < y.Length; i++)
            {
                y[i] = (float)Draw(spread);
                x[i] = (float)Draw(spread);
            }
            Compare($"atan2 float32 {spread}", y, x, Run<Atan2, float>(Narrow(y), Narrow(x)));
            for (int i = 0; i < y.Length; i++) (y[i], x[i]) = (Draw(spread), Draw(spread));
            Compare($"atan2 float64 {spread}", y, x, Run<Atan2, double>(y, x));
        }

        double Draw(double spread) =>
            Math.Exp((random.NextDouble() - 0.5) * spread) * (random.Next(2) == 0 ? 1 : -1);

        void Compare<T>(string name, double[] y, double[] x, T[] actual) => Report(
            name, [.. y.Select((v, i) => DoubleDouble.Atan2(v, x[i]))], actual, i => y[i] / x[i]);
    }

    [Fact]
    public void Atan2KnowsSpecialValues()
    {
        double infinity = double.PositiveInfinity;
        double[] values =
            [0, -0.0, 1, -1, infinity, -infinity, double.NaN, 1e-300, -1e300, 1e308, 1e-320, 3e38];
        foreach (double y in values)
            foreach (double x in values)
            {
                double expected = Math.Atan2(y, x), actual = Run<Atan2, double>([y], [x])[0];
                Assert.True(
                    Ulps64(actual, expected) <= 2 && SameSign(actual, expected),
                    $"atan2({y}, {x}) = {actual}, not {expected}");
                float single = Run<Atan2, float>([(float)y], [(float)x])[0];
                expected = Math.Atan2((float)y, (float)x);
                Assert.True(
                    Ulps32(single, expected) <= 2 && SameSign(single, expected),
                    $"atan2({y}f, {x}f) = {single}, not {expected}");
            }
    }

    private void CheckWide<TOp>(
        Func<double, DoubleDouble> reference, double low, double high, bool single = true)
        where TOp : struct, IUnaryOp
    {
        var random = new Random(7);
        double[] x = new double[WidePoints];
        for (int i = 0; i < x.Length; i++) x[i] = low + (high - low) * random.NextDouble();
        string name = $"{typeof(TOp).Name} [{low}, {high}]";
        Report($"{name} float64", [.. x.Select(reference)], Run<TOp, double>(x), i => x[i]);
        if (!single) return;
        x = Widen(Narrow(x));
        Report($"{name} float32", [.. x.Select(reference)], Run<TOp, float>(Narrow(x)), i => x[i]);
    }

    /// <summary>Without fused multiply-add two more units are allowed.</summary>
    private void Report<T>(
        string name, DoubleDouble[] expected, T[] actual, Func<int, double> place)
    {
        double worst = 0, where = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double ulps = actual[i] is float single
                ? Ulps32(single, expected[i].High)
                : Ulps(Convert.ToDouble(actual[i]), expected[i]);
            if (ulps > worst || double.IsNaN(ulps)) (worst, where) = (ulps, place(i));
        }
        string report = $"{name}: {worst:F2} at {where:R}";
        output.WriteLine(report);
        Assert.True(worst <= (HasFma ? 2 : 4), report);

        static double Ulps(double actual, DoubleDouble exact)
        {
            double unit = Math.BitIncrement(Math.Abs(exact.High)) - Math.Abs(exact.High);
            return Math.Abs(actual - exact.High - exact.Low) / unit;
        }
    }
}
