// The simplest correct device: plain loops over every element in double or long, no pool, no
// threads, no vectors. It proves that plans speak to devices through IBackend alone, and it is the
// reference that the fast kernels are compared with.
using System.Runtime.InteropServices;
using Engine.Kernels;

namespace Engine.OpTests;

/// <summary>
/// A backend of naive loops. Its buffers are managed arrays, exactly as large as asked for.
/// </summary>
internal sealed unsafe partial class ReferenceBackend : IBackend
{
    private sealed class HostBuffer(long bytes) : DeviceBuffer
    {
        public byte[] Data { get; } = GC.AllocateArray<byte>((int)bytes + 64, pinned: true);

        public override long Bytes => bytes;
    }

    public int Threads => 1;

    public void SideBySide(int parts, Action<int> body)
    {
        for (int part = 0; part < parts; part++) body(part);
    }

    public string Name => "reference";

    /// <summary>How many kernel calls were made, for tests of what plans do.</summary>
    public int Calls { get; private set; }

    /// <summary>How many of them were matrix products.</summary>
    public int Products { get; private set; }

    /// <summary>Largest number of bytes rented at the same time.</summary>
    public long PeakBytes { get; private set; }

    private long bytesInUse;

    /// <summary>Bytes that can be rented at the same time.</summary>
    public long Room { get; init; } = long.MaxValue;

    public long ChunkBytes { get; init; } = 512 << 10;

    public DeviceBuffer Rent(long bytes)
    {
        long now = Interlocked.Add(ref bytesInUse, bytes);
        if (now > Room)
        {
            Interlocked.Add(ref bytesInUse, -bytes);
            throw new OutOfMemoryException();
        }
        PeakBytes = Math.Max(PeakBytes, now);
        var buffer = new HostBuffer(bytes);
        Array.Fill(buffer.Data, (byte)0xA5); // nothing may rely on fresh memory being zero
        return buffer;
    }

    public void Return(DeviceBuffer buffer) =>
        Interlocked.Add(ref bytesInUse, -buffer.Bytes);

    public void Upload(ReadOnlySpan<byte> source, DeviceBuffer target, long offset) =>
        source.CopyTo(((HostBuffer)target).Data.AsSpan((int)offset));

    public void Download(DeviceBuffer source, long offset, Span<byte> target)
    {
        ThrowNoted();
        ((HostBuffer)source).Data.AsSpan((int)offset, target.Length).CopyTo(target);
    }

    public void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        Calls++;
        int registers = program.RegisterCount;
        byte* file = (byte*)NativeMemory.AlignedAlloc((nuint)(registers * 64), 64);
        try
        {
            for (int i = 0; i < program.Constants.Length; i++)
                ((long*)(file + (program.Inputs.Length + i) * 64))[0] = program.Constants[i].Bits;
            for (long element = 0; element < outputs[0].Layout.Count; element++)
            {
                for (int i = 0; i < inputs.Length; i++)
                    LoadRegister(
                        inputs[i], Place(inputs[i].Layout, element), program.Inputs[i],
                        file + i * 64);
                int first = program.Inputs.Length + program.Constants.Length;
                for (int i = 0; i < program.Instructions.Length; i++)
                {
                    TileInstruction s = program.Instructions[i];
                    s.Kernel.Run(
                        Register(file, s.A), Register(file, s.B), Register(file, s.C),
                        file + (first + i) * 64, 1);
                }
                for (int i = 0; i < outputs.Length; i++)
                    StoreRegister(
                        outputs[i], Place(outputs[i].Layout, element),
                        file + program.Outputs[i] * 64);
            }
        }
        finally
        {
            NativeMemory.AlignedFree(file);
        }
    }

    public void Copy(in Operand source, in Operand target)
    {
        Calls++;
        foreach (long[] at in Places(target.Layout))
            Buffer.MemoryCopy(
                Address(source, at), Address(target, at), 8, source.Type.Size());
    }

    public void Fill(in Operand target, long bits)
    {
        Calls++;
        foreach (long[] at in Places(target.Layout))
            Buffer.MemoryCopy(&bits, Address(target, at), 8, target.Type.Size());
    }

    public void Reduce(
        ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default)
    {
        Calls++;
        foreach (long[] at in Places(y.Layout))
            Set(y, at, kind == ReduceKind.Sum ? 0 : kind == ReduceKind.Max
                ? double.NegativeInfinity : double.PositiveInfinity);
        // Sums run in double (or long), whatever the type, and are rounded once at the end.
        var sums = new Dictionary<string, (double Real, long Whole)>();
        foreach (long[] at in Places(x.Layout))
        {
            long[] to = [.. at];
            for (int i = 0; i < to.Length; i++)
                if (y.Layout.Sizes[i] == 1)
                    to[i] = 0;
            double value = Get(x, at);
            if (kind == ReduceKind.Sum)
            {
                string key = string.Join(",", to);
                var (real, whole) = sums.GetValueOrDefault(key);
                sums[key] = (real + value, whole + (x.Type.IsFloat() ? 0 : Whole(x, at)));
                if (x.Type.IsFloat()) Set(y, to, sums[key].Real);
                else SetWhole(y, to, sums[key].Whole);
                continue;
            }
            double old = Get(y, to);
            Set(y, to, double.IsNaN(value) || double.IsNaN(old) ? double.NaN
                : kind == ReduceKind.Max ? Math.Max(old, value) : Math.Min(old, value));
        }
        Finish(epilogue, y);
    }

    public void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default)
    {
        var computed = new Operand[outputs.Length];
        for (int i = 0; i < computed.Length; i++)
            computed[i] = outputs[i] with
            {
                Buffer = Rent(sizes.Count * outputs[i].Type.Size()),
                Offset = 0,
                Layout = sizes,
            };
        Elementwise(program, inputs, computed);
        for (int i = 0; i < computed.Length; i++)
        {
            Reduce(kind, computed[i], outputs[i]);
            Return(computed[i].Buffer);
        }
        Finish(epilogue, outputs[0]);
    }

    public void ArgMax(in Operand x, in Operand y)
    {
        Calls++;
        for (long row = 0; row < x.Layout.Sizes[0]; row++)
        {
            long best = 0;
            for (long i = 1; i < x.Layout.Sizes[1]; i++)
            {
                double value = Get(x, [row, i]), top = Get(x, [row, best]);
                if (value > top || (double.IsNaN(value) && !double.IsNaN(top))) best = i;
            }
            SetWhole(y, [row], best);
        }
    }

    public void MatMul(
        in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default)
    {
        Calls++;
        Products++;
        int rank = c.Layout.Rank;
        long k = a.Layout.Sizes[^1];
        foreach (long[] at in Places(c.Layout))
        {
            double sum = 0;
            for (long i = 0; i < k; i++)
            {
                long[] p = [.. at], q = [.. at];
                p[rank - 1] = i;
                q[rank - 2] = i;
                sum += Get(a, p) * Get(b, q);
            }
            Set(c, at, sum);
        }
        Finish(epilogue, c);
    }

    /// <summary>Where the element of that number, in row-major order, is on each axis.</summary>
    private static long[] Place(Layout layout, long element)
    {
        var at = new long[layout.Rank];
        for (int axis = at.Length - 1; axis >= 0; axis--)
            (element, at[axis]) = Math.DivRem(element, layout.Sizes[axis]);
        return at;
    }

    private void Finish(in Epilogue epilogue, in Operand result)
    {
        if (epilogue.Program is { } program)
            Elementwise(program, [result, .. epilogue.Operands], [result]);
    }

    public void ArgSort(in Operand x, in Operand y)
    {
        Calls++;
        Operand source = x;
        for (long row = 0; row < x.Layout.Sizes[0]; row++)
        {
            long at = row;
            long[] order = [.. Enumerable.Range(0, (int)x.Layout.Sizes[1])
                .OrderBy(i => double.IsNaN(Get(source, [at, i])) ? 1 : 0)
                .ThenBy(i => x64(source, at, i)).ThenBy(i => i)];
            for (int i = 0; i < order.Length; i++) SetWhole(y, [row, i], order[i]);
        }

        static IComparable x64(in Operand x, long row, long i) =>
            x.Type.IsFloat() ? Get(x, [row, i]) : (IComparable)Whole(x, [row, i]);
    }

    public void RandomBits(in Operand key, in Operand y)
    {
        Calls++;
        foreach (long[] at in Places(y.Layout))
        {
            uint k0 = (uint)Whole(key, [at[0], 0]), k1 = (uint)Whole(key, [at[0], 1]);
            long block = y.Type == DType.Int64 ? at[1] : at[1] / 2;
            var (a, b) = Threefry(k0, k1, (uint)(block >> 32), (uint)block);
            SetWhole(y, at, y.Type == DType.Int64
                ? (long)((ulong)a << 32 | b) : (int)(at[1] % 2 == 0 ? a : b));
        }
    }

    /// <summary>Threefry-2x32 with 20 rounds, as in the paper.</summary>
    private static (uint, uint) Threefry(uint k0, uint k1, uint x0, uint x1)
    {
        ReadOnlySpan<int> rotations = [13, 15, 26, 6, 17, 29, 16, 24];
        ReadOnlySpan<uint> keys = [k0, k1, 0x1BD11BDA ^ k0 ^ k1];
        x0 += keys[0];
        x1 += keys[1];
        for (int round = 0; round < 20; round++)
        {
            x0 += x1;
            x1 = uint.RotateLeft(x1, rotations[round % 8]) ^ x0;
            if (round % 4 != 3) continue;
            uint n = (uint)round / 4 + 1;
            x0 += keys[(int)(n % 3)];
            x1 += keys[(int)((n + 1) % 3)] + n;
        }
        return (x0, x1);
    }

    private static IEnumerable<long[]> Places(Layout layout)
    {
        long[] sizes = layout.Sizes.ToArray();
        var at = new long[sizes.Length];
        for (long i = 0; i < layout.Count; i++)
        {
            yield return [.. at];
            for (int axis = sizes.Length - 1; axis >= 0 && ++at[axis] == sizes[axis]; axis--)
                at[axis] = 0;
        }
    }
}
