// Test data: views of random numbers in a backend's memory, and what they hold, as doubles. The
// bytes behind a result are guarded, so that a kernel that writes too far is found.
using System.Runtime.InteropServices;
using Engine.Kernels;

namespace Engine.KernelTests;

internal sealed class View(CpuBackend backend, Operand operand)
{
    private const int Guard = 64;

    public Operand Operand => operand;

    private static int Bytes(DType type, long count) => checked((int)(count * type.Size()));

    /// <summary>Uniform on -1 .. 1.</summary>
    public static View Random(CpuBackend backend, DType type, int seed, params long[] sizes)
    {
        var random = new Random(seed);
        var layout = Layout.Contiguous(sizes);
        var values = new double[layout.Count];
        foreach (ref double value in values.AsSpan()) value = 2 * random.NextDouble() - 1;
        return From(backend, type, values, sizes);
    }

    public static View From(CpuBackend backend, DType type, double[] values, params long[] sizes)
    {
        DeviceBuffer buffer = backend.Rent(Bytes(type, values.Length));
        if (type == DType.Float32)
        {
            float[] floats = Array.ConvertAll(values, value => (float)value);
            backend.Upload(MemoryMarshal.AsBytes<float>(floats), buffer, 0);
        }
        else backend.Upload(MemoryMarshal.AsBytes<double>(values), buffer, 0);
        return new View(backend, new Operand(buffer, 0, type, Layout.Contiguous(sizes)));
    }

    /// <summary>A result to be: NaN for floats, with the same bytes behind it as guard.</summary>
    public static View Filled(CpuBackend backend, DType type, params long[] sizes)
    {
        var layout = Layout.Contiguous(sizes);
        int bytes = Bytes(type, layout.Count) + Guard;
        DeviceBuffer buffer = backend.Rent(bytes);
        var fill = new byte[bytes];
        fill.AsSpan().Fill(0xff);
        backend.Upload(fill, buffer, 0);
        return new View(backend, new Operand(buffer, 0, type, layout));
    }

    public View Strided(long offset, long[] sizes, long[] strides) =>
        new(backend, operand with { Offset = offset, Layout = new Layout(sizes, strides) });

    /// <summary>The last two axes exchanged.</summary>
    public View Transpose()
    {
        long[] sizes = operand.Layout.Sizes.ToArray(), strides = operand.Layout.Strides.ToArray();
        (sizes[^1], sizes[^2]) = (sizes[^2], sizes[^1]);
        (strides[^1], strides[^2]) = (strides[^2], strides[^1]);
        return Strided(operand.Offset, sizes, strides);
    }

    /// <summary>The first item of the first axis in place of all.</summary>
    public View BroadcastFirst()
    {
        long[] strides = operand.Layout.Strides.ToArray();
        strides[0] = 0;
        return Strided(operand.Offset, operand.Layout.Sizes.ToArray(), strides);
    }

    /// <summary>The bytes of a contiguous view.</summary>
    public byte[] Bytes()
    {
        var bytes = new byte[Bytes(operand.Type, operand.Layout.Count)];
        backend.Download(operand.Buffer, operand.Offset * operand.Type.Size(), bytes);
        return bytes;
    }

    /// <summary>The elements in row-major order.</summary>
    public double[] Values()
    {
        var all = new byte[operand.Buffer.Bytes];
        backend.Download(operand.Buffer, 0, all);
        var values = new double[operand.Layout.Count];
        for (long i = 0; i < values.Length; i++)
        {
            long place = operand.Offset, rest = i;
            for (int axis = operand.Layout.Rank - 1; axis >= 0; axis--)
            {
                place += rest % operand.Layout.Sizes[axis] * operand.Layout.Strides[axis];
                rest /= operand.Layout.Sizes[axis];
            }
            ReadOnlySpan<byte> from = all.AsSpan((int)place * operand.Type.Size());
            values[i] = operand.Type switch
            {
                DType.Float32 => MemoryMarshal.Read<float>(from),
                DType.Float64 => MemoryMarshal.Read<double>(from),
                _ => MemoryMarshal.Read<int>(from),
            };
        }
        return values;
    }

    public void AssertGuard()
    {
        var guard = new byte[Guard];
        backend.Download(operand.Buffer, Bytes(operand.Type, operand.Layout.Count), guard);
        Assert.True(guard.All(b => b == 0xff), "bytes behind the result were overwritten");
    }
}
