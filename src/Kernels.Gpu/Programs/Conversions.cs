// Conversions between register types, as the CPU has them (CastTile): floats to integers truncate
// and saturate, NaN gives 0; a number to a mask is != 0; a mask to a number is 1 or 0.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>The conversion to ... from ...; the names are put together by ProgramTypes.</summary>
public static class Conversions
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Float32FromFloat64(ThreadFloat64 x) => new((float)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Float32FromInt32(ThreadInt32 x) => new((float)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Float32FromInt64(ThreadInt64 x) => new((float)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Float32FromMask32(ThreadInt32 x) =>
        new(x.Value != 0 ? (float)1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Float32FromMask64(ThreadInt64 x) =>
        new(x.Value != 0 ? (float)1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Float64FromFloat32(ThreadFloat32 x) => new(x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Float64FromInt32(ThreadInt32 x) => new((double)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Float64FromInt64(ThreadInt64 x) => new((double)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Float64FromMask32(ThreadInt32 x) =>
        new(x.Value != 0 ? (double)1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Float64FromMask64(ThreadInt64 x) =>
        new(x.Value != 0 ? (double)1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Int32FromFloat32(ThreadFloat32 x) => new(Ieee.ToInt32(x.Value));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Int32FromFloat64(ThreadFloat64 x) => new(Ieee.ToInt32(x.Value));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Int32FromInt64(ThreadInt64 x) => new((int)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Int32FromMask32(ThreadInt32 x) => new((int)(x.Value & 1));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Int32FromMask64(ThreadInt64 x) => new((int)(x.Value & 1));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Int64FromFloat32(ThreadFloat32 x) => new(Ieee.ToInt64(x.Value));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Int64FromFloat64(ThreadFloat64 x) => new(Ieee.ToInt64(x.Value));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Int64FromInt32(ThreadInt32 x) => new((long)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Int64FromMask32(ThreadInt32 x) => new((long)(x.Value & 1));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Int64FromMask64(ThreadInt64 x) => new((long)(x.Value & 1));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask32FromFloat32(ThreadFloat32 x) =>
        new(~(int)Ieee.Equal(x.Value, 0));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask32FromFloat64(ThreadFloat64 x) =>
        new(~(int)Ieee.Equal(x.Value, 0));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask32FromInt32(ThreadInt32 x) => new(x.Value != 0 ? -1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask32FromInt64(ThreadInt64 x) => new(x.Value != 0 ? -1 : 0);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask32FromMask64(ThreadInt64 x) => new((int)x.Value);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask64FromFloat32(ThreadFloat32 x) =>
        new(~(long)(int)Ieee.Equal(x.Value, 0));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask64FromFloat64(ThreadFloat64 x) =>
        new(~(long)(int)Ieee.Equal(x.Value, 0));

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask64FromInt32(ThreadInt32 x) => new(x.Value != 0 ? -1L : 0L);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask64FromInt64(ThreadInt64 x) => new(x.Value != 0 ? -1L : 0L);

    /// <summary>A conversion.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask64FromMask32(ThreadInt32 x) => new(x.Value);

    /// <summary>Random bits to a number in the open interval (0, 1).</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 UnitFromInt32(ThreadInt32 bits)
    {
        const float Step = 1f / (1 << 24);
        float unit = Ieee.Fma((int)((uint)bits.Value >> 8), Step, Step / 2);
        return new(Ieee.Min(unit, 1 - Step));
    }

    /// <inheritdoc cref="UnitFromInt32"/>
    [MethodImpl(Inline)]
    public static ThreadFloat64 UnitFromInt64(ThreadInt64 bits)
    {
        const double Step = 1.0 / (1L << 53);
        double unit = Ieee.Fma((long)((ulong)bits.Value >> 11), Step, Step / 2);
        return new(Ieee.Min(unit, 1 - Step));
    }
}
