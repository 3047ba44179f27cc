// One thing a plan does: run a kernel of the backend over views.
using Engine.Kernels;

namespace Engine;

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

    /// <summary>The operators of a program, to be printed.</summary>
    protected static string Text(TileProgram program) =>
        string.Join("+", program.Instructions.Select(i => i.Kernel.Operator.Name));
}
