// How the reference device reads and writes single elements, whatever their type.
using System.Runtime.InteropServices;
using Engine.Kernels;

namespace Engine.OpTests;

internal sealed unsafe partial class ReferenceBackend
{
    private static byte* Register(byte* file, int register) =>
        register < 0 ? null : file + register * 64;

    private static byte* Address(in Operand x, ReadOnlySpan<long> at)
    {
        long offset = x.Offset;
        for (int i = 0; i < at.Length; i++) offset += at[i] * x.Layout.Strides[i];
        byte[] data = ((HostBuffer)x.Buffer).Data;
        long place = offset * x.Type.Size();
        if (place < 0 || place + x.Type.Size() > x.Buffer.Bytes)
            throw new InvalidOperationException($"a view reads outside its buffer: {x.Layout}");
        return (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(data, (int)place);
    }

    private static void LoadRegister(in Operand x, long[] at, RegisterType type, byte* register)
    {
        long bits = 0;
        Buffer.MemoryCopy(Address(x, at), &bits, 8, x.Type.Size());
        if (type is RegisterType.Mask32 or RegisterType.Mask64) bits = bits != 0 ? -1 : 0;
        *(long*)register = bits;
    }

    private static void StoreRegister(in Operand y, long[] at, byte* register)
    {
        long bits = *(long*)register;
        if (y.Type == DType.Bool) bits &= 1;
        Buffer.MemoryCopy(&bits, Address(y, at), 8, y.Type.Size());
    }

    private static double Get(in Operand x, ReadOnlySpan<long> at) => x.Type switch
    {
        DType.Float32 => *(float*)Address(x, at),
        DType.Float64 => *(double*)Address(x, at),
        _ => Whole(x, at),
    };

    private static long Whole(in Operand x, ReadOnlySpan<long> at) => x.Type switch
    {
        DType.Int32 => *(int*)Address(x, at),
        DType.Int64 => *(long*)Address(x, at),
        _ => *Address(x, at),
    };

    private static void Set(in Operand y, ReadOnlySpan<long> at, double value)
    {
        if (y.Type == DType.Float32) *(float*)Address(y, at) = (float)value;
        else if (y.Type == DType.Float64) *(double*)Address(y, at) = value;
        else SetWhole(y, at, (long)value);
    }

    private static void SetWhole(in Operand y, ReadOnlySpan<long> at, long value)
    {
        if (y.Type == DType.Int32) *(int*)Address(y, at) = (int)value;
        else if (y.Type == DType.Int64) *(long*)Address(y, at) = value;
        else *Address(y, at) = (byte)value;
    }
}
