// Lanes that fill a vector register, written once, for 256 bits (AVX2). The build makes those of
// 128 bits (SSE2, NEON) and of 512 bits (AVX-512) by putting their number for every 256 in this
// file (see Kernels.csproj), so 256 may stand here for the width only. What differs beyond that is
// in Widths. ILanes.cs says what the members mean.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Kernels;

/// <summary>
/// 256 bits of float, double, int or long lanes; the float-only members throw for integers.
/// </summary>
public readonly unsafe struct Lanes256<T>(Vector256<T> value) : IKernelLanes<Lanes256<T>, T>
    where T : unmanaged, INumber<T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector256<T> v = value;

    /// <summary>The vector itself.</summary>
    public Vector256<T> Value
    {
        [MethodImpl(Inline)]
        get => v;
    }

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => Vector256<T>.Count;
    }

    /// <inheritdoc/>
    public static bool IsDouble
    {
        [MethodImpl(Inline)]
        get => typeof(T) == typeof(double);
    }

    /// <inheritdoc/>
    public static bool HasFma
    {
        [MethodImpl(Inline)]
        get => System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Const(double c) => new(Vector256.Create(Scalars.From<T>(c)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Load(void* p, nint i) => new(Vector256.Load((T*)p + i));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Lanes256<T> v, void* p, nint i) => v.v.Store((T*)p + i);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Broadcast(void* p, nint i) => new(Vector256.Create(((T*)p)[i]));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator +(Lanes256<T> a, Lanes256<T> b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator -(Lanes256<T> a, Lanes256<T> b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator *(Lanes256<T> a, Lanes256<T> b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator /(Lanes256<T> a, Lanes256<T> b)
    {
        FloatOnly();
        return new(a.v / b.v);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator -(Lanes256<T> a) => new(-a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator &(Lanes256<T> a, Lanes256<T> b) => new(a.v & b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator |(Lanes256<T> a, Lanes256<T> b) => new(a.v | b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator ^(Lanes256<T> a, Lanes256<T> b) => new(a.v ^ b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> operator ~(Lanes256<T> a) => new(~a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Abs(Lanes256<T> a) => new(Vector256.Abs(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Min(Lanes256<T> a, Lanes256<T> b) => new(Vector256.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Max(Lanes256<T> a, Lanes256<T> b) => new(Vector256.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> MinNative(Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.MinNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> MaxNative(Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.MaxNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Equal(Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Less(Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> LessOrEqual(Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.LessThanOrEqual(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Select(Lanes256<T> mask, Lanes256<T> a, Lanes256<T> b) =>
        new(Vector256.ConditionalSelect(mask.v, a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(Lanes256<T> mask) => Vector256.ExtractMostSignificantBits(mask.v) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(Lanes256<T> a) => Scalars.ToDouble(Vector256.Sum(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Fma(Lanes256<T> a, Lanes256<T> b, Lanes256<T> c)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector256.MultiplyAddEstimate(
                a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
            : new(Vector256.MultiplyAddEstimate(
                a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Sqrt(Lanes256<T> a)
    {
        FloatOnly();
        return new(Vector256.Sqrt(a.v));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Round(Lanes256<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector256.Round(a.v.AsSingle()).As<float, T>())
            : new(Vector256.Round(a.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Floor(Lanes256<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector256.Floor(a.v.AsSingle()).As<float, T>())
            : new(Vector256.Floor(a.v.AsDouble()).As<double, T>());
    }

    // Adding 1.5 * 2^23 (or 2^52) puts an integer in the low mantissa bits without a conversion,
    // which AVX2 lacks for int64.

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Scale2(Lanes256<T> a, Lanes256<T> n)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? a * new Lanes256<T>(
                ((n + Const(12582912.0 + 127)).v.AsInt32() << 23).As<int, T>())
            : a * new Lanes256<T>(
                ((n + Const(6755399441055744.0 + 1023)).v.AsInt64() << 52).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Exponent(Lanes256<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? (new Lanes256<T>((a.v.AsInt32() >>> 23).As<int, T>()) | Const(8388608))
                - Const(8388608 + 127)
            : (new Lanes256<T>((a.v.AsInt64() >>> 52).As<long, T>()) | Const(4503599627370496))
                - Const(4503599627370496.0 + 1023);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes256<T> Mantissa(Lanes256<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(((a.v.AsInt32() & Vector256.Create(0x7fffff))
                | Vector256.Create(0x3f800000)).As<int, T>())
            : new(((a.v.AsInt64() & Vector256.Create(0xfffffffffffffL))
                | Vector256.Create(0x3ff0000000000000L)).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ReducedAngle<Lanes256<T>> ReduceLarge(Lanes256<T> a)
    {
        FloatOnly();
        T* quarters = stackalloc T[Count], rest = stackalloc T[Count];
        Store(a, rest, 0);
        for (int i = 0; i < Count; i++)
        {
            ReducedAngle<T> angle = Scalars.ReduceLarge(rest[i]);
            (quarters[i], rest[i]) = (angle.Quarters, angle.Rest);
        }
        return new(Load(quarters, 0), Load(rest, 0));
    }

    static int IKernelLanes<Lanes256<T>, T>.RegisterRows
    {
        [MethodImpl(Inline)]
        get => sizeof(Vector256<T>) == 64 ? 8 : 4;
    }

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes256<T>, T>.AddProduct(
        ref Lanes256<T> sum, Lanes256<T> a, Lanes256<T> b) =>
        Unsafe.AsRef(in sum.v) = typeof(T) == typeof(float)
            ? Vector256.MultiplyAddEstimate(
                a.v.AsSingle(), b.v.AsSingle(), sum.v.AsSingle()).As<float, T>()
            : Vector256.MultiplyAddEstimate(
                a.v.AsDouble(), b.v.AsDouble(), sum.v.AsDouble()).As<double, T>();

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes256<T>, T>.StoreFirst(Lanes256<T> v, T* p, int count) =>
        Widths.StoreFirst(v.v, p, count);

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes256<T>, T>.Stream(Lanes256<T> v, T* p, nint i) =>
        v.v.StoreAlignedNonTemporal(p + i);

    [MethodImpl(Inline)]
    static T IKernelLanes<Lanes256<T>, T>.Total(Lanes256<T> v) => Widths.Total(v.v);

    [MethodImpl(Inline)]
    private static void FloatOnly()
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double)) Scalars.ThrowFloatOnly();
    }
}
