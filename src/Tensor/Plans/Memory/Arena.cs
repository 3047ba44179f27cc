// Where temporaries lie: one rented block, offsets chosen by best fit over their life times.
namespace Engine;

/// <summary>Gives temporaries their places in the arena.</summary>
internal sealed class Arena
{
    private readonly List<(long Offset, long Bytes)> gaps = [];
    private long top;

    /// <summary>
    /// Places the temporaries of an ordered plan and returns the bytes of the arena.
    /// </summary>
    public static long Place(Step[] steps)
    {
        var arena = new Arena();
        for (int i = 0; i < steps.Length; i++)
        {
            foreach (PlanView output in steps[i].Outputs) output.Slot.LastUse = i;
            foreach (PlanView input in steps[i].Inputs) input.Slot.LastUse = i;
        }
        for (int i = 0; i < steps.Length; i++)
        {
            foreach (PlanView output in steps[i].Outputs)
                if (!output.Slot.IsResult)
                    output.Slot.SharedOffset = arena.Take(output.Slot.Bytes);
            foreach (PlanView output in steps[i].Outputs)
                if (output.Slot.LastUse == i)
                    arena.Free(output.Slot);
            foreach (PlanView input in steps[i].Inputs)
            {
                Slot slot = input.Slot;
                if (slot.LastUse != i || slot.IsGiven) continue;
                slot.LastUse = -1; // read twice by this step: free it once
                arena.Free(slot);
            }
        }
        return arena.top;
    }

    private long Take(long bytes)
    {
        int best = -1;
        for (int i = 0; i < gaps.Count; i++)
            if (gaps[i].Bytes >= bytes && (best < 0 || gaps[i].Bytes < gaps[best].Bytes))
                best = i;
        if (best < 0)
        {
            // Grow; a gap at the very end is used up first.
            if (gaps.Count > 0 && gaps[^1] is var last && last.Offset + last.Bytes == top)
            {
                gaps.RemoveAt(gaps.Count - 1);
                top = last.Offset + bytes;
                return last.Offset;
            }
            top += bytes;
            return top - bytes;
        }
        var (offset, size) = gaps[best];
        if (size == bytes) gaps.RemoveAt(best);
        else gaps[best] = (offset + bytes, size - bytes);
        return offset;
    }

    private void Free(Slot slot)
    {
        if (slot.IsResult) return;
        long offset = slot.SharedOffset, bytes = slot.Bytes;
        int i = 0;
        while (i < gaps.Count && gaps[i].Offset < offset) i++;
        if (i > 0 && gaps[i - 1].Offset + gaps[i - 1].Bytes == offset)
        {
            offset = gaps[i - 1].Offset;
            bytes += gaps[i - 1].Bytes;
            gaps.RemoveAt(--i);
        }
        if (i < gaps.Count && offset + bytes == gaps[i].Offset)
        {
            bytes += gaps[i].Bytes;
            gaps.RemoveAt(i);
        }
        gaps.Insert(i, (offset, bytes));
    }
}
