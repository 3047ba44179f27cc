// The vector loops of CastTile. Each steps 8 elements (4 where both ends are 64-bit), so writes
// never pass the end of a view rounded to 64 bytes.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

internal static unsafe class CastLoops
{
    [MethodImpl(Compiled.Once)]
    public static void Float32ToInt32(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
            Vector256.ConvertToInt32(Vector256.Load((float*)x + i)).Store((int*)y + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Int32ToFloat32(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
            Vector256.ConvertToSingle(Vector256.Load((int*)x + i)).Store((float*)y + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Float64ToInt64(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 4)
            Vector256.ConvertToInt64(Vector256.Load((double*)x + i)).Store((long*)y + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Int64ToFloat64(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 4)
            Vector256.ConvertToDouble(Vector256.Load((long*)x + i)).Store((double*)y + i);
    }

    [MethodImpl(Compiled.Once)]
    public static void Float32ToFloat64(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
        {
            Vector256<float> v = Vector256.Load((float*)x + i);
            Vector256.WidenLower(v).Store((double*)y + i);
            Vector256.WidenUpper(v).Store((double*)y + i + 4);
        }
    }

    [MethodImpl(Compiled.Once)]
    public static void Float64ToFloat32(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
        {
            Vector256<double> low = Vector256.Load((double*)x + i);
            Vector256.Narrow(low, Vector256.Load((double*)x + i + 4)).Store((float*)y + i);
        }
    }

    [MethodImpl(Compiled.Once)]
    public static void Int32ToInt64(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
        {
            Vector256<int> v = Vector256.Load((int*)x + i);
            Vector256.WidenLower(v).Store((long*)y + i);
            Vector256.WidenUpper(v).Store((long*)y + i + 4);
        }
    }

    [MethodImpl(Compiled.Once)]
    public static void Int64ToInt32(void* x, void* y, nint n)
    {
        for (nint i = 0; i < n; i += 8)
        {
            Vector256<long> low = Vector256.Load((long*)x + i);
            Vector256.Narrow(low, Vector256.Load((long*)x + i + 4)).Store((int*)y + i);
        }
    }

    [MethodImpl(Compiled.Once)]
    public static void UnitFloat32(void* x, void* y, nint n)
    {
        const float Step = 1f / (1 << 24);
        for (nint i = 0; i < n; i += 8)
        {
            Vector256<int> bits = Vector256.Load((int*)x + i) >>> 8;
            Vector256<float> unit =
                Vector256.ConvertToSingle(bits) * Step + Vector256.Create(Step / 2);
            Vector256.MinNative(unit, Vector256.Create(1 - Step)).Store((float*)y + i);
        }
    }

    [MethodImpl(Compiled.Once)]
    public static void UnitFloat64(void* x, void* y, nint n)
    {
        const double Step = 1.0 / (1L << 53);
        for (nint i = 0; i < n; i += 4)
        {
            Vector256<long> bits = Vector256.Load((long*)x + i) >>> 11;
            Vector256<double> unit =
                Vector256.ConvertToDouble(bits) * Step + Vector256.Create(Step / 2);
            Vector256.MinNative(unit, Vector256.Create(1 - Step)).Store((double*)y + i);
        }
    }
}
