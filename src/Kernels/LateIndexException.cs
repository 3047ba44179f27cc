// How a device that computes after its methods have returned reports a wrong index.
namespace Engine.Kernels;

/// <summary>
/// An index that <see cref="IBackend.Gather"/> or <see cref="IBackend.ScatterAdd"/> found outside
/// its axis after the call had returned. What was computed from it up to here means nothing.
/// </summary>
/// <param name="op">The operation that asked, as given with the call.</param>
/// <param name="index">The index.</param>
/// <param name="batch">Its place: the row of the indices.</param>
/// <param name="place">Its place: the position in the row.</param>
/// <param name="size">The size of the axis.</param>
/// <param name="chunks">
/// The chunks that the call was made in, each with the number of all, the outermost first.
/// </param>
public sealed class LateIndexException(
    string op, long index, long batch, long place, long size,
    params ReadOnlySpan<(int Chunk, int Chunks)> chunks)
    : Exception(Text(op, index, batch, place, size, chunks))
{
    /// <summary>
    /// What is wrong with an index; so say all devices, at once (with <see
    /// cref="IndexOutOfRangeException"/>) or late.
    /// </summary>
    public static string Wrong(long index, long batch, long place, long size) =>
        $"index {index} at ({batch}, {place}) is outside 0 .. {size - 1}.";

    /// <summary>Where places are counted when the calls were those of a chunk.</summary>
    public static string Within(int chunk, int chunks) =>
        $"(Places are within chunk {chunk} of {chunks}, from 0.)";

    private static string Text(
        string op, long index, long batch, long place, long size,
        ReadOnlySpan<(int Chunk, int Chunks)> chunks)
    {
        string text = $"{op}: {Wrong(index, batch, place, size)}";
        for (int i = chunks.Length - 1; i >= 0; i--)
            text += $" {Within(chunks[i].Chunk, chunks[i].Chunks)}";
        return text;
    }
}
