// Kernels as PTX for an architecture, whether or not there is a GPU.
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

/// <summary>ILGPU's compiler for CUDA, and what it makes mended.</summary>
internal sealed class PtxCompiler : IDisposable
{
    private readonly Context? own;
    private readonly PTXBackend backend;

    /// <summary>For the compute capability major.minor.</summary>
    public PtxCompiler(int major, int minor)
    {
        own = Context.Create(builder => Gpu.Options(builder));
        // 7.8 is the first version of PTX that knows sm_90. The last argument is for a library of
        // functions that no kernel here calls.
        backend = new(own, new CudaArchitecture(major, minor), new CudaInstructionSet(7, 8), null!);
    }

    /// <summary>For a device.</summary>
    public PtxCompiler(CudaAccelerator device) => backend = new(
        device.Context, device.Capabilities, device.Architecture, device.InstructionSet, null!);

    /// <summary>
    /// The compiled form of a kernel: a type that is an <see cref="IGroupKernel{TSelf}"/>.
    /// </summary>
    public PTXCompiledKernel Compile(Type kernel)
    {
        var entry = EntryPointDescription.FromExplicitlyGroupedKernel(
            typeof(Entry).GetMethod(nameof(Entry.Run))!.MakeGenericMethod(kernel));
        var compiled = (PTXCompiledKernel)Ieee.Compile(
            literal: true, () => backend.Compile(entry, KernelSpecialization.Empty));
        return New(
            compiled.Context, EntryPointOf(compiled), compiled.Info,
            PtxText.WithoutSlots(compiled.PTXAssembly));
    }

    public void Dispose()
    {
        backend.Dispose();
        own?.Dispose();
    }

    // ILGPU has no public way to load PTX that was changed.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern PTXCompiledKernel New(
        Context context, EntryPoint entry, CompiledKernel.KernelInfo? info, string ptx);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    private static extern EntryPoint EntryPointOf(CompiledKernel kernel);
}
