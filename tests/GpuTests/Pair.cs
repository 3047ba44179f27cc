// The same view in the memory of the CPU and of a GPU, and what the same call makes of both.
using System.Runtime.InteropServices;
using Engine.Kernels;
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

/// <summary>One view on both devices.</summary>
internal sealed class Pair
{
    private const int Guard = 64;

    private static readonly double[] Special =
    [
        0, -0.0, 1, -1, 0.5, 2.5, -3.5, double.NaN, double.PositiveInfinity,
        double.NegativeInfinity, 1e-40, -1e-45, 3e38, -3e38, 88.7, -103.9, 0.7853981633974483,
        1e-3, 16777217, -2147483648.0, 4294967296.0,
    ];

    private Pair(Operand cpu, Operand gpu) => (Cpu, Gpu) = (cpu, gpu);

    /// <summary>The device that is tested: one for the process, since kernels are kept.</summary>
    public static GpuBackend Device { get; } = Kernels.Gpu.Gpu.Simulated();

    public static CpuBackend Host { get; } = new(1);

    public Operand Cpu { get; }

    public Operand Gpu { get; }

    /// <summary>Numbers around 0; every fourth is a special one if asked for.</summary>
    public static Pair Random(DType type, int seed, long[] sizes, bool special = false)
    {
        var random = new Random(seed);
        var layout = Layout.Contiguous(sizes);
        var bytes = new byte[layout.Count * type.Size() + Guard];
        for (int i = 0; i < layout.Count; i++)
        {
            double value = special && random.Next(4) == 0
                ? Special[random.Next(Special.Length)] : 8 * random.NextDouble() - 4;
            Write(bytes, type, i, type.IsFloat() || special ? value : Math.Round(value));
        }
        return From(bytes, type, layout);
    }

    /// <summary>Integers of a range, as indices and positions are.</summary>
    public static Pair Integers(DType type, int seed, long[] sizes, long below)
    {
        var random = new Random(seed);
        var layout = Layout.Contiguous(sizes);
        var bytes = new byte[layout.Count * type.Size() + Guard];
        for (int i = 0; i < layout.Count; i++) Write(bytes, type, i, random.NextInt64(below));
        return From(bytes, type, layout);
    }

    /// <summary>A result to be, with other bytes in it and behind it.</summary>
    public static Pair Empty(DType type, params long[] sizes)
    {
        var layout = Layout.Contiguous(sizes);
        var bytes = new byte[layout.Count * type.Size() + Guard];
        bytes.AsSpan().Fill(0xff);
        return From(bytes, type, layout);
    }

    public static Pair From(byte[] bytes, DType type, Layout layout)
    {
        DeviceBuffer host = Host.Rent(bytes.Length), device = Device.Rent(bytes.Length);
        Host.Upload(bytes, host, 0);
        Device.Upload(bytes, device, 0);
        return new(new(host, 0, type, layout), new(device, 0, type, layout));
    }

    /// <summary>Another view of the same memory.</summary>
    public Pair Strided(long offset, long[] sizes, long[] strides)
    {
        var layout = new Layout(sizes, strides);
        return new(
            Cpu with { Offset = offset, Layout = layout },
            Gpu with { Offset = offset, Layout = layout });
    }

    /// <summary>
    /// Both hold the same numbers, within so many units in the last place of the largest number of
    /// the view's row (0: the same bits, but for what NaN is made of), and nothing beyond the view
    /// was written.
    /// </summary>
    public void Same(double units = 0, string what = "")
    {
        byte[] cpu = Bytes(Host, Cpu), gpu = Bytes(Device, Gpu);
        int size = Cpu.Type.Size();
        long count = Cpu.Layout.Count;
        double scale = 0;
        for (int i = 0; i < count; i++)
        {
            double value = Math.Abs(Read(cpu, Cpu.Type, i));
            if (double.IsFinite(value)) scale = Math.Max(scale, value);
        }
        double bound = units * scale * (Cpu.Type == DType.Float32 ? 1.1920929e-7 : 2.22e-16);
        for (int i = 0; i < count; i++)
        {
            if (cpu.AsSpan(i * size, size).SequenceEqual(gpu.AsSpan(i * size, size))) continue;
            double x = Read(cpu, Cpu.Type, i), y = Read(gpu, Cpu.Type, i);
            if (double.IsNaN(x) && double.IsNaN(y)) continue;
            Assert.True(
                Math.Abs(x - y) <= bound && units > 0,
                $"{what} element {i}: the CPU has {x:R}, the GPU {y:R}");
        }
        Assert.True(
            gpu.AsSpan((int)count * size).IndexOfAnyExcept((byte)0xff) < 0,
            $"{what}: written beyond the result");
    }

    private static byte[] Bytes(IBackend backend, Operand x)
    {
        Assert.True(x.Layout.IsContiguous);
        var bytes = new byte[x.Layout.Count * x.Type.Size() + Guard];
        backend.Download(x.Buffer, x.Offset * x.Type.Size(), bytes);
        return bytes;
    }

    private static void Write(byte[] bytes, DType type, int i, double value)
    {
        Span<byte> at = bytes.AsSpan(i * type.Size());
        switch (type)
        {
            case DType.Float32: MemoryMarshal.Write(at, (float)value); break;
            case DType.Float64: MemoryMarshal.Write(at, value); break;
            case DType.Int32: MemoryMarshal.Write(at, (int)value); break;
            case DType.Int64: MemoryMarshal.Write(at, (long)value); break;
            default: at[0] = (byte)(value > 0 ? 1 : 0); break;
        }
    }

    private static double Read(byte[] bytes, DType type, int i)
    {
        ReadOnlySpan<byte> at = bytes.AsSpan(i * type.Size());
        return type switch
        {
            DType.Float32 => MemoryMarshal.Read<float>(at),
            DType.Float64 => MemoryMarshal.Read<double>(at),
            DType.Int32 => MemoryMarshal.Read<int>(at),
            DType.Int64 => MemoryMarshal.Read<long>(at),
            _ => at[0],
        };
    }
}
