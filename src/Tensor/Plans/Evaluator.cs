// Evaluation of lazy tensors: when, and what is kept.
//
// Asked for a value (Item, ToArray, Eval), every computed node up to 64 KiB is kept, so that
// reading the loss and then the accuracy does not run the network twice. At a transform's boundary
// only the results are kept. While a transform's trace lives, evaluating keeps how nodes were made.
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>Evaluates tensors as one plan.</summary>
internal static class Evaluator
{
    private const long KeepBytes = 64 << 10;

    /// <summary>
    /// Evaluates the tensors; with <paramref name="keep"/> also keeps small nodes on the way.
    /// </summary>
    public static void Evaluate(
        ReadOnlySpan<Tensor> roots, bool keep, Device? withoutInputs = null)
    {
        if (roots.Length == 1 && EagerElementwise.TryEvaluate(roots[0])) return;
        var pending = new List<Tensor>(roots.Length);
        foreach (Tensor root in roots)
            if (root.State.Value is null)
                pending.Add(root);
        if (pending.Count == 0) return;

        PlanGraph graph = PlanGraph.Of(
            CollectionsMarshal.AsSpan(pending), alsoResult: node => Keeps(node, keep));
        Value[] parameters = Values("Eval", graph.Parameters);
        Plan plan = Plan.Make(graph.Nodes, graph.Nodes);
        Storage?[] storages = plan.Run(
            DeviceOf("Eval", parameters, withoutInputs), parameters);
        for (int i = 0; i < storages.Length; i++)
            if (storages[i] is { } storage && graph.Nodes[i].Parameter < 0)
                graph.Nodes[i].Tensor.SetValue(new Value(storage));
        // A root that is only another name of a tensor, parameter or not, shares that one's value.
        for (int i = 0; i < pending.Count; i++)
            if (pending[i].State.Value is null)
                pending[i].SetValue(graph.Roots[i].Parameter is >= 0 and var parameter
                    ? parameters[parameter] : graph.Roots[i].Tensor.State.Value!);
    }

    /// <summary>
    /// Evaluates what a transform returns, as one plan. Left as they are: tensors that a live trace
    /// may still read, tensors of a loop's iteration, symbolic zeros, and constants, which need no
    /// memory and belong to no device.
    /// </summary>
    public static void EvaluateResults(ReadOnlySpan<Tensor> results, Device? withoutInputs = null)
    {
        var free = new List<Tensor>(results.Length);
        foreach (Tensor result in results)
            if (!result.Traced && !result.IsOpen && !result.IsSymbolicZero
                && result.ConstantValue is null)
                free.Add(result);
        Evaluate(CollectionsMarshal.AsSpan(free), keep: false, withoutInputs);
    }

    /// <summary>The values of ready tensors.</summary>
    public static Value[] Values(string op, List<Tensor> tensors)
    {
        var values = new Value[tensors.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = tensors[i].State.Value
                ?? throw Errors.Fail(op, $"{tensors[i]} has no value any more.");
        return values;
    }

    /// <summary>
    /// The one device of some values; the CPU if there are none and none is given.
    /// </summary>
    public static Device DeviceOf(string op, Value[] values, Device? withoutInputs = null)
    {
        Device? device = null;
        foreach (Value value in values)
        {
            device ??= value.Storage.Device;
            if (device != value.Storage.Device)
                throw Errors.Fail(op, $"tensors of devices {device} and {value.Storage.Device} "
                    + "meet in one computation. Move one with .To(device).");
        }
        return device ?? withoutInputs ?? Device.Cpu;
    }

    /// <summary>
    /// Element-wise nodes fused into others are not kept: that would undo the fusion.
    /// </summary>
    private static bool Keeps(PlanNode node, bool keep)
    {
        if (node.IsResult || !(keep || node.Tensor.Traced)) return false;
        if (node.Primitive is Elementwise && node.Users.Count == 1) return false;
        if (node.Primitive is ViewPrimitive or (ConstantPrimitive and not IKernel)) return false;
        return node.Tensor.Traced || node.Tensor.Count * node.DType.Size() <= KeepBytes;
    }
}
