// Every lane width and type against plain scalar arithmetic, member by member.
using System.Numerics;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public unsafe class LaneTests
{
    private static readonly double[] Floats =
    [
        0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 3.25, -7.75, 1e10, -1e10, 1e-3, 123.456,
        double.NaN, double.PositiveInfinity, double.NegativeInfinity, 6.02e23,
    ];

    private static readonly double[] Integers = [0, 1, -1, 2, -2, 7, 1000, -1000, 46341, 123456];

    [Fact]
    public void FloatLanesAreNumbers()
    {
        Floating<Lanes512<float>, float>();
        Floating<Lanes256<float>, float>();
        Floating<Lanes128<float>, float>();
        Floating<Lanes1<float>, float>();
        Floating<Lanes512<double>, double>();
        Floating<Lanes256<double>, double>();
        Floating<Lanes128<double>, double>();
        Floating<Lanes1<double>, double>();
    }

    [Fact]
    public void IntegerLanesAreNumbers()
    {
        Number<Lanes512<int>, int>(Integers);
        Number<Lanes256<int>, int>(Integers);
        Number<Lanes128<int>, int>(Integers);
        Number<Lanes1<int>, int>(Integers);
        Number<Lanes512<long>, long>(Integers);
        Number<Lanes256<long>, long>(Integers);
        Number<Lanes128<long>, long>(Integers);
        Number<Lanes1<long>, long>(Integers);
    }

    [Fact]
    public void IntegersHaveNoFloatMembers()
    {
        Assert.Throws<NotSupportedException>(() => Lanes256<int>.Sqrt(Lanes256<int>.Const(4)));
        Assert.Throws<NotSupportedException>(() => Lanes1<long>.Sqrt(Lanes1<long>.Const(4)));
        Assert.Throws<NotSupportedException>(() => Lanes1<int>.ReduceLarge(Lanes1<int>.Const(4)));
        Assert.Throws<NotSupportedException>(
            () => Lanes512<long>.Const(4) / Lanes512<long>.Const(2));
    }

    private static void Floating<V, T>()
        where V : struct, IFloatLanes<V> where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Number<V, T>(Floats);
        Assert.Equal(typeof(T) == typeof(double), V.IsDouble);
        foreach (double p in Floats)
        {
            T a = T.CreateChecked(p);
            V va = V.Const(p);
            Same<V, T>(T.Sqrt(a), V.Sqrt(va));
            Same<V, T>(T.Round(a), V.Round(va));
            Same<V, T>(T.Floor(a), V.Floor(va));
            foreach (double q in Floats)
            {
                T b = T.CreateChecked(q);
                Same<V, T>(a / b, va / V.Const(q));
                if (T.IsNaN(a) || T.IsNaN(b) || a == b) continue;
                Same<V, T>(T.Min(a, b), V.MinNative(va, V.Const(q)));
                Same<V, T>(T.Max(a, b), V.MaxNative(va, V.Const(q)));
            }
        }

        // What LaneMath relies on: a NaN in the second place comes back.
        Same<V, T>(T.NaN, V.MinNative(V.Const(1), V.Const(double.NaN)));
        Same<V, T>(T.NaN, V.MaxNative(V.Const(1), V.Const(double.NaN)));
        foreach (double m in (double[])[1, 1.25, 1.9375])
        {
            for (int e = -126; e < 128; e++)
            {
                V x = V.Const(m * Math.Pow(2, e));
                Same<V, T>(T.CreateChecked(e), V.Exponent(x));
                Same<V, T>(T.CreateChecked(m), V.Mantissa(x));
                Same<V, T>(T.CreateChecked(m * Math.Pow(2, e)), V.Scale2(V.Const(m), V.Const(e)));
            }
        }

        Same<V, T>(T.CreateChecked(7), V.Fma(V.Const(2), V.Const(3), V.Const(1)));
        // 2^100 = n pi / 2 + 0.511..., n = 3 modulo 4.
        ReducedAngle<V> angle = V.ReduceLarge(V.Const(Math.Pow(2, 100)));
        Same<V, T>(T.CreateChecked(3), angle.Quarters);
        Same<V, T>(T.CreateChecked(0.5111477951147392), angle.Rest);
    }

    private static void Number<V, T>(double[] values)
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T>
    {
        foreach (double p in values)
        {
            T a = T.CreateChecked(p);
            V va = V.Const(p);
            Same<V, T>(a, va);
            Same<V, T>(-a, -va);
            Same<V, T>(T.Abs(a), V.Abs(va));
            foreach (double q in values)
            {
                T b = T.CreateChecked(q);
                V vb = V.Const(q);
                Same<V, T>(unchecked(a + b), va + vb);
                Same<V, T>(unchecked(a - b), va - vb);
                Same<V, T>(unchecked(a * b), va * vb);
                Same<V, T>(T.Min(a, b), V.Min(va, vb));
                Same<V, T>(T.Max(a, b), V.Max(va, vb));
                Mask<V, T>(a == b, V.Equal(va, vb), va, vb, a, b);
                Mask<V, T>(a < b, V.Less(va, vb), va, vb, a, b);
                Mask<V, T>(a <= b, V.LessOrEqual(va, vb), va, vb, a, b);
            }
        }

        T* numbers = stackalloc T[V.Count + 3];
        double sum = 0;
        for (int i = 0; i < V.Count + 3; i++) numbers[i] = T.CreateChecked(i);
        for (int i = 3; i < V.Count + 3; i++) sum += i;
        Assert.Equal(sum, V.Sum(V.Load(numbers, 3)));
        Same<V, T>(T.CreateChecked(2), V.Broadcast(numbers, 2));
        V one = V.Equal(V.Load(numbers, 0), V.Const(V.Count - 1));
        Assert.True(V.Any(one));
        Assert.False(V.Any(one & ~one));
        Same<V, T>(T.Zero, (one ^ one) | (one & ~one));
    }

    private static void Mask<V, T>(bool expected, V mask, V va, V vb, T a, T b)
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T>
    {
        Assert.Equal(expected, V.Any(mask));
        Same<V, T>(expected ? a : b, V.Select(mask, va, vb));
    }

    private static void Same<V, T>(T expected, V actual)
        where V : struct, IFloatLanes<V> where T : unmanaged, INumber<T>
    {
        T* lanes = stackalloc T[V.Count];
        V.Store(actual, lanes, 0);
        for (int i = 0; i < V.Count; i++)
        {
            Assert.Equal(expected, lanes[i]);
            if (!T.IsNaN(expected)) Assert.Equal(T.IsNegative(expected), T.IsNegative(lanes[i]));
        }
    }
}
