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
    /// Evaluates the tensors; with <paramref name="keep"/> also keeps small nodes on the way. What
    /// is made of no data is computed where the others are, without others on the device given.
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
        Device? device = HomeOf(pending);
        if (pending.Exists(root => root.Home is { } home && home != device))
        {
            // What a program across devices asks for at once.
            foreach (var group in pending.GroupBy(root => root.Home ?? device))
                Evaluate(group.ToArray(), keep, group.Key);
            return;
        }

        PlanGraph graph = PlanGraph.Of(
            CollectionsMarshal.AsSpan(pending), alsoResult: node => Keeps(node, keep));
        device ??= withoutInputs ?? graph.Parameters.FirstOrDefault()?.Device ?? Device.Cpu;
        Value[] parameters = Values("Eval", graph.Parameters, device);
        Plan plan = Plan.Make(graph.Nodes, graph.Nodes);
        Storage?[] storages = plan.Run(device, parameters);
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

    /// <summary>
    /// The values of ready tensors on a device. What is made of no data may have been computed
    /// elsewhere before it was known where it is needed: it is carried over.
    /// </summary>
    public static Value[] Values(string op, List<Tensor> tensors, Device device)
    {
        var values = new Value[tensors.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = tensors[i].State.Value
                ?? throw Errors.Fail(op, $"{tensors[i]} has no value any more.");
            if (values[i].Storage.Device != device) values[i] = OnDevice(tensors[i], device);
        }
        return values;
    }

    /// <summary>The value of a tensor, evaluated and copied where it is elsewhere.</summary>
    public static Value OnDevice(Tensor tensor, Device device)
    {
        Value value = tensor.Eval().State.Value!;
        return value.Storage.Device == device ? value : Value.Of(tensor.ToRaw(), device);
    }

    /// <summary>
    /// The device of the first that belongs to one; null if none does.
    /// </summary>
    public static Device? HomeOf(IReadOnlyList<Tensor> tensors)
    {
        for (int i = 0; i < tensors.Count; i++)
            if (tensors[i].Home is { } home)
                return home;
        return null;
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
