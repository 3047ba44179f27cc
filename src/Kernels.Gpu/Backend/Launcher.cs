// How a kernel is compiled and started.
using System.Collections.Concurrent;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

/// <summary>Starts kernels, in the order of the calls.</summary>
internal interface ILauncher : IDisposable
{
    void Launch<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>;
}

/// <summary>By ILGPU, on the default stream of a device; each kernel is compiled once.</summary>
internal sealed class Launcher(Accelerator accelerator) : ILauncher
{
    private readonly ConcurrentDictionary<Type, Delegate> kernels = new();
    private readonly PtxCompiler? ptx = accelerator is CudaAccelerator cuda ? new(cuda) : null;

    public void Launch<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>
    {
        if (!kernels.TryGetValue(typeof(TKernel), out Delegate? start))
            kernels[typeof(TKernel)] = start = Load<TKernel>();
        ((Action<AcceleratorStream, KernelConfig, TKernel>)start)(
            accelerator.DefaultStream, new(groups, threads), kernel);
    }

    public void Dispose() => ptx?.Dispose();

    private Action<AcceleratorStream, KernelConfig, TKernel> Load<TKernel>()
        where TKernel : struct, IGroupKernel<TKernel> =>
        ptx is null
            ? Ieee.Compile(literal: false, () => accelerator.LoadKernel<TKernel>(Entry.Run))
            : accelerator.LoadKernel(ptx.Compile(typeof(TKernel)))
                .CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TKernel>>();
}
