// A plan: ordered steps over slots, ready to run on a device. It holds no tensors and no addresses.
using Engine.Kernels;

namespace Engine;

/// <summary>Steps in order, the bytes of the arena they share, and the slots that leave.</summary>
internal sealed class Plan
{
    private Plan(Step[] steps, PlanView?[] results, long arenaBytes)
    {
        Steps = steps;
        Results = results;
        ArenaBytes = arenaBytes;
    }

    private PlanBinding? spare;

    public Step[] Steps { get; }

    /// <summary>Bytes of temporaries alive at the same time.</summary>
    public long ArenaBytes { get; }

    /// <summary>Where each node that leaves the plan lies; null for those that do not.</summary>
    public PlanView?[] Results { get; }

    /// <summary>
    /// Plans a graph; results are in the order of <paramref name="wanted"/>. With <paramref
    /// name="passesOn"/>, a result that is all of a parameter shares the parameter's memory;
    /// without, it is copied to where the caller wants it.
    /// </summary>
    public static Plan Make(
        List<PlanNode> nodes, IReadOnlyList<PlanNode> wanted, bool passesOn = true)
    {
        List<LoopGroup> loops = LoopGroup.Find(nodes);
        List<FusedGroup> groups = Fusion.Run(nodes);
        ReductionMerging.Run(groups, loops);
        EpilogueFusion.Run(groups);
        List<Step> steps = Lowering.Run(nodes, passesOn);
        Step[] ordered = Schedule.Run(steps, nodes);
        long arenaBytes = Arena.Place(ordered);
        return new Plan(ordered, [.. wanted.Select(Result)], arenaBytes);
    }

    /// <summary>Where a result lies; null for nodes that do not leave the plan.</summary>
    private static PlanView? Result(PlanNode node) =>
        node.View is { IsWholeSlot: true } view && (node.IsResult || view.Slot.IsResult)
            ? view : null;

    /// <summary>
    /// Runs the steps on a device with the parameters' values, and returns the storage of each
    /// result (null for those that did not leave). Results may share storage, with parameters too.
    /// </summary>
    public Storage?[] Run(Device device, Value[] parameters)
    {
        try
        {
            return RunSteps(device, parameters);
        }
        catch (OutOfMemoryException e)
        {
            throw new EngineException($"Eval: {device} has no room for {ArenaBytes} bytes of "
                + "temporaries and the results. Use smaller tensors, or chunks in Vmap.", e);
        }
    }

    private Storage?[] RunSteps(Device device, Value[] parameters)
    {
        // A second thread, or a call from within, makes a binding of its own.
        PlanBinding binding = Interlocked.Exchange(ref spare, null) ?? new PlanBinding(this);
        var storages = new Storage[binding.ResultCount];
        IBackend backend = device.Backend;
        DeviceBuffer? arena = null;
        try
        {
            if (ArenaBytes > 0) binding.BindArena(arena = device.Memory.Rent(ArenaBytes), 0);
            for (int i = 0; i < parameters.Length; i++)
                binding.BindParameter(i, parameters[i].Storage.Buffer, 0);
            for (int i = 0; i < storages.Length; i++)
            {
                storages[i] = new Storage(device, binding.ResultBytes(i));
                binding.BindResult(i, storages[i].Buffer, 0);
            }
            binding.Run(backend);
        }
        finally
        {
            if (arena is not null) backend.Return(arena);
        }
        var results = new Storage?[Results.Length];
        for (int i = 0; i < results.Length; i++)
            if (Results[i] is { Slot: { IsParameter: true } passedOn })
                results[i] = parameters[passedOn.Parameter].Storage;
            else if (binding.ResultOf[i] is >= 0 and var number)
                results[i] = storages[number];
        spare = binding;
        GC.KeepAlive(parameters);
        return results;
    }
}
