// What an emitted program calls: loads, stores, constants, selections and conversions, one method
// for each register type. The names are put together by ProgramTypes.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>Steps of a program that are no operator.</summary>
public static class ProgramSteps
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 LoadFloat32<TIndex>(View<float, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<float, TIndex>.Load(view, i));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 LoadFloat64<TIndex>(View<double, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<double, TIndex>.Load(view, i));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 LoadInt32<TIndex>(View<int, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<int, TIndex>.Load(view, i));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 LoadInt64<TIndex>(View<long, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<long, TIndex>.Load(view, i));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 LoadMask32<TIndex>(View<byte, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<byte, TIndex>.Load(view, i) != 0 ? -1 : 0);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 LoadMask64<TIndex>(View<byte, TIndex> view, long i)
        where TIndex : unmanaged, IIndex<TIndex> =>
        new(View<byte, TIndex>.Load(view, i) != 0 ? -1L : 0L);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreFloat32<TIndex>(
        View<float, TIndex> view, long i, ThreadFloat32 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<float, TIndex>.Store(view, i, value.Value);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreFloat64<TIndex>(
        View<double, TIndex> view, long i, ThreadFloat64 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<double, TIndex>.Store(view, i, value.Value);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreInt32<TIndex>(
        View<int, TIndex> view, long i, ThreadInt32 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<int, TIndex>.Store(view, i, value.Value);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreInt64<TIndex>(
        View<long, TIndex> view, long i, ThreadInt64 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<long, TIndex>.Store(view, i, value.Value);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreMask32<TIndex>(
        View<byte, TIndex> view, long i, ThreadInt32 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<byte, TIndex>.Store(view, i, (byte)(value.Value & 1));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static void StoreMask64<TIndex>(
        View<byte, TIndex> view, long i, ThreadInt64 value)
        where TIndex : unmanaged, IIndex<TIndex> =>
        View<byte, TIndex>.Store(view, i, (byte)(value.Value & 1));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 ConstFloat32(long bits) => ThreadFloat32.Of((uint)bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 ConstFloat64(long bits) => ThreadFloat64.Of((ulong)bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 ConstInt32(long bits) => new((int)bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 ConstInt64(long bits) => new(bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 ConstMask32(long bits) => new((int)bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 ConstMask64(long bits) => new(bits);

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask(ThreadFloat32 x) => new((int)ThreadFloat32.Bits(x));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask(ThreadFloat64 x) => new((long)ThreadFloat64.Bits(x));

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask(ThreadInt32 x) => x;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Mask(ThreadInt64 x) => x;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Select(ThreadInt32 mask, ThreadFloat32 a, ThreadFloat32 b) =>
        mask.Value != 0 ? a : b;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat64 Select(ThreadInt64 mask, ThreadFloat64 a, ThreadFloat64 b) =>
        mask.Value != 0 ? a : b;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Select(ThreadInt32 mask, ThreadInt32 a, ThreadInt32 b) =>
        mask.Value != 0 ? a : b;

    /// <summary>A step.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt64 Select(ThreadInt64 mask, ThreadInt64 a, ThreadInt64 b) =>
        mask.Value != 0 ? a : b;
}
