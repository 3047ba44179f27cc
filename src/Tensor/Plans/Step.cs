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

/// <summary>A step: the slots it reads, the slot it writes, and what it does.</summary>
internal abstract class Step(string name, PlanView[] inputs, PlanView output)
{
    public string Name { get; } = name;

    public PlanView[] Inputs { get; } = inputs;

    public PlanView Output { get; } = output;

    /// <summary>
    /// Id of the tensor it was made for: the order in which the program asked for it.
    /// </summary>
    public long Id { get; set; }

    /// <summary>Position in the schedule; -1 while not scheduled.</summary>
    public int Position { get; set; } = -1;

    /// <summary>Floating-point operations of products and convolutions.</summary>
    public virtual double Operations => 0;

    public abstract void Run(PlanRun run);

    public override string ToString() =>
        $"{Name} ({string.Join(", ", Inputs.Select(x => x.Layout))}) -> {Output.Layout}";
}

/// <summary>Runs a primitive's kernel.</summary>
internal sealed class KernelStep(IKernel kernel, string name, PlanView[] inputs, PlanView output)
    : Step(name, inputs, output)
{
    public override double Operations => kernel.Operations(Inputs, Output);

    public override void Run(PlanRun run)
    {
        var x = new Operand[Inputs.Length];
        for (int i = 0; i < x.Length; i++) x[i] = run.Bind(Inputs[i]);
        kernel.Execute(run.Backend, x, run.Bind(Output));
    }
}

/// <summary>Runs a fused group of element-wise operations.</summary>
internal sealed class TileStepGroup(TileProgram program, PlanView[] inputs, PlanView output)
    : Step("Elementwise", inputs, output)
{
    public TileProgram Program { get; } = program;

    public override void Run(PlanRun run)
    {
        var x = new Operand[Inputs.Length];
        for (int i = 0; i < x.Length; i++) x[i] = run.Bind(Inputs[i]);
        run.Backend.Elementwise(Program, x, [run.Bind(Output)]);
    }

    public override string ToString() => string.Join(
        "+", Program.Steps.Select(s => s.Kernel.Operator.Name)) + $" -> {Output.Layout}";
}

/// <summary>Copies a view to contiguous memory.</summary>
internal sealed class CopyStep(PlanView input, PlanView output) : Step("Copy", [input], output)
{
    public override void Run(PlanRun run) =>
        run.Backend.Copy(run.Bind(Inputs[0]), run.Bind(Output));
}

/// <summary>Writes one value everywhere.</summary>
internal sealed class FillStep(long bits, PlanView output) : Step("Fill", [], output)
{
    public override void Run(PlanRun run) => run.Backend.Fill(run.Bind(Output), bits);
}

/// <summary>Uploads 0, 1, 2, ...</summary>
internal sealed class IotaStep(int length, PlanView output) : Step("Iota", [], output)
{
    public override void Run(PlanRun run)
    {
        Operand y = run.Bind(Output);
        ReadOnlySpan<byte> bytes =
            System.Runtime.InteropServices.MemoryMarshal.AsBytes<long>(Iota.Numbers(length));
        run.Backend.Upload(bytes, y.Buffer, y.Offset * sizeof(long));
    }
}
