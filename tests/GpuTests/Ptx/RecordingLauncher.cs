// A launcher that starts nothing and keeps what it was to start: so kernels in the form that a GPU
// gets, with its sizes of groups, are compiled where there is none.
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

internal sealed class RecordingLauncher : ILauncher
{
    /// <summary>Kernels in the order of their first launch.</summary>
    public List<Type> Kernels { get; } = [];

    /// <summary>Number of launches.</summary>
    public int Launches { get; private set; }

    public void Dispose() { }

    public void Launch<TKernel>(in TKernel kernel, int groups, int threads)
        where TKernel : struct, IGroupKernel<TKernel>
    {
        Launches++;
        if (!Kernels.Contains(typeof(TKernel))) Kernels.Add(typeof(TKernel));
    }
}
