// A plan: ordered steps over slots, ready to run on a device. It holds no tensors and no addresses.
using Engine.Kernels;

namespace Engine;

/// <summary>Steps in order, the bytes of the arena they share, and the slots that leave.</summary>
internal sealed class Plan
{
    private Plan(Step[] steps, long arenaBytes, long resultBytes)
    {
        Steps = steps;
        ArenaBytes = arenaBytes;
        ResultBytes = resultBytes;
    }

    public Step[] Steps { get; }

    /// <summary>Bytes of temporaries alive at the same time.</summary>
    public long ArenaBytes { get; }

    /// <summary>Bytes of results.</summary>
    public long ResultBytes { get; }

    /// <summary>Plans a graph.</summary>
    public static Plan Make(List<PlanNode> nodes)
    {
        Lowering lowering = Lowering.Run(nodes);
        var roots = new List<Slot>();
        long first = long.MaxValue;
        foreach (PlanNode node in nodes)
        {
            if (!node.IsResult) continue;
            first = Math.Min(first, node.Tensor.Id);
            if (!roots.Contains(node.View!.Slot)) roots.Add(node.View.Slot);
        }
        Step[] steps = Schedule.Order(lowering.Steps, roots, first);
        return new Plan(steps, Arena.Place(steps), roots.Sum(slot => slot.Bytes));
    }

    /// <summary>Runs the steps on a device and returns the storage of each result slot.</summary>
    public Dictionary<Slot, Storage> Run(Device device)
    {
        var run = new PlanRun(device, ArenaBytes);
        try
        {
            foreach (Step step in Steps) Run(step, run);
        }
        finally
        {
            run.End();
        }
        return run.Results;
    }

    /// <summary>Values decide whether an index is right, so kernels find it and the op is named here.</summary>
    private static void Run(Step step, PlanRun run)
    {
        try
        {
            step.Run(run);
        }
        catch (IndexOutOfRangeException e) when (step is KernelStep)
        {
            throw new EngineException($"{step.Name}: {e.Message}", e);
        }
    }
}

/// <summary>One run of a plan: its arena and its results.</summary>
internal sealed class PlanRun(Device device, long arenaBytes)
{
    private DeviceBuffer? arena = arenaBytes > 0 ? device.Backend.Rent(arenaBytes) : null;

    public IBackend Backend { get; } = device.Backend;

    public Dictionary<Slot, Storage> Results { get; } = new(ReferenceEqualityComparer.Instance);

    public Operand Bind(PlanView view)
    {
        Slot slot = view.Slot;
        if (slot.Input is { } value)
            return new Operand(value.Storage.Buffer, view.Offset, view.Type, view.Layout);
        if (!slot.IsResult)
            return new Operand(
                arena!, slot.ArenaOffset / view.Type.Size() + view.Offset, view.Type, view.Layout);
        if (!Results.TryGetValue(slot, out Storage? storage))
            Results.Add(slot, storage = new Storage(device, slot.Bytes));
        return new Operand(storage.Buffer, view.Offset, view.Type, view.Layout);
    }

    public void End()
    {
        if (arena is null) return;
        device.Backend.Return(arena);
        arena = null;
    }
}
