// Kernels as PTX for an architecture, whether or not there is a GPU.
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

/// <summary>ILGPU's compiler for CUDA.</summary>
internal sealed class PtxCompiler : IDisposable
{
    private readonly Context context;
    private readonly PTXBackend backend;

    /// <summary>For the compute capability major.minor.</summary>
    public PtxCompiler(int major, int minor)
    {
        Ieee.UseTwins();
        context = Context.Create(builder => Gpu.Options(builder));
        // 7.8 is the first version of PTX that knows sm_90. The last argument is for a library of
        // functions that no kernel here calls.
        backend = new(
            context, new CudaArchitecture(major, minor), new CudaInstructionSet(7, 8), null!);
    }

    /// <summary>The text of a kernel: a type that is an <see cref="IGroupKernel{TSelf}"/>.</summary>
    public string Compile(Type kernel)
    {
        var entry = EntryPointDescription.FromExplicitlyGroupedKernel(
            typeof(Entry).GetMethod(nameof(Entry.Run))!.MakeGenericMethod(kernel));
        var compiled = (PTXCompiledKernel)backend.Compile(entry, KernelSpecialization.Empty);
        return PtxText.WithoutSlots(compiled.PTXAssembly);
    }

    public void Dispose()
    {
        backend.Dispose();
        context.Dispose();
    }
}
