// 128-bit lanes. SSE2, NEON. See ILanes.cs for what the members mean.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Kernels;

/// <summary>
/// 128 bits of float, double, int or long lanes; the float-only members throw for integers.
/// </summary>
public readonly unsafe struct Lanes128<T>(Vector128<T> value) : IFloatLanes<Lanes128<T>>
    where T : unmanaged, INumber<T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector128<T> v = value;

    /// <summary>The vector itself.</summary>
    public Vector128<T> Value
    {
        [MethodImpl(Inline)]
        get => v;
    }

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => Vector128<T>.Count;
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
    public static Lanes128<T> Const(double c) => new(Vector128.Create(Scalars.From<T>(c)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Load(void* p, nint i) => new(Vector128.Load((T*)p + i));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Lanes128<T> v, void* p, nint i) => v.v.Store((T*)p + i);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Broadcast(void* p, nint i) => new(Vector128.Create(((T*)p)[i]));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator +(Lanes128<T> a, Lanes128<T> b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator -(Lanes128<T> a, Lanes128<T> b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator *(Lanes128<T> a, Lanes128<T> b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator /(Lanes128<T> a, Lanes128<T> b)
    {
        FloatOnly();
        return new(a.v / b.v);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator -(Lanes128<T> a) => new(-a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator &(Lanes128<T> a, Lanes128<T> b) => new(a.v & b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator |(Lanes128<T> a, Lanes128<T> b) => new(a.v | b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator ^(Lanes128<T> a, Lanes128<T> b) => new(a.v ^ b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> operator ~(Lanes128<T> a) => new(~a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Abs(Lanes128<T> a) => new(Vector128.Abs(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Min(Lanes128<T> a, Lanes128<T> b) => new(Vector128.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Max(Lanes128<T> a, Lanes128<T> b) => new(Vector128.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> MinNative(Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.MinNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> MaxNative(Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.MaxNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Equal(Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Less(Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> LessOrEqual(Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.LessThanOrEqual(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Select(Lanes128<T> mask, Lanes128<T> a, Lanes128<T> b) =>
        new(Vector128.ConditionalSelect(mask.v, a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(Lanes128<T> mask) => Vector128.ExtractMostSignificantBits(mask.v) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(Lanes128<T> a) => Scalars.ToDouble(Vector128.Sum(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Fma(Lanes128<T> a, Lanes128<T> b, Lanes128<T> c)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector128.MultiplyAddEstimate(
                a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
            : new(Vector128.MultiplyAddEstimate(
                a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Sqrt(Lanes128<T> a)
    {
        FloatOnly();
        return new(Vector128.Sqrt(a.v));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Round(Lanes128<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector128.Round(a.v.AsSingle()).As<float, T>())
            : new(Vector128.Round(a.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Floor(Lanes128<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector128.Floor(a.v.AsSingle()).As<float, T>())
            : new(Vector128.Floor(a.v.AsDouble()).As<double, T>());
    }

    // Adding 1.5 * 2^23 (or 2^52) puts an integer in the low mantissa bits without a conversion,
    // which AVX2 lacks for int64.

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Scale2(Lanes128<T> a, Lanes128<T> n)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? a * new Lanes128<T>(
                ((n + Const(12582912.0 + 127)).v.AsInt32() << 23).As<int, T>())
            : a * new Lanes128<T>(
                ((n + Const(6755399441055744.0 + 1023)).v.AsInt64() << 52).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Exponent(Lanes128<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? (new Lanes128<T>((a.v.AsInt32() >>> 23).As<int, T>()) | Const(8388608))
                - Const(8388608 + 127)
            : (new Lanes128<T>((a.v.AsInt64() >>> 52).As<long, T>()) | Const(4503599627370496))
                - Const(4503599627370496.0 + 1023);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes128<T> Mantissa(Lanes128<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(((a.v.AsInt32() & Vector128.Create(0x7fffff))
                | Vector128.Create(0x3f800000)).As<int, T>())
            : new(((a.v.AsInt64() & Vector128.Create(0xfffffffffffffL))
                | Vector128.Create(0x3ff0000000000000L)).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Lanes128<T> LibrarySin(Lanes128<T> a)
    {
        T* lanes = stackalloc T[Count];
        Store(a, lanes, 0);
        for (int i = 0; i < Count; i++)
            lanes[i] = Scalars.From<T>(Math.Sin(Scalars.ToDouble(lanes[i])));
        return Load(lanes, 0);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Lanes128<T> LibraryCos(Lanes128<T> a)
    {
        T* lanes = stackalloc T[Count];
        Store(a, lanes, 0);
        for (int i = 0; i < Count; i++)
            lanes[i] = Scalars.From<T>(Math.Cos(Scalars.ToDouble(lanes[i])));
        return Load(lanes, 0);
    }

    [MethodImpl(Inline)]
    private static void FloatOnly()
    {
        if (typeof(T) != typeof(float) && typeof(T) != typeof(double)) Scalars.ThrowFloatOnly();
    }
}
