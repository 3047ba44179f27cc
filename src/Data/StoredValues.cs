// Where the values of examples lie: bytes, floats or only what is not zero. Sets that share their
// examples share one of these.
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Engine.Data;

/// <summary>Values of examples of one size, example after example.</summary>
internal interface IStoredValues
{
    /// <summary>Number of values of all examples together.</summary>
    long Length { get; }

    /// <summary>Writes the values of an example, as many as the target holds.</summary>
    void Copy(int row, Span<float> target);
}

/// <summary>A byte b stands for b / divisor.</summary>
internal sealed class ByteValues(byte[] values, float divisor) : IStoredValues
{
    private readonly float[] table = [.. Enumerable.Range(0, 256).Select(b => b / divisor)];

    public long Length => values.Length;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // fast from the first batch
    public void Copy(int row, Span<float> target)
    {
        var source = values.AsSpan(row * target.Length, target.Length);
        var scaled = table;
        for (int i = 0; i < target.Length; i++) target[i] = scaled[source[i]];
    }
}

internal sealed class FloatValues(float[] values) : IStoredValues
{
    public long Length => values.Length;

    public void Copy(int row, Span<float> target) =>
        values.AsSpan(row * target.Length, target.Length).CopyTo(target);
}

/// <summary>Vectors of one length of which most is zero.</summary>
internal sealed class SparseValues(ImmutableArray<SparseVector> rows, int size) : IStoredValues
{
    public long Length => (long)rows.Length * size;

    public void Copy(int row, Span<float> target) => rows[row].CopyTo(target);
}

/// <summary>
/// The values x of others as scale * x + offset, with one scale and offset for each channel: an
/// equal share of an example's values.
/// </summary>
internal sealed class ScaledValues(IStoredValues of, float[] scale, float[] offset) : IStoredValues
{
    public long Length => of.Length;

    public void Copy(int row, Span<float> target)
    {
        of.Copy(row, target);
        int share = target.Length / scale.Length;
        for (int c = 0; c < scale.Length; c++)
        {
            var (a, b) = (scale[c], offset[c]);
            foreach (ref float x in target.Slice(c * share, share)) x = a * x + b;
        }
    }
}

/// <summary>Examples of several sets, set after set; all are of one size.</summary>
internal sealed class JoinedValues : IStoredValues
{
    private readonly ImmutableArray<IStoredValues> parts;
    private readonly int[] firsts; // of each part, the row of its first example

    public JoinedValues(ImmutableArray<IStoredValues> parts, int size)
    {
        this.parts = parts;
        firsts = new int[parts.Length];
        for (int i = 1; i < firsts.Length; i++)
            firsts[i] = firsts[i - 1] + checked((int)(parts[i - 1].Length / size));
    }

    public long Length => parts.Sum(part => part.Length);

    /// <summary>The row of the first example of a part.</summary>
    public int First(int part) => firsts[part];

    public void Copy(int row, Span<float> target)
    {
        int part = Array.FindLastIndex(firsts, first => first <= row);
        parts[part].Copy(row - firsts[part], target);
    }
}
