// How a kernel is compiled and started.
using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;

namespace Engine.Kernels.Gpu;

/// <summary>Starts kernels, in the order of the calls.</summary>
internal interface ILauncher
{
    void Launch<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>;
}

/// <summary>By ILGPU, on the default stream of a device; each kernel is compiled once.</summary>
internal sealed class Launcher(Accelerator accelerator) : ILauncher
{
    private readonly ConcurrentDictionary<Type, Delegate> kernels = new();

    public void Launch<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>
    {
        var start = (Action<KernelConfig, TKernel>)kernels.GetOrAdd(
            typeof(TKernel),
            static (_, on) => on.LoadStreamKernel<TKernel>(Entry.Run), accelerator);
        start(new(groups, threads), kernel);
    }
}
