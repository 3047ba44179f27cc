// Operands for tests: random data in views of any layout, and plain element-by-element reading,
// which the references of all kernel tests are built on.
using System.Runtime.InteropServices;
using Engine;
using Engine.Kernels;

namespace KernelTests;

internal static unsafe class Views
{
    /// <summary>A contiguous view with the given elements.</summary>
    public static Operand From<T>(CpuBackend backend, T[] data, params long[] sizes)
        where T : unmanaged
    {
        Operand view = New(backend, DTypes.Of<T>(), sizes.Length == 0 ? [data.Length] : sizes);
        backend.Upload(MemoryMarshal.AsBytes<T>(data), view.Buffer, 0);
        return view;
    }

    /// <summary>A contiguous view, contents undefined.</summary>
    public static Operand New(CpuBackend backend, DType type, params long[] sizes)
    {
        Layout layout = Layout.Contiguous(sizes);
        return new Operand(backend.Rent(layout.Count * type.Size()), 0, type, layout);
    }

    /// <summary>
    /// A view of the sizes with random strides: axes permuted, broadcast, flipped, with gaps; and
    /// small random numbers (0 or 1 for bool) in the whole buffer behind it.
    /// </summary>
    public static Operand Random(
        CpuBackend backend, Random random, DType type, long[] sizes, bool contiguous = false)
    {
        int rank = sizes.Length;
        long[] strides = new long[rank];
        int[] order = [.. Enumerable.Range(0, rank).Reverse()];
        if (!contiguous && random.Next(2) == 0) random.Shuffle(order);
        long next = !contiguous && random.Next(4) == 0 ? 2 : 1, low = 0, high = 0;
        foreach (int axis in order)
        {
            int kind = contiguous ? 9 : random.Next(10);
            if (kind < 2) continue;
            strides[axis] = kind == 2 ? -next : next;
            long reach = (sizes[axis] - 1) * strides[axis];
            if (reach < 0) low += reach; else high += reach;
            next *= Math.Max(1, sizes[axis]) + (kind == 3 ? 1 : 0);
        }

        long offset = contiguous ? 0 : random.Next(5);
        long count = Math.Max(1, offset + high - low + 1);
        DeviceBuffer buffer = backend.Rent(count * type.Size());
        void* p = ((CpuBuffer)buffer).Pointer;
        for (long i = 0; i < count; i++)
        {
            double value = random.NextDouble() * 6 - 3;
            Write(p, type, i, type == DType.Bool ? random.Next(2) : value);
        }

        return new Operand(buffer, offset - low, type, new Layout(sizes, strides));
    }

    /// <summary>Element i of the view in row-major order, as a double.</summary>
    public static double Get(in Operand x, long i) => Read(Base(x), x.Type, Position(x, i));

    /// <summary>Element i of the view in row-major order, as its bits.</summary>
    public static long Bits(in Operand x, long i)
    {
        byte* p = (byte*)Base(x) + Position(x, i) * x.Type.Size();
        return x.Type.Size() switch { 1 => *p, 4 => *(int*)p, _ => *(long*)p };
    }

    public static void Set(in Operand x, long i, double value) =>
        Write(Base(x), x.Type, Position(x, i), value);

    public static double[] Values(in Operand x)
    {
        double[] values = new double[x.Layout.Count];
        for (long i = 0; i < values.Length; i++) values[i] = Get(x, i);
        return values;
    }

    public static T[] Array<T>(in Operand x) where T : unmanaged =>
        new ReadOnlySpan<T>(CpuBackend.Pointer(x), (int)x.Layout.Count).ToArray();

    /// <summary>Fails unless both views hold the same bits.</summary>
    public static void AssertSame(in Operand expected, in Operand actual, string what = "")
    {
        Assert.Equal(expected.Layout.Count, actual.Layout.Count);
        for (long i = 0; i < expected.Layout.Count; i++)
            if (Bits(expected, i) != Bits(actual, i))
                Assert.Fail($"{what} element {i}: {Get(expected, i)} and {Get(actual, i)}");
    }

    private static void* Base(in Operand x) => ((CpuBuffer)x.Buffer).Pointer;

    private static long Position(in Operand x, long i)
    {
        long at = x.Offset;
        for (int axis = x.Layout.Rank - 1; axis >= 0; axis--)
        {
            at += i % x.Layout.Sizes[axis] * x.Layout.Strides[axis];
            i /= x.Layout.Sizes[axis];
        }

        return at;
    }

    private static double Read(void* p, DType type, long i) => type switch
    {
        DType.Float32 => ((float*)p)[i],
        DType.Float64 => ((double*)p)[i],
        DType.Int32 => ((int*)p)[i],
        DType.Int64 => ((long*)p)[i],
        _ => ((byte*)p)[i],
    };

    private static void Write(void* p, DType type, long i, double value)
    {
        switch (type)
        {
            case DType.Float32: ((float*)p)[i] = (float)value; break;
            case DType.Float64: ((double*)p)[i] = value; break;
            case DType.Int32: ((int*)p)[i] = (int)value; break;
            case DType.Int64: ((long*)p)[i] = (long)value; break;
            default: ((byte*)p)[i] = (byte)value; break;
        }
    }
}
