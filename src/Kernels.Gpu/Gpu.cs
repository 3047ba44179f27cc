// The way in: which GPUs there are, and backends on them.
using ILGPU;
using ILGPU.Runtime.CPU;

namespace Engine.Kernels.Gpu;

/// <summary>The GPUs of this machine.</summary>
public static class Gpu
{
    private const int SimulatedThreads = 4;

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

    private static CPUAccelerator SimulatedDevice()
    {
        var device = new CPUDevice(
            numThreadsPerWarp: SimulatedThreads, numWarpsPerMultiprocessor: 1,
            numMultiprocessors: 1);
        Context context = Context.Create(builder => Options(builder).CPU(device));
        return context.CreateCPUAccelerator(0, CPUAcceleratorMode.Sequential);
    }

    internal static Context.Builder Options(Context.Builder builder) =>
        builder.Optimize(OptimizationLevel.O2).Inlining(InliningMode.Aggressive);
}
