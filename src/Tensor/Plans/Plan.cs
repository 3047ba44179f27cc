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

    public Step[] Steps { get; }

    /// <summary>Bytes of temporaries alive at the same time.</summary>
    public long ArenaBytes { get; }

    /// <summary>Where each node that leaves the plan lies; null for those that do not.</summary>
    public PlanView?[] Results { get; }

    /// <summary>Plans a graph; results are in the order of <paramref name="wanted"/>.</summary>
    public static Plan Make(List<PlanNode> nodes, IReadOnlyList<PlanNode> wanted)
    {
        Lowering lowering = Lowering.Run(nodes);
        var roots = new List<Slot>();
        var known = new HashSet<Slot>(ReferenceEqualityComparer.Instance);
        long first = long.MaxValue;
        foreach (PlanNode node in nodes)
        {
            if (!node.IsResult) continue;
            first = Math.Min(first, node.Tensor.Id);
            if (known.Add(node.View!.Slot)) roots.Add(node.View.Slot);
        }
        Step[] steps = Schedule.Order(lowering.Steps, roots, first);
        var results = new PlanView?[wanted.Count];
        for (int i = 0; i < results.Length; i++)
            if (wanted[i].View is { IsWholeSlot: true, Slot.IsResult: true } view)
                results[i] = view;
        return new Plan(steps, results, Arena.Place(steps));
    }

    /// <summary>
    /// Runs the steps on a device with the parameters' values, and returns the storage of each
    /// result (null for those that did not leave). Results may share storage.
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
        var run = new PlanRun(device, parameters, ArenaBytes);
        try
        {
            foreach (Step step in Steps) Run(step, run);
        }
        finally
        {
            run.End();
        }
        GC.KeepAlive(parameters);
        return Array.ConvertAll(
            Results, view => view is null ? null : run.Results.GetValueOrDefault(view.Slot));
    }

    /// <summary>
    /// Values decide whether an index is right, so kernels find it and the op is named here.
    /// </summary>
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

/// <summary>One run of a plan: its parameters, its arena and its results.</summary>
internal sealed class PlanRun(Device device, Value[] parameters, long arenaBytes)
{
    private DeviceBuffer? arena = arenaBytes > 0 ? device.Backend.Rent(arenaBytes) : null;

    public IBackend Backend { get; } = device.Backend;

    public Dictionary<Slot, Storage> Results { get; } = new(ReferenceEqualityComparer.Instance);

    public Operand Bind(PlanView view)
    {
        Slot slot = view.Slot;
        if (slot.IsParameter)
            return new Operand(
                parameters[slot.Parameter].Storage.Buffer, view.Offset, view.Type, view.Layout);
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
