// Reductions of what a tile program computes, without storing it.
using System.Numerics;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default)
    {
        Reduce(kind, program, sizes, inputs, outputs);
        Finish(epilogue, outputs[0]);
    }

    private void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs)
    {
        Layout y = outputs[0].Layout;
        if (y.Count == 0) return;
        if (sizes.Count == 0)
        {
            if (kind != ReduceKind.Sum)
                throw new ArgumentException($"Reduce: {kind} of no elements, {sizes}.");
            foreach (ref readonly Operand output in outputs) Fill(output, 0);
            return;
        }

        if (sizes.Count == y.Count)
        {
            Elementwise(program, inputs, outputs);
            return;
        }

        List<DeviceBuffer>? copies = null;
        inputs = InOrder(inputs, ref copies);
        // A view whose offsets are the numbers of the program's elements.
        Operand elements = outputs[0] with { Offset = 0, Layout = sizes };
        if (Cut.Find(sizes, y, out Cut cut))
            ReduceCut(kind, cut, program, elements, inputs, outputs);
        else ReduceTiles(kind, program, elements, inputs, outputs);
        Return(copies);
    }

    private void ReduceCut(
        ReduceKind kind, Cut cut, TileProgram program, in Operand elements,
        ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        Operand y = outputs[0];
        Operand[] partials = Array.ConvertAll(outputs.ToArray(), o => Partials(cut, o));
        ReduceTiles(
            kind, program, cut.PiecesOf(elements), inputs,
            Array.ConvertAll(partials, o => PieceRows(cut, o, y)));
        if (cut.Rest > 0)
            ReduceTiles(
                kind, program, cut.RestOf(elements), inputs,
                Array.ConvertAll(partials, o => RestRow(cut, o, y)));
        for (int i = 0; i < partials.Length; i++)
            ReducePartials(kind, cut, partials[i], outputs[i]);
    }

    private void ReduceTiles(
        ReduceKind kind, TileProgram program, in Operand elements, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs)
    {
        long* axes = stackalloc long[ReduceJob.MemoryFor(elements.Layout.Rank)];
        ReduceJob.Prepare(kind, elements, outputs[0], axes, out ReduceJob geometry);
        geometry.Join(Threads);
        byte* memory = stackalloc byte[BoundTileProgram.MemoryFor(inputs, 0)];
        byte** results = stackalloc byte*[outputs.Length];
        for (int i = 0; i < outputs.Length; i++) results[i] = (byte*)Pointer(outputs[i]);
        var job = new ReduceTilesJob
        {
            Geometry = geometry,
            Start = elements.Offset,
            Tiles = BoundTileProgram.Bind(program, inputs, [], memory),
            Results = results,
        };
        ReduceTilesLoop loop = default;
        ReduceOps.Run(kind, geometry.Type, ref loop);
        Workers.Run(geometry.Units, geometry.UnitsPerPart, loop.Body, job);
    }

    private struct ReduceTilesLoop : IReduceWork
    {
        public delegate*<in ReduceTilesJob, long, long, void> Body;

        public void Run<TOp, V, T>() where TOp : struct, IReduceOp
            where V : struct, IKernelLanes<V, T> where T : unmanaged, INumber<T> =>
            Body = &ReduceTilesLoops<TOp, V, T>.Run;
    }
}
