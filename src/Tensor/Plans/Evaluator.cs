// Evaluation of lazy tensors: when, and what is kept.
//
// Asked for a value (Item, ToArray, Eval), every computed node up to 64 KiB is kept, so that
// reading the loss and then the accuracy does not run the network twice. At a transform's boundary
// only the results are kept. While a transform's trace lives, evaluating keeps how nodes were made.

namespace Engine;

/// <summary>Evaluates tensors as one plan.</summary>
internal static class Evaluator
{
    private const long KeepBytes = 64 << 10;
    private static long stepsRun;

    /// <summary>Steps run so far in this process, for tests of what is recomputed.</summary>
    public static long StepsRun => Volatile.Read(ref stepsRun);

    /// <summary>Evaluates the tensors; with <paramref name="keep"/> also keeps small nodes on the way.</summary>
    public static void Evaluate(ReadOnlySpan<Tensor> roots, bool keep)
    {
        var pending = new List<Tensor>(roots.Length);
        foreach (Tensor root in roots)
            if (root.State.Value is null)
                pending.Add(root);
        if (pending.Count == 0) return;

        List<PlanNode> nodes =
            PlanGraph.Collect(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(pending));
        Device device = DeviceOf(nodes);
        Plan plan = MakePlan(nodes, keep);
        Dictionary<Slot, Storage> storages = Run(plan, device);
        Interlocked.Add(ref stepsRun, plan.Steps.Length);
        foreach (PlanNode node in nodes)
            if (node.Primitive is not null && node.View is { IsWholeSlot: true } view
                && storages.TryGetValue(view.Slot, out Storage? storage))
                node.Tensor.SetValue(new Value(storage, 0, view.Layout));
    }

    private static Dictionary<Slot, Storage> Run(Plan plan, Device device)
    {
        try
        {
            return plan.Run(device);
        }
        catch (OutOfMemoryException e)
        {
            throw new EngineException($"Eval: {device} has no room for {plan.ResultBytes} bytes of "
                + $"results and {plan.ArenaBytes} of temporaries. Use smaller tensors, or chunks "
                + "in Vmap.", e);
        }
    }

    /// <summary>
    /// Evaluates what a transform returns, as one plan: all but tensors that a live trace may still
    /// walk through, placeholders' dependants among them, and symbolic zeros, which stay symbols.
    /// </summary>
    public static void Boundary(ReadOnlySpan<Tensor> results)
    {
        var free = new List<Tensor>(results.Length);
        foreach (Tensor result in results)
            if (!result.Traced && !result.IsSymbolicZero)
                free.Add(result);
        Evaluate(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(free), keep: false);
    }

    private static Plan MakePlan(List<PlanNode> nodes, bool keep)
    {
        foreach (PlanNode node in nodes)
            if (node.Primitive is not null && Keeps(node, keep))
                node.IsResult = true;
        return Plan.Make(nodes);
    }

    /// <summary>Element-wise nodes fused into others are not kept: that would undo the fusion.</summary>
    private static bool Keeps(PlanNode node, bool keep)
    {
        if (node.IsResult || !(keep || node.Tensor.Traced)) return false;
        if (node.Primitive is Elementwise && node.Users.Count == 1) return false;
        if (node.Primitive is ViewPrimitive or ConstantPrimitive { } and not IKernel) return false;
        return node.Tensor.Traced || node.Tensor.Count * node.DType.Size() <= KeepBytes;
    }

    private static Device DeviceOf(List<PlanNode> nodes)
    {
        Device? device = null;
        foreach (PlanNode node in nodes)
        {
            if (node.Value is not { } value) continue;
            device ??= value.Storage.Device;
            if (device != value.Storage.Device)
                throw Errors.Fail("Eval", $"tensors of devices {device} and {value.Storage.Device} "
                    + "meet in one computation. Move one with .To(device).");
        }
        return device ?? Device.Cpu;
    }
}
