// A step that computes element-wise operations together.
using Engine.Kernels;

namespace Engine;

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
