// Runs tile programs over whole views.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    // Elements that a thread takes at once (whole tiles), and the work below which one thread does
    // all: waking the others costs as much as 64k elements of a cheap operator.
    private const int ElementwisePart = 1 << 14;
    private const long ElementwiseSplit = 1 << 16;

    // From this size on a transposed input is first copied into row-major order: strided loads
    // would touch a new cache line for every element.
    private const long TransposeFirst = 1 << 14;

    /// <inheritdoc/>
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    public void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        if (outputs.Length == 0) return;
        long n = outputs[0].Layout.Count;
        if (n == 0) return;

        List<DeviceBuffer>? copies = null;
        inputs = InOrder(inputs, ref copies);
        byte* memory = stackalloc byte[BoundTileProgram.MemoryFor(inputs, outputs.Length)];
        RunTiles(BoundTileProgram.Bind(program, inputs, outputs, memory), n);
        Return(copies);
    }

    /// <summary>Runs all n elements of a bound program.</summary>
    internal void RunTiles(in BoundTileProgram job, long n)
    {
        if (IsShort(n, job.Form.Instructions.Length)) job.Run(0, n, spill: true);
        else Workers.Run(n, ElementwisePart, &Range, (job, n));
        static void Range(in (BoundTileProgram Job, long Count) all, long start, long end) =>
            all.Job.Run(start, end, spill: end == all.Count);
    }

    /// <summary>Runs all n elements of an affine epilogue.</summary>
    internal void RunRows(in BoundAffineEpilogue job, long n)
    {
        Workers.Run(n, IsShort(n, 1) ? n : ElementwisePart, &Range, job);
        static void Range(in BoundAffineEpilogue job, long start, long end) => job.Run(start, end);
    }

    private static bool IsShort(long n, int operators) =>
        n * Math.Max(1, operators) < ElementwiseSplit;

    /// <summary>The inputs, with large transposed ones copied into row-major order.</summary>
    private ReadOnlySpan<Operand> InOrder(
        ReadOnlySpan<Operand> inputs, scoped ref List<DeviceBuffer>? copies)
    {
        Operand[]? ordered = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            Operand x = inputs[i];
            if (x.Layout.Count < TransposeFirst || !x.Layout.IsTransposed) continue;
            DeviceBuffer buffer = Rent(x.Layout.Count * x.Type.Size());
            (copies ??= []).Add(buffer);
            ordered ??= inputs.ToArray();
            ordered[i] = new Operand(buffer, 0, x.Type, Layout.Contiguous(x.Layout.Sizes));
            Copy(x, ordered[i]);
        }
        return ordered ?? inputs;
    }

    private void Return(List<DeviceBuffer>? copies)
    {
        if (copies is null) return;
        foreach (DeviceBuffer copy in copies) Return(copy);
    }
}
