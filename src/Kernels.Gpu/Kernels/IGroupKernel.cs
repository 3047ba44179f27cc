// What a kernel is here: a struct of its operands, and a static body that one group of threads
// runs. One generic entry serves all of them. A body can be called from another kernel's too, so
// that several small steps may become one launch.
namespace Engine.Kernels.Gpu;

/// <summary>A kernel: operands in fields, the body of one group of threads in a method.</summary>
public interface IGroupKernel<TSelf> where TSelf : struct, IGroupKernel<TSelf>
{
    /// <summary>What every thread of the group does.</summary>
    static abstract void Run(TSelf kernel);
}

/// <summary>The one entry.</summary>
public static class Entry
{
    /// <summary>Runs the body.</summary>
    public static void Run<TKernel>(TKernel kernel)
        where TKernel : struct, IGroupKernel<TKernel> => TKernel.Run(kernel);
}
