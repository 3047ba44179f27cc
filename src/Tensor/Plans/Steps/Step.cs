// One thing a plan does: run a kernel of the backend over views.
using Engine.Kernels;

namespace Engine;

/// <summary>How regular a kernel needs an input to lie.</summary>
internal enum LayoutNeed : byte
{
    /// <summary>Row-major, no gaps.</summary>
    Contiguous,

    /// <summary>Row-major within each element of the first axis, whose stride is free.</summary>
    FirstAxisFree,

    /// <summary>Any strides.</summary>
    Any,
}

/// <summary>A primitive that a backend kernel computes.</summary>
internal interface IKernel
{
    /// <summary>
    /// What the kernel needs of an input's layout; the plan copies inputs that lie otherwise.
    /// </summary>
    LayoutNeed Need(int input);

    /// <summary>
    /// Floating-point operations of a product or convolution computed directly; 0 for kernels that
    /// memory bounds.
    /// </summary>
    double Operations(ReadOnlySpan<PlanView> x, PlanView y) => 0;

    /// <summary>Runs the kernel; y is contiguous.</summary>
    void Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y);
}

/// <summary>A step: the slots it reads, the slots it writes, and what it does.</summary>
internal abstract class Step(string name, PlanView[] inputs, params PlanView[] outputs)
{
    public string Name { get; } = name;

    public PlanView[] Inputs { get; } = inputs;

    public PlanView[] Outputs { get; } = outputs;

    /// <summary>
    /// Id of the tensor it was made for: the order in which the program asked for it.
    /// </summary>
    public long Id { get; set; }

    /// <summary>Position in the schedule; -1 while not scheduled.</summary>
    public int Position { get; set; } = -1;

    /// <summary>Floating-point operations of products and convolutions.</summary>
    public virtual double Operations => 0;

    /// <summary>Runs on the inputs and outputs, bound to memory.</summary>
    public abstract void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y);

    public override string ToString() =>
        $"{Name} ({string.Join(", ", Inputs.Select(x => x.Layout))}) -> {Outputs[0].Layout}";

    /// <summary>The operators of a program, for people.</summary>
    protected static string Text(TileProgram program) =>
        string.Join("+", program.Instructions.Select(s => s.Kernel.Operator.Name));
}

/// <summary>Runs a primitive's kernel.</summary>
internal sealed class KernelStep(IKernel kernel, string name, PlanView[] inputs, PlanView output)
    : Step(name, inputs, output)
{
    public override double Operations => kernel.Operations(Inputs, Outputs[0]);

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        kernel.Execute(backend, x, y[0]);
}

/// <summary>
/// Runs a product, convolution or reduction and changes its result element by element.
/// </summary>
internal sealed class EpilogueStep(
    IEpilogueKernel kernel, string name, TileProgram program, PlanView[] inputs,
    PlanView[] operands, PlanView output)
    : Step(name, [.. inputs, .. operands], output)
{
    private readonly int first = inputs.Length;

    public override double Operations => kernel.Operations(Inputs.AsSpan(0, first), Outputs[0]);

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        kernel.Execute(backend, x[..first], y[0], new Epilogue(program, x[first..]));

    public override string ToString() => $"{base.ToString()} then {Text(program)}";
}

/// <summary>Runs a fused group of element-wise operations.</summary>
internal sealed class ElementwiseStep(
    TileProgram program, PlanView[] inputs, PlanView[] outputs)
    : Step("Elementwise", inputs, outputs)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Elementwise(program, x, y);

    public override string ToString() =>
        $"{Text(program)} -> {Outputs.Length} x {Outputs[0].Layout}";
}

/// <summary>
/// Runs a fused group, reduces what it computes, and changes the result if there is an epilogue.
/// </summary>
internal sealed class ReduceStep(
    FusedGroup group, TileProgram program, PlanView[] inputs, TileProgram? epilogue,
    PlanView[] operands, PlanView[] outputs)
    : Step(group.Reduction!.Kind.ToString(), [.. inputs, .. operands], outputs)
{
    private readonly ReduceKind kind = group.Reduction!.Kind;
    private readonly Layout sizes = Layouts.Contiguous(group.Shape);
    private readonly int first = inputs.Length;

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y)
    {
        Epilogue after = epilogue is null ? default : new(epilogue, x[first..]);
        backend.Reduce(kind, program, sizes, x[..first], y, after);
    }

    public override string ToString() =>
        $"{Name} of {Text(program)} over {sizes} -> {Outputs.Length} x {Outputs[0].Layout}"
        + (epilogue is null ? "" : $" then {Text(epilogue)}");
}

/// <summary>
/// Runs a fused group and pools what it computes: positions, then values, which an epilogue of
/// themselves alone may change.
/// </summary>
internal sealed class PoolStep(
    FusedGroup group, TileProgram program, PlanView[] inputs, TileProgram? epilogue,
    PlanView[] outputs)
    : Step(group.Pooling!.Name, inputs, outputs)
{
    private readonly PoolShape shape = group.Pooling!.Window.Over(group.Shape);
    private readonly Layout sizes = Layouts.Contiguous(group.Shape);

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.MaxPool(
            shape, program, sizes, x, PoolWindow.Planes(y[1]), PoolWindow.Planes(y[0]),
            epilogue is null ? default : new(epilogue, []));

    public override string ToString() =>
        $"{Name} of {Text(program)} over {sizes} -> 2 x {Outputs[0].Layout}"
        + (epilogue is null ? "" : $" then {Text(epilogue)}");
}

/// <summary>Copies a view to contiguous memory.</summary>
internal sealed class CopyStep(PlanView input, PlanView output) : Step("Copy", [input], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Copy(x[0], y[0]);
}

/// <summary>Writes one value everywhere.</summary>
internal sealed class FillStep(long bits, PlanView output) : Step("Fill", [], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y) =>
        backend.Fill(y[0], bits);
}

/// <summary>Uploads 0, 1, 2, ...</summary>
internal sealed class IotaStep(int length, PlanView output) : Step("Iota", [], output)
{
    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y)
    {
        ReadOnlySpan<byte> bytes =
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(Iota.Numbers(length));
        backend.Upload(bytes, y[0].Buffer, y[0].Offset * sizeof(long));
    }
}
