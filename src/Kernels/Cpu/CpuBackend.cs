// The CPU as a device: pooled native memory, SIMD kernels and a small pool of spinning threads.
// The folders beside this file are families of kernels, each with a CpuBackend.*.cs where its calls
// arrive; Runtime and Epilogues serve them all.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// The CPU as a device. Results do not depend on <c>threads</c>: work is cut by shapes alone and
/// partial results are combined in a fixed order.
/// </summary>
public sealed unsafe partial class CpuBackend : IBackend
{
    private const int ThreadLimit = 1024;
    private static readonly Lazy<CpuBackend> Process = new(() => new(DefaultThreads())
    {
        Winograd = WinogradFrom(Environment.GetEnvironmentVariable("ENGINE_CONVOLUTION")),
    });
    private readonly BufferPool pool = new();

    /// <summary>A backend with the given number of threads, the calling one included.</summary>
    public CpuBackend(int threads)
    {
        CheckThreads(threads);
        Workers = new Workers(threads);
    }

    /// <summary>
    /// The process's CPU: as many threads as processors, or as ENGINE_THREADS says. An
    /// ENGINE_CONVOLUTION other than "winograd" or "direct" is an
    /// <see cref="ArgumentException"/>; see <see cref="Winograd"/>.
    /// </summary>
    public static CpuBackend Default => Process.Value;

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <summary>About half of a core's L2 cache.</summary>
    public long ChunkBytes => 512 << 10;

    /// <summary>Number of threads, the calling one included.</summary>
    public int Threads => Workers.Count;

    /// <summary>
    /// Calls <paramref name="body"/> with 0 .. parts - 1 on the threads; what a part computes here
    /// stays on its thread.
    /// </summary>
    public void SideBySide(int parts, Action<int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Workers.Run(parts, &Call, body);
        static void Call(in Action<int> body, int part) => body(part);
    }

    /// <summary>Bytes rented and not yet returned.</summary>
    public long BytesInUse => pool.BytesInUse;

    /// <summary>Bytes the pool holds from the system, in use or free.</summary>
    public long BytesHeld => pool.BytesHeld;

    internal Workers Workers { get; private set; }

    /// <summary>
    /// Changes the number of threads, the calling one included; results do not depend on it. Not
    /// while another thread computes on this backend. Best called before the first computation:
    /// threads that have started are left asleep.
    /// </summary>
    public void UseThreads(int threads)
    {
        CheckThreads(threads);
        if (threads != Threads) Workers = new Workers(threads);
    }

    /// <inheritdoc/>
    public DeviceBuffer Rent(long bytes) => pool.Rent(bytes);

    /// <inheritdoc/>
    public void Return(DeviceBuffer buffer) => pool.Return((CpuBuffer)buffer);

    /// <inheritdoc/>
    public void Upload(ReadOnlySpan<byte> source, DeviceBuffer target, long offset) =>
        source.CopyTo(new Span<byte>((byte*)((CpuBuffer)target).Pointer + offset, source.Length));

    /// <inheritdoc/>
    public void Download(DeviceBuffer source, long offset, Span<byte> target) =>
        new ReadOnlySpan<byte>((byte*)((CpuBuffer)source).Pointer + offset, target.Length)
            .CopyTo(target);

    /// <summary>Address of a view's first element.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void* Pointer(in Operand x) =>
        (byte*)((CpuBuffer)x.Buffer).Pointer + x.Offset * x.Type.Size();

    private static void CheckThreads(int threads)
    {
        if (threads is < 1 or > ThreadLimit)
            throw new ArgumentOutOfRangeException(
                nameof(threads), $"CpuBackend: {threads} threads; choose 1 to {ThreadLimit}.");
    }

    private static int DefaultThreads()
    {
        string? wish = Environment.GetEnvironmentVariable("ENGINE_THREADS");
        return int.TryParse(wish, out int threads) && threads is >= 1 and <= ThreadLimit
            ? threads
            : Environment.ProcessorCount;
    }
}
