// One lane: the same bodies on plain scalars, for hardware without vectors and as the reference
// of the tests. See ILanes.cs for what the members mean.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace Engine.Kernels;

/// <summary>One float, double, int or long; the float-only members throw for integers.</summary>
public readonly unsafe struct Lanes1<T>(T value) : IKernelLanes<Lanes1<T>, T>
    where T : unmanaged, INumber<T>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    private readonly T v = value;

    /// <summary>The number itself.</summary>
    public T Value
    {
        [MethodImpl(Inline)]
        get => v;
    }

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => 1;
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
    public static Lanes1<T> Const(double c) => new(Scalars.From<T>(c));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Load(void* p, nint i) => new(((T*)p)[i]);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static void Store(Lanes1<T> v, void* p, nint i) => ((T*)p)[i] = v.v;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Broadcast(void* p, nint i) => new(((T*)p)[i]);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator +(Lanes1<T> a, Lanes1<T> b) => new(a.v + b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator -(Lanes1<T> a, Lanes1<T> b) => new(a.v - b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator *(Lanes1<T> a, Lanes1<T> b) => new(a.v * b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator /(Lanes1<T> a, Lanes1<T> b) => new(a.v / b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator -(Lanes1<T> a) => new(-a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator &(Lanes1<T> a, Lanes1<T> b) => Raw(Bits(a) & Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator |(Lanes1<T> a, Lanes1<T> b) => Raw(Bits(a) | Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator ^(Lanes1<T> a, Lanes1<T> b) => Raw(Bits(a) ^ Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> operator ~(Lanes1<T> a) => Raw(~Bits(a));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Abs(Lanes1<T> a) =>
        typeof(T) == typeof(float) || typeof(T) == typeof(double)
            ? new(T.Abs(a.v))
            : new(a.v < T.Zero ? -a.v : a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Min(Lanes1<T> a, Lanes1<T> b) => new(T.Min(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Max(Lanes1<T> a, Lanes1<T> b) => new(T.Max(a.v, b.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> MinNative(Lanes1<T> a, Lanes1<T> b) => new(a.v < b.v ? a.v : b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> MaxNative(Lanes1<T> a, Lanes1<T> b) => new(a.v > b.v ? a.v : b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Equal(Lanes1<T> a, Lanes1<T> b) => Mask(a.v == b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Less(Lanes1<T> a, Lanes1<T> b) => Mask(a.v < b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> LessOrEqual(Lanes1<T> a, Lanes1<T> b) => Mask(a.v <= b.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Select(Lanes1<T> mask, Lanes1<T> a, Lanes1<T> b) =>
        Raw((Bits(mask) & Bits(a)) | (~Bits(mask) & Bits(b)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(Lanes1<T> mask) => Bits(mask) < 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(Lanes1<T> a) => Scalars.ToDouble(a.v);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Fma(Lanes1<T> a, Lanes1<T> b, Lanes1<T> c) =>
        new(T.MultiplyAddEstimate(a.v, b.v, c.v));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Sqrt(Lanes1<T> a) =>
        typeof(T) == typeof(float)
            ? new(Scalars.Cast<float, T>(MathF.Sqrt(a.Single)))
            : new(Scalars.Cast<double, T>(Math.Sqrt(a.Double)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Round(Lanes1<T> a) =>
        typeof(T) == typeof(float)
            ? new(Scalars.Cast<float, T>(MathF.Round(a.Single)))
            : new(Scalars.Cast<double, T>(Math.Round(a.Double)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Floor(Lanes1<T> a) =>
        typeof(T) == typeof(float)
            ? new(Scalars.Cast<float, T>(MathF.Floor(a.Single)))
            : new(Scalars.Cast<double, T>(Math.Floor(a.Double)));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Scale2(Lanes1<T> a, Lanes1<T> n) =>
        typeof(T) == typeof(float)
            ? a * Raw(((int)n.Single + 127) << 23)
            : a * Raw(((long)n.Double + 1023) << 52);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Exponent(Lanes1<T> a) =>
        typeof(T) == typeof(float)
            ? Const((int)((uint)Bits(a) >> 23) - 127)
            : Const((long)((ulong)Bits(a) >> 52) - 1023);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Lanes1<T> Mantissa(Lanes1<T> a) =>
        typeof(T) == typeof(float)
            ? Raw((Bits(a) & 0x7fffff) | 0x3f800000)
            : Raw((Bits(a) & 0xfffffffffffffL) | 0x3ff0000000000000L);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ReducedAngle<Lanes1<T>> ReduceLarge(Lanes1<T> a)
    {
        ReducedAngle<T> angle = Scalars.ReduceLarge(a.v);
        return new(new(angle.Quarters), new(angle.Rest));
    }

    static int IKernelLanes<Lanes1<T>, T>.RegisterRows
    {
        [MethodImpl(Inline)]
        get => 4;
    }

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes1<T>, T>.AddProduct(
        ref Lanes1<T> sum, Lanes1<T> a, Lanes1<T> b) => sum = Fma(a, b, sum);

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes1<T>, T>.StoreFirst(Lanes1<T> v, T* p, int count) => *p = v.v;

    [MethodImpl(Inline)]
    static void IKernelLanes<Lanes1<T>, T>.Stream(Lanes1<T> v, T* p, nint i) => p[i] = v.v;

    [MethodImpl(Inline)]
    static T IKernelLanes<Lanes1<T>, T>.Total(Lanes1<T> v) => v.v;

    // Float-only members come through here, so integers throw.
    private float Single
    {
        [MethodImpl(Inline)]
        get => Scalars.Cast<T, float>(v);
    }

    private double Double
    {
        [MethodImpl(Inline)]
        get
        {
            if (typeof(T) != typeof(double)) Scalars.ThrowFloatOnly();
            return Scalars.Cast<T, double>(v);
        }
    }

    [MethodImpl(Inline)]
    private static Lanes1<T> Mask(bool set) => Raw(set ? -1 : 0);

    [MethodImpl(Inline)]
    private static long Bits(Lanes1<T> a) => sizeof(T) == 4
        ? Unsafe.BitCast<T, int>(a.v)
        : Unsafe.BitCast<T, long>(a.v);

    [MethodImpl(Inline)]
    private static Lanes1<T> Raw(long bits) => sizeof(T) == 4
        ? new(Unsafe.BitCast<int, T>((int)bits))
        : new(Unsafe.BitCast<long, T>(bits));
}
