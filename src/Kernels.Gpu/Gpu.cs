// The way in: which GPUs there are, and backends on them.
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Engine.Kernels.Gpu;

/// <summary>A GPU of this machine.</summary>
/// <param name="Name">The device's name, by its driver.</param>
/// <param name="Api">CUDA or OpenCL.</param>
/// <param name="Architecture">For CUDA the compute capability, such as sm_90; else empty.</param>
/// <param name="Memory">Bytes of memory.</param>
/// <param name="Multiprocessors">Multiprocessors, or compute units.</param>
public sealed record GpuInfo(
    string Name, string Api, string Architecture, long Memory, int Multiprocessors);

/// <summary>The GPUs of this machine: those of CUDA first, then those of OpenCL.</summary>
public static class Gpu
{
    private const int SimulatedThreads = 4;

    private static readonly Lazy<Context> Drivers =
        new(() => Context.Create(builder => Options(builder).Cuda().OpenCL()));

    private static readonly Dictionary<int, GpuBackend> Open = [];

    /// <summary>What there is; empty without a driver.</summary>
    public static IReadOnlyList<GpuInfo> Devices => [.. Found().Select(Describe)];

    /// <summary>
    /// The backend on GPU <paramref name="number"/>, counted from 0: one for the process.
    /// </summary>
    /// <exception cref="EngineException">There is no such GPU, or its driver refuses.</exception>
    public static GpuBackend Backend(int number)
    {
        lock (Open)
        {
            if (Open.TryGetValue(number, out GpuBackend? known)) return known;
            ILGPU.Runtime.Device[] found = Found();
            if (number < 0 || number >= found.Length) throw Missing(number, found.Length);
            try
            {
                Accelerator accelerator = found[number].CreateAccelerator(Drivers.Value);
                return Open[number] = new($"gpu:{number}", accelerator);
            }
            catch (Exception e) when (e is AcceleratorException or NotSupportedException)
            {
                throw new EngineException(
                    $"gpu:{number} ({found[number].Name}): its driver refuses: {e.Message} "
                    + "Update the driver, or see whether another process holds the device.", e);
            }
        }
    }

    /// <summary>
    /// ILGPU's CPU device: the same kernels, run thread by thread, some hundred times slower than
    /// the CPU's own. It is for tests where there is no GPU.
    /// </summary>
    public static GpuBackend Simulated() => new("simulated", SimulatedDevice());

    /// <summary>
    /// Memory of ILGPU's CPU device with another launcher, in groups of that many threads.
    /// </summary>
    internal static GpuBackend Simulated(ILauncher launcher, int threads) =>
        new("simulated", SimulatedDevice(), launcher, threads);

    internal static Context.Builder Options(Context.Builder builder) =>
        builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);

    private static CPUAccelerator SimulatedDevice()
    {
        var device = new CPUDevice(
            numThreadsPerWarp: SimulatedThreads, numWarpsPerMultiprocessor: 1,
            numMultiprocessors: 1);
        Context context = Context.Create(builder => Options(builder).CPU(device));
        return context.CreateCPUAccelerator(0, CPUAcceleratorMode.Sequential);
    }

    private static ILGPU.Runtime.Device[] Found() =>
    [
        .. Drivers.Value.Devices.Where(d => d.AcceleratorType == AcceleratorType.Cuda),
        .. Drivers.Value.Devices.Where(d => d.AcceleratorType == AcceleratorType.OpenCL),
    ];

    private static GpuInfo Describe(ILGPU.Runtime.Device device) => new(
        device.Name, device.AcceleratorType == AcceleratorType.Cuda ? "CUDA" : "OpenCL",
        device is CudaDevice { Architecture: { } cuda } ? $"sm_{cuda.Major}{cuda.Minor}" : "",
        device.MemorySize, device.NumMultiprocessors);

    private static EngineException Missing(int number, int count) => new(
        count == 0
            ? $"gpu:{number}: no GPU was found. Engine sees devices of CUDA (NVIDIA's driver) and "
                + "of OpenCL 2.0 or later; install the driver, or compute on the CPU."
            : $"gpu:{number}: this machine has {count} GPU{(count == 1 ? "" : "s")}, gpu:0"
                + (count == 1 ? "." : $" to gpu:{count - 1}."));
}
