// A plan: ordered steps over slots, ready to run on a device. It holds no tensors and no addresses.
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
        // A second thread, or a call from within, makes a binding of its own.
        PlanBinding binding = Interlocked.Exchange(ref spare, null) is { } kept
            && kept.Device == device ? kept : new PlanBinding(device, this);
        Storage?[] results;
        try
        {
            results = binding.Begin(parameters);
            for (int i = 0; i < Steps.Length; i++) Run(i, binding);
        }
        finally
        {
            binding.End();
        }
        spare = binding;
        GC.KeepAlive(parameters);
        return results;
    }

    /// <summary>
    /// Values decide whether an index is right, so kernels find it and the op is named here.
    /// </summary>
    private void Run(int i, PlanBinding binding)
    {
        try
        {
            binding.Run(i);
        }
        catch (IndexOutOfRangeException e) when (Steps[i] is KernelStep)
        {
            throw new EngineException($"{Steps[i].Name}: {e.Message}", e);
        }
    }
}
