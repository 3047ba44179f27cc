// Sine and cosine of huge angles against exact reductions: over the whole range of float32 and
// float64, where they come nearest to multiples of pi/2, and with the same bits at every width.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace KernelTests;

public unsafe partial class LaneMathTests
{
    // Beside the limits, powers of ten and two, the largest numbers, and the float32 and the
    // float64 that come nearest to a multiple of pi/2 (Muller et al., Handbook of Floating-Point
    // Arithmetic).
    private static readonly double[] HardAngles =
    [
        8192, 8193, 1e5, 100001, 1e6, 1e6 + 0.1, 1e22, 5e8, Math.ScaleB(1, 31),
        Math.ScaleB(1, 62), Math.ScaleB(1, 63), Math.ScaleB(1, 64), Math.ScaleB(1, 127),
        Math.ScaleB(1, 1023), Math.ScaleB(16367173, 72), Math.ScaleB(6381956970095103, 797),
        Math.ScaleB(3038700, 100), Math.PI * 1e15, Math.ScaleB(Math.PI, 1000), float.MaxValue,
        double.MaxValue, Math.BitDecrement(double.MaxValue),
    ];

    [Fact]
    public void HugeAnglesAreAccurate()
    {
        var random = new Random(5);
        double[] wide = new double[20_000], single = new double[20_000];
        for (int i = 0; i < wide.Length; i++)
        {
            wide[i] = Draw(random.Next(17, 1024));
            single[i] = (float)Draw(random.Next(13, 127));
        }
        wide = [.. HardAngles, .. HardAngles.Select(x => -x), .. wide];
        single = [.. wide.Where(x => float.IsFinite((float)x)).Select(x => (float)x), .. single];

        Compare("sin float64", ExactAngle.Sin, wide, Run<Sin, double>(wide));
        Compare("cos float64", ExactAngle.Cos, wide, Run<Cos, double>(wide));
        Compare("sin float32", ExactAngle.Sin, single, Run<Sin, float>(Narrow(single)));
        Compare("cos float32", ExactAngle.Cos, single, Run<Cos, float>(Narrow(single)));

        double Draw(int exponent) =>
            Math.ScaleB((1 + random.NextDouble()) * (random.Next(2) == 0 ? 1 : -1), exponent);

        void Compare<T>(
            string name, Func<double, DoubleDouble> reference, double[] x, T[] actual) =>
            Report(name, [.. x.Select(reference)], actual, i => x[i]);
    }

    [Fact]
    public void HugeAnglesAreReducedWithOneRounding()
    {
        var random = new Random(6);
        for (int i = 0; i < 20_000; i++)
        {
            double x = i < HardAngles.Length
                ? HardAngles[i] : Math.ScaleB(1 + random.NextDouble(), random.Next(1, 1024));
            LargeAngle wide = LargeAngle.OfFloat64(BitConverter.DoubleToUInt64Bits(x));
            double rest = BitConverter.UInt64BitsToDouble(wide.Rest);
            Nearest(x, wide.Quarters, rest, Math.BitIncrement(Math.Abs(rest)) - Math.Abs(rest));
            if (!float.IsFinite((float)x)) continue;
            LargeAngle single = LargeAngle.OfFloat32(BitConverter.SingleToUInt32Bits((float)x));
            float few = BitConverter.UInt32BitsToSingle((uint)single.Rest);
            Nearest(
                (float)x, single.Quarters, few,
                MathF.BitIncrement(MathF.Abs(few)) - MathF.Abs(few));
        }

        static void Nearest(double x, int quarters, double rest, double unit)
        {
            var (exactQuarters, angle) = ExactAngle.Reduced(x);
            double error = Math.Abs(rest - angle.High - angle.Low) / unit;
            Assert.True(
                quarters % 4 == exactQuarters && error <= 0.502,
                $"{x:R}: {quarters}, {rest:R}, not {exactQuarters}, {angle}");
        }
    }

    [Fact]
    public void HugeAnglesHaveTheSameBitsAtEveryWidth()
    {
        foreach (double x in (double[])[.. HardAngles, double.NegativeInfinity, double.NaN])
        {
            Same<Lanes512<double>, double>(x);
            Same<Lanes256<double>, double>(x);
            Same<Lanes128<double>, double>(x);
            Same<Lanes512<float>, float>((float)x);
            Same<Lanes256<float>, float>((float)x);
            Same<Lanes128<float>, float>((float)x);
        }
        Assert.All([double.PositiveInfinity, double.NegativeInfinity, double.NaN], x =>
        {
            Assert.True(double.IsNaN(LaneMath.Sin(new Lanes1<double>(x)).Value));
            Assert.True(double.IsNaN(LaneMath.Cos(new Lanes1<double>(x)).Value));
            Assert.True(float.IsNaN(LaneMath.Sin(new Lanes1<float>((float)x)).Value));
            Assert.True(float.IsNaN(LaneMath.Cos(new Lanes1<float>((float)x)).Value));
        });

        static void Same<V, T>(T x)
            where V : struct, IFloatLanes<V>
            where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
        {
            // Beside small ones, whose lanes must not change.
            T* lanes = stackalloc T[V.Count], sine = stackalloc T[V.Count];
            T* cosine = stackalloc T[V.Count];
            for (int i = 0; i < V.Count; i++) lanes[i] = i % 2 == 0 ? x : T.One;
            V.Store(LaneMath.Sin(V.Load(lanes)), sine);
            V.Store(LaneMath.Cos(V.Load(lanes)), cosine);
            for (int i = 0; i < V.Count; i++)
            {
                var one = new Lanes1<T>(lanes[i]);
                Assert.Equal(Bits(LaneMath.Sin(one).Value), Bits(sine[i]));
                Assert.Equal(Bits(LaneMath.Cos(one).Value), Bits(cosine[i]));
            }
        }

        static long Bits<T>(T x) where T : unmanaged => sizeof(T) == 4
            ? Unsafe.BitCast<T, int>(x) : Unsafe.BitCast<T, long>(x);
    }
}
