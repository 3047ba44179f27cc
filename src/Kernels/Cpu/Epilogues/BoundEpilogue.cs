// An epilogue bound to memory: one pass over rows if it is affine (BoundAffineEpilogue), else tile
// by tile through its program (BoundTileProgram).
namespace Engine.Kernels;

/// <summary>
/// Runs an epilogue on any range of a contiguous result; it and its memory live on the caller's
/// stack.
/// </summary>
internal readonly unsafe struct BoundEpilogue
{
    private readonly BoundTileProgram tiles;
    private readonly BoundAffineEpilogue rows;
    private readonly bool ofRows;

    private BoundEpilogue(in Epilogue epilogue, in Operand result, byte* memory)
    {
        ofRows = BoundAffineEpilogue.Bind(epilogue, result, out rows);
        if (!ofRows) tiles = BoundTileProgram.Bind(epilogue, result, memory);
    }

    /// <summary>Bytes that binding needs.</summary>
    public static int MemoryFor(in Epilogue epilogue) => BoundTileProgram.MemoryFor(epilogue);

    /// <summary>The epilogue on a contiguous result; the memory must outlive it.</summary>
    public static BoundEpilogue Bind(in Epilogue epilogue, in Operand result, byte* memory) =>
        new(epilogue, result, memory);

    /// <summary>Runs elements start .. end - 1 and touches no other.</summary>
    public void Run(long start, long end)
    {
        if (ofRows) rows.Run(start, end);
        else tiles.Run(start, end);
    }

    /// <summary>
    /// The bias pointer if the epilogue is only a per-channel bias; otherwise null.
    /// </summary>
    public void* Bias(long channels, long plane) =>
        !ofRows && tiles.Form.Epilogue is { IsSum: true, Y: var y }
            ? tiles.PerChannel(y, channels, plane) : null;

    /// <summary>Runs all n elements, on several threads if waking them is worth it.</summary>
    public void RunAll(CpuBackend backend, long n)
    {
        if (ofRows) backend.RunRows(rows, n);
        else backend.RunTiles(tiles, n);
    }
}
