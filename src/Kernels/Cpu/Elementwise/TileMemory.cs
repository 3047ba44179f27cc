// Moving elements in and out of tiles. Vectors are written whole, past n elements too; callers say
// why that is safe. Only Gather writes exactly n elements: copies to any memory rely on it.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Engine.Kernels;

internal static unsafe class TileMemory
{
    [MethodImpl(Compiled.Once)]
    public static void Fill<T>(void* target, nint n, T value) where T : unmanaged
    {
        Vector256<T> v = Vector256.Create(value);
        for (nint i = 0; i < n; i += Vector256<T>.Count) v.Store((T*)target + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Copy<T>(T* source, T* target, nint n) where T : unmanaged
    {
        for (nint i = 0; i < n; i += Vector256<T>.Count)
            Vector256.Load(source + i).Store(target + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Gather<T>(T* source, nint stride, T* target, nint n) where T : unmanaged
    {
        nint i = 0;
        for (; i <= n - 4; i += 4)
        {
            T a = source[0], b = source[stride], c = source[2 * stride], d = source[3 * stride];
            target[i] = a;
            target[i + 1] = b;
            target[i + 2] = c;
            target[i + 3] = d;
            source += 4 * stride;
        }

        for (; i < n; i++, source += stride) target[i] = *source;
    }

    /// <summary>Prefetches bytes used soon; they may lie behind a buffer's end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(void* from, nint bytes)
    {
        const int Line = 64;
        if (!Sse.IsSupported) return;
        for (nint i = 0; i < bytes; i += Line) Sse.Prefetch0((byte*)from + i);
    }

    /// <summary>Bytes of 0 or 1 to 32-bit masks.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Expand32(byte* source, int* target, nint n)
    {
        for (nint i = 0; i < n; i += 16)
        {
            Vector128<byte> bytes = Vector128.Load(source + i);
            Vector128<ushort> low = Vector128.WidenLower(bytes);
            Vector128<ushort> high = Vector128.WidenUpper(bytes);
            (-Vector128.WidenLower(low).AsInt32()).Store(target + i);
            (-Vector128.WidenUpper(low).AsInt32()).Store(target + i + 4);
            (-Vector128.WidenLower(high).AsInt32()).Store(target + i + 8);
            (-Vector128.WidenUpper(high).AsInt32()).Store(target + i + 12);
        }
    }

    /// <summary>Bytes of 0 or 1 to 64-bit masks.</summary>
    [MethodImpl(Compiled.Once)]
    public static void Expand64(byte* source, long* target, nint n)
    {
        for (nint i = 0; i < n; i += 8)
        {
            Vector128<byte> bytes = Vector128.CreateScalarUnsafe(*(long*)(source + i)).AsByte();
            Vector128<ushort> words = Vector128.WidenLower(bytes);
            Vector128<uint> low = Vector128.WidenLower(words);
            Vector128<uint> high = Vector128.WidenUpper(words);
            (-Vector128.WidenLower(low).AsInt64()).Store(target + i);
            (-Vector128.WidenUpper(low).AsInt64()).Store(target + i + 2);
            (-Vector128.WidenLower(high).AsInt64()).Store(target + i + 4);
            (-Vector128.WidenUpper(high).AsInt64()).Store(target + i + 6);
        }
    }

    /// <summary>Masks to bytes of 0 or 1.</summary>
    public static void Shrink(RegisterType type, void* source, byte* target, nint n)
    {
        if (type == RegisterType.Mask32) Shrink32((int*)source, target, n);
        else Shrink64((long*)source, target, n);
    }

    [MethodImpl(Compiled.Once)]
    private static void Shrink32(int* source, byte* target, nint n)
    {
        for (nint i = 0; i < n; i += 16)
        {
            Vector128<short> low =
                Vector128.Narrow(Vector128.Load(source + i), Vector128.Load(source + i + 4));
            Vector128<short> high =
                Vector128.Narrow(Vector128.Load(source + i + 8), Vector128.Load(source + i + 12));
            (Vector128.Narrow(low, high).AsByte() & Vector128.Create((byte)1)).Store(target + i);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void Shrink64(long* source, byte* target, nint n)
    {
        for (nint i = 0; i < n; i += 16)
        {
            Vector128<short> low = Vector128.Narrow(Half(source + i), Half(source + i + 4));
            Vector128<short> high = Vector128.Narrow(Half(source + i + 8), Half(source + i + 12));
            (Vector128.Narrow(low, high).AsByte() & Vector128.Create((byte)1)).Store(target + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Half(long* p) =>
        Vector128.Narrow(Vector128.Load(p), Vector128.Load(p + 2));
}
