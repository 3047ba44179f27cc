// Element-wise programs: a thread an element, in strides of the whole launch.
namespace Engine.Kernels.Gpu;

/// <summary>Runs a program on elements 0 .. Count - 1.</summary>
public struct Map<TProgram> : IGroupKernel<Map<TProgram>>
    where TProgram : struct, IMap<TProgram>
{
    /// <summary>The program with its views.</summary>
    public TProgram Program;

    /// <summary>Number of elements.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(Map<TProgram> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
            TProgram.Run(kernel.Program, i);
    }
}
