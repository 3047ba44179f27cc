// Moving data between devices. A plan runs on one device, so a move is no part of any plan: it is
// done when it is asked for, and what stands in the graph has its value already. Derivatives flow
// through it: a cotangent goes back to where the data came from.
namespace Engine;

/// <summary>The same values on another device.</summary>
internal sealed record Move(Device? From, Device To) : Primitive
{
    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => (x[0].Shape, x[0].DType);

    internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) =>
        [From is null ? g : g.To(From)];

    internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => dx[0]?.To(To);

    internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) => x[0].To(To);

    internal override void Lower(Lowering plan, PlanNode node) =>
        throw new InvalidOperationException("a moved tensor has its value");
}

public sealed partial class Tensor
{
    /// <summary>
    /// The same values on a device; the tensor itself if it is there. The gradient arrives where
    /// this tensor is. Within Vmap and Compile a tensor has no value that could be moved: it must
    /// be on the device already, else an error says so.
    /// </summary>
    public Tensor To(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (home == device) return Traced || IsOpen ? this : Eval();
        if (IsSymbolicZero) return this;
        if (Unknown() is { } argument)
            throw Errors.Fail("To", $"{this} depends on an argument of {argument.Transform} whose "
                + $"value is not known yet, so it cannot move from {Device} to {device}. Move "
                + "what the function takes and captures before.");
        if (home is null && !Traced) return Settled(device);
        Value moved = Evaluator.OnDevice(this, device);
        return Traced ? Moved(new Move(home, device), this, moved) : Ready(Shape, DType, moved);
    }

    /// <summary>What belongs to no device, computed on this one, where it then belongs.</summary>
    private Tensor Settled(Device device)
    {
        if (state.Value is null) Evaluator.Evaluate([this], keep: true, device);
        return home == device ? this : Ready(Shape, DType, Evaluator.OnDevice(this, device));
    }

    /// <summary>An argument without a value that it depends on; null if there is none.</summary>
    private Placeholder? Unknown()
    {
        if (!Traced && !IsOpen) return null;
        var walk = new GraphWalk<Tensor>([this]);
        while (walk.Next(out Tensor? tensor))
        {
            NodeState now = tensor.state;
            if (now.Primitive is Placeholder argument) return argument;
            if (now.Value is null) walk.Add(now.Inputs);
        }
        return null;
    }
}
