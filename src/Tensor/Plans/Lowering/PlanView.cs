// Memory as a plan sees it: slots (a parameter, a kept constant, a stretch of the arena, a result)
// and strided views of them. No addresses: a run binds slots to device buffers.
using Engine.Kernels;

namespace Engine;

/// <summary>A stretch of memory that one step writes, or a parameter of the plan.</summary>
internal sealed class Slot(long bytes)
{
    /// <summary>
    /// Size in multiples of 64 bytes, one at least: even an empty view has an address.
    /// </summary>
    public long Bytes { get; } = Rounded(bytes);

    /// <summary>Which parameter of the plan it is; -1 for memory that a step writes.</summary>
    public int Parameter { get; init; } = -1;

    public bool IsParameter => Parameter >= 0;

    /// <summary>Whether it is a constant that the plan keeps between its runs.</summary>
    public bool IsConstant { get; init; }

    /// <summary>Whether it is there before the first step runs.</summary>
    public bool IsGiven => IsParameter || IsConstant;

    /// <summary>Whether a step writes it to storage that leaves the plan.</summary>
    public bool IsResult { get; set; }

    /// <summary>The step that writes it; null for what is given.</summary>
    public Step? Producer { get; set; }

    /// <summary>Steps that read it.</summary>
    public List<Step> Readers { get; } = [];

    /// <summary>Byte offset in the arena, or of a constant among the constants.</summary>
    public long SharedOffset { get; set; }

    /// <summary>Position in the schedule of the last step that touches it.</summary>
    public int LastUse { get; set; }

    public static long Rounded(long bytes) => Math.Max(64, (bytes + 63) & ~63L);
}

/// <summary>A strided view of a slot; <paramref name="Offset"/> is in elements.</summary>
internal sealed record PlanView(Slot Slot, long Offset, DType Type, Layout Layout)
{
    /// <summary>
    /// Whether this is all of a slot, but for some bytes behind it, in order: it can leave so.
    /// </summary>
    public bool IsWholeSlot => Offset == 0 && Layout.IsContiguous
        && Slot.Rounded(Layout.Count * Type.Size()) == Slot.Bytes;
}
