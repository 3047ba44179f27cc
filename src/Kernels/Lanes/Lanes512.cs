// 512-bit lanes. AVX-512. See ILanes.cs for what the members mean.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>
/// 512 bits of float, double, int or long lanes; the float-only members throw for integers.
/// </summary>
public readonly unsafe struct Lanes512<T>(Vector512<T> value) : IFloatLanes<Lanes512<T>>
    where T : unmanaged, INumber<T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly Vector512<T> v = value;

    /// <summary>The vector itself.</summary>
    public Vector512<T> Value
    {
        [MethodImpl(Inline)]
        get => v;
    }

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => Vector512<T>.Count;
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
        get => Vector512.IsHardwareAccelerated || System.Runtime.Intrinsics.X86.Fma.IsSupported;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Const(double c) => new(Vector512.Create(Scalars.From<T>(c)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Load(void* p, nint i) => new(Vector512.Load((T*)p + i));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Lanes512<T> v, void* p, nint i) => v.v.Store((T*)p + i);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Broadcast(void* p, nint i) => new(Vector512.Create(((T*)p)[i]));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator +(Lanes512<T> a, Lanes512<T> b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator -(Lanes512<T> a, Lanes512<T> b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator *(Lanes512<T> a, Lanes512<T> b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator /(Lanes512<T> a, Lanes512<T> b)
    {
        FloatOnly();
        return new(a.v / b.v);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator -(Lanes512<T> a) => new(-a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator &(Lanes512<T> a, Lanes512<T> b) => new(a.v & b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator |(Lanes512<T> a, Lanes512<T> b) => new(a.v | b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator ^(Lanes512<T> a, Lanes512<T> b) => new(a.v ^ b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> operator ~(Lanes512<T> a) => new(~a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Abs(Lanes512<T> a) => new(Vector512.Abs(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Min(Lanes512<T> a, Lanes512<T> b) => new(Vector512.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Max(Lanes512<T> a, Lanes512<T> b) => new(Vector512.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> MinNative(Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.MinNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> MaxNative(Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.MaxNative(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Equal(Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.Equals(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Less(Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.LessThan(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> LessOrEqual(Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.LessThanOrEqual(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Select(Lanes512<T> mask, Lanes512<T> a, Lanes512<T> b) =>
        new(Vector512.ConditionalSelect(mask.v, a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(Lanes512<T> mask) => Vector512.ExtractMostSignificantBits(mask.v) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(Lanes512<T> a) => Scalars.ToDouble(Vector512.Sum(a.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Fma(Lanes512<T> a, Lanes512<T> b, Lanes512<T> c)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector512.MultiplyAddEstimate(
                a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
            : new(Vector512.MultiplyAddEstimate(
                a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Sqrt(Lanes512<T> a)
    {
        FloatOnly();
        return new(Vector512.Sqrt(a.v));
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Round(Lanes512<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector512.Round(a.v.AsSingle()).As<float, T>())
            : new(Vector512.Round(a.v.AsDouble()).As<double, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Floor(Lanes512<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(Vector512.Floor(a.v.AsSingle()).As<float, T>())
            : new(Vector512.Floor(a.v.AsDouble()).As<double, T>());
    }

    // Adding 1.5 * 2^23 (or 2^52) puts an integer in the low mantissa bits without a conversion,
    // which AVX2 lacks for int64.

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Scale2(Lanes512<T> a, Lanes512<T> n)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? a * new Lanes512<T>(
                ((n + Const(12582912.0 + 127)).v.AsInt32() << 23).As<int, T>())
            : a * new Lanes512<T>(
                ((n + Const(6755399441055744.0 + 1023)).v.AsInt64() << 52).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Exponent(Lanes512<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? (new Lanes512<T>((a.v.AsInt32() >>> 23).As<int, T>()) | Const(8388608))
                - Const(8388608 + 127)
            : (new Lanes512<T>((a.v.AsInt64() >>> 52).As<long, T>()) | Const(4503599627370496))
                - Const(4503599627370496.0 + 1023);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes512<T> Mantissa(Lanes512<T> a)
    {
        FloatOnly();
        return typeof(T) == typeof(float)
            ? new(((a.v.AsInt32() & Vector512.Create(0x7fffff))
                | Vector512.Create(0x3f800000)).As<int, T>())
            : new(((a.v.AsInt64() & Vector512.Create(0xfffffffffffffL))
                | Vector512.Create(0x3ff0000000000000L)).As<long, T>());
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Lanes512<T> LibrarySin(Lanes512<T> a)
    {
        T* lanes = stackalloc T[Count];
        Store(a, lanes, 0);
        for (int i = 0; i < Count; i++)
            lanes[i] = Scalars.From<T>(Math.Sin(Scalars.ToDouble(lanes[i])));
        return Load(lanes, 0);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static Lanes512<T> LibraryCos(Lanes512<T> a)
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
