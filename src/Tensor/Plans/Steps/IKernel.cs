// What a plan knows of the operations that it runs: the ways in which a primitive can be computed.
using Engine.Kernels;

namespace Engine;

/// <summary>How regularly a kernel needs an input to lie.</summary>
internal enum LayoutNeed : byte
{
    /// <summary>Row-major, no gaps.</summary>
    Contiguous,

    /// <summary>Row-major within each element of the first axis, whose stride is free.</summary>
    FirstAxisFree,

    /// <summary>Any strides.</summary>
    Any,
}

/// <summary>A primitive that a kernel of the backend computes.</summary>
internal interface IKernel
{
    /// <summary>
    /// What the kernel needs of an input's layout; the plan copies inputs that lie otherwise.
    /// </summary>
    LayoutNeed Need(int input);

    /// <summary>
    /// Floating-point operations of a product or convolution computed directly; 0 for kernels whose
    /// time is that of reading and writing memory.
    /// </summary>
    double Operations(ReadOnlySpan<PlanView> x, PlanView y) => 0;

    /// <summary>Runs the kernel; y is contiguous.</summary>
    void Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y);
}

/// <summary>
/// A kernel that can change its result element by element before it leaves the cache.
/// </summary>
internal interface IEpilogueKernel : IKernel
{
    /// <summary>Runs the kernel and then the epilogue on y, which is contiguous.</summary>
    void Execute(
        IBackend backend, ReadOnlySpan<Operand> x, in Operand y, in Epilogue epilogue);

    void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
        Execute(backend, x, y, default);
}

/// <summary>
/// A primitive that can end a fused group: it collects (sums, pools) what the group computes, tile
/// by tile, so that this is stored nowhere.
/// </summary>
internal interface ICollector
{
    /// <summary>
    /// The nodes whose values its step gives, <paramref name="node"/> as the last; null where it
    /// cannot end a group.
    /// </summary>
    PlanNode[]? Outputs(PlanNode node) => [node];

    /// <summary>
    /// Whether one step can collect for several equal ones, each of which gives one output.
    /// </summary>
    bool CanMerge => true;

    /// <summary>
    /// Runs the program over <paramref name="sizes"/> (a contiguous layout), collects its outputs
    /// into y and then runs the epilogue on the last y.
    /// </summary>
    void Collect(
        IBackend backend, TileProgram program, Layout sizes, ReadOnlySpan<Operand> x,
        ReadOnlySpan<Operand> y, in Epilogue epilogue);
}
