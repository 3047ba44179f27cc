// The engine's backend on one of ILGPU's devices: CUDA, OpenCL, or ILGPU's own CPU device, which
// runs the same kernels thread by thread and is for tests alone. The parts of this class beside
// this file bind operands to kernels, a family a file.
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gpu;

/// <summary>Kernels on one device of ILGPU.</summary>
public sealed partial class GpuBackend : IBackend, IDisposable
{
    /// <summary>Most threads of a group, on devices that have so many.</summary>
    private const int MostThreads = 256;

    private readonly Accelerator accelerator;
    private readonly GpuMemory memory;
    private readonly ILauncher launcher;

    // ILGPU compiles and launches on one thread at a time.
    private readonly Lock gate = new();

    /// <summary>A backend on a device of a context.</summary>
    internal GpuBackend(string name, Accelerator accelerator)
        : this(name, accelerator, new Launcher(accelerator), accelerator.MaxNumThreadsPerGroup) { }

    /// <summary>
    /// A backend with another way to launch than ILGPU's, in groups of up to
    /// <paramref name="threads"/> threads.
    /// </summary>
    internal GpuBackend(string name, Accelerator accelerator, ILauncher launcher, int threads)
    {
        Name = name;
        this.accelerator = accelerator;
        this.launcher = launcher;
        memory = new(this, accelerator);
        GroupThreads = Math.Min(MostThreads, threads);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>1: every call is spread over the whole device.</summary>
    public int Threads => 1;

    /// <summary>
    /// 64 MiB: some hundred thousand threads find an element each, many times over.
    /// </summary>
    public long ChunkBytes => 64L << 20;

    /// <summary>1 MiB: an upload or a launch costs microseconds, memory is plenty.</summary>
    public long LargestKeptConstant => 1L << 20;

    /// <summary>Threads of a group where a kernel does not say otherwise.</summary>
    internal int GroupThreads { get; }

    /// <summary>Launches so far.</summary>
    public long Launches { get; private set; }

    internal Accelerator Accelerator => accelerator;

    /// <inheritdoc/>
    public void SideBySide(int parts, Action<int> body)
    {
        ArgumentNullException.ThrowIfNull(body);
        for (int part = 0; part < parts; part++) body(part);
    }

    /// <inheritdoc/>
    public DeviceBuffer Rent(long bytes) => memory.Rent(bytes);

    /// <inheritdoc/>
    public void Return(DeviceBuffer buffer) => memory.Return((GpuBuffer)buffer);

    /// <inheritdoc/>
    public unsafe void Upload(ReadOnlySpan<byte> source, DeviceBuffer target, long offset)
    {
        if (source.Length == 0) return;
        ArrayView<byte> to = Own(target).As<byte>().SubView(offset, source.Length);
        // ILGPU does not keep the collector from moving what the reference points to.
        fixed (byte* from = source)
            lock (gate)
            {
                to.CopyFromCPU(ref *from, source.Length);
                accelerator.Synchronize();
            }
    }

    /// <inheritdoc/>
    public void Download(DeviceBuffer source, long offset, Span<byte> target)
    {
        ThrowBadIndex();
        Read(source, offset, target);
    }

    private unsafe void Read(DeviceBuffer source, long offset, Span<byte> target)
    {
        if (target.Length == 0) return;
        ArrayView<byte> from = Own(source).As<byte>().SubView(offset, target.Length);
        fixed (byte* to = target)
            lock (gate)
            {
                from.CopyToCPU(ref *to, target.Length);
                accelerator.Synchronize();
            }
    }

    /// <summary>Frees the device's memory; tensors on it must not be used afterwards.</summary>
    public void Dispose()
    {
        memory.FreeAll();
        launcher.Dispose();
        accelerator.Dispose();
    }

    /// <summary>Launches a kernel with so many groups of so many threads.</summary>
    internal void Launch<TKernel>(in TKernel kernel, long groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>
    {
        lock (gate)
        {
            launcher.Launch(kernel, (int)Math.Clamp(groups, 1, MostGroups), threads);
            Launches++;
        }
    }

    /// <summary>Launches a kernel of which each thread does elements at a stride.</summary>
    internal void LaunchFor<TKernel>(in TKernel kernel, long elements)
        where TKernel : struct, IGroupKernel<TKernel> =>
        Launch(kernel, (elements + GroupThreads - 1) / GroupThreads, GroupThreads);

    // Eight groups a multiprocessor hide the latency of memory; more only begin anew.
    private int MostGroups => 8 * accelerator.NumMultiprocessors;

    private GpuBuffer Own(DeviceBuffer buffer) =>
        buffer is GpuBuffer block && block.Owner == this ? block
            : throw new ArgumentException(
                $"{Name}: the buffer is of another device. "
                + "Move the tensor first, with To(device).");
}
