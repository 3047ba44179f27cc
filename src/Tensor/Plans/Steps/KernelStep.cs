// A step that is one kernel of the backend, alone or with an epilogue.
using Engine.Kernels;

namespace Engine;

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
/// Runs a primitive's kernel and changes its result element by element.
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
