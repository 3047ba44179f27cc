// A step that computes element-wise operations and collects their results, tile by tile.
using Engine.Kernels;

namespace Engine;

/// <summary>
/// Runs a fused group, collects what it computes, and changes the last result if there is an
/// epilogue.
/// </summary>
internal sealed class CollectStep(
    FusedGroup group, TileProgram program, PlanView[] inputs, TileProgram? epilogue,
    PlanView[] operands, PlanView[] outputs)
    : Step(group.Outputs[^1].Primitive!.Name, [.. inputs, .. operands], outputs)
{
    private readonly ICollector collector = group.Collector!;
    private readonly Layout sizes = Layouts.Contiguous(group.Shape);
    private readonly int first = inputs.Length;

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y)
    {
        Epilogue after = epilogue is null ? default : new(epilogue, x[first..]);
        collector.Collect(backend, program, sizes, x[..first], y, after);
    }

    public override string ToString() =>
        $"{Name} of {Text(program)} over {sizes} -> {Outputs.Length} x {Outputs[0].Layout}"
        + (epilogue is null ? "" : $" then {Text(epilogue)}");
}
