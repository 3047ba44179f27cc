// Working memory of a kernel, from the backend's pool, given back at the end of a using block.
namespace Engine.Kernels;

/// <summary>A rented array: 64-byte aligned, contents undefined, slack behind.</summary>
internal readonly unsafe struct Scratch<T> : IDisposable where T : unmanaged
{
    public readonly T* Pointer;
    private readonly CpuBackend backend;
    private readonly DeviceBuffer buffer;

    public Scratch(CpuBackend backend, nint count)
    {
        this.backend = backend;
        buffer = backend.Rent(count * sizeof(T));
        Pointer = (T*)((CpuBuffer)buffer).Pointer;
    }

    public void Dispose() => backend.Return(buffer);
}
