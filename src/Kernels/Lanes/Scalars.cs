// Conversions between the four number types that fold away once the JIT knows the type.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Scalar helpers of the lanes.</summary>
internal static class Scalars
{
    /// <summary>The constant as a T; saturates for integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T From<T>(double c) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return Cast<float, T>((float)c);
        if (typeof(T) == typeof(double)) return Cast<double, T>(c);
        return typeof(T) == typeof(int) ? Cast<int, T>((int)c) : Cast<long, T>((long)c);
    }

    /// <summary>The number as a double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double ToDouble<T>(T x) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return Cast<T, float>(x);
        if (typeof(T) == typeof(double)) return Cast<T, double>(x);
        return typeof(T) == typeof(int) ? Cast<T, int>(x) : Cast<T, long>(x);
    }

    /// <summary>The same value under a type known to be the same.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TTo Cast<TFrom, TTo>(TFrom x) where TFrom : unmanaged where TTo : unmanaged =>
        Unsafe.As<TFrom, TTo>(ref x);

    /// <summary>A positive float reduced by <see cref="LargeAngle"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ReducedAngle<T> ReduceLarge<T>(T a) where T : unmanaged
    {
        if (typeof(T) == typeof(float))
        {
            var single = LargeAngle.OfFloat32(Unsafe.BitCast<T, uint>(a));
            return new(From<T>(single.Quarters), Unsafe.BitCast<uint, T>((uint)single.Rest));
        }
        if (typeof(T) != typeof(double)) ThrowFloatOnly();
        var wide = LargeAngle.OfFloat64(Unsafe.BitCast<T, ulong>(a));
        return new(From<T>(wide.Quarters), Unsafe.BitCast<ulong, T>(wide.Rest));
    }

    [DoesNotReturn]
    public static void ThrowFloatOnly() =>
        throw new NotSupportedException("Lanes: this operation needs float32 or float64 lanes.");
}
