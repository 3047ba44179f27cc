// Rows by index on the reference device. It finds a wrong index at once, or, as a device would that
// computes later, only notes it and tells at the next download.
using Engine.Kernels;

namespace Engine.OpTests;

internal sealed unsafe partial class ReferenceBackend
{
    private readonly List<(int, int)> chunks = [];
    private LateIndexException? noted;

    /// <summary>Whether wrong indices are told at the next download only.</summary>
    public bool FindsLate { get; init; }

    public void Gather(
        in Operand x, in Operand index, in Operand y, string op = nameof(Gather))
    {
        Calls++;
        foreach (long[] at in Places(y.Layout))
            Set(y, at, Index(index, at, x.Layout.Sizes[1], op) is >= 0 and var row
                ? Get(x, [at[0], row, at[2]]) : 0);
    }

    public void ScatterAdd(
        in Operand g, in Operand index, in Operand y, string op = nameof(ScatterAdd))
    {
        Calls++;
        foreach (long[] at in Places(y.Layout)) Set(y, at, 0);
        foreach (long[] at in Places(g.Layout))
        {
            long row = Index(index, at, y.Layout.Sizes[1], op);
            if (row < 0) continue;
            long[] to = [at[0], row, at[2]];
            Set(y, to, Get(y, to) + Get(g, at));
        }
    }

    void IBackend.BeginChunk(int chunk, int count) => chunks.Add((chunk, count));

    void IBackend.EndChunk() => chunks.RemoveAt(chunks.Count - 1);

    /// <summary>The index at a place; -1 for a wrong one that was noted.</summary>
    private long Index(in Operand index, long[] at, long size, string op)
    {
        long i = Whole(index, [at[0], at[1]]);
        if (i >= 0 && i < size) return i;
        if (!FindsLate)
            throw new IndexOutOfRangeException(LateIndexException.Wrong(i, at[0], at[1], size));
        noted ??= new LateIndexException(op, i, at[0], at[1], size, [.. chunks]);
        return -1;
    }

    private void ThrowNoted()
    {
        if (Interlocked.Exchange(ref noted, null) is { } late) throw late;
    }
}
