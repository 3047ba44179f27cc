// A plan: ordered steps over slots, ready to run on a device. It holds no tensors and, constants
// aside, no memory.
using Engine.Kernels;

namespace Engine;

/// <summary>Steps in order, the bytes of the arena they share, and the slots that leave.</summary>
internal sealed class Plan
{
    private readonly Step[] constants;
    private PlanBinding? spare;
    private Storage? kept;

    private Plan(Step[] steps, Step[] constants, PlanView?[] results, long arenaBytes)
    {
        Steps = steps;
        this.constants = constants;
        Results = results;
        ArenaBytes = arenaBytes;
        foreach (Step constant in constants)
        {
            Slot slot = constant.Outputs[0].Slot;
            slot.SharedOffset = ConstantBytes;
            ConstantBytes += slot.Bytes;
        }
    }

    public Step[] Steps { get; }

    /// <summary>Bytes of temporaries alive at the same time.</summary>
    public long ArenaBytes { get; }

    /// <summary>Bytes of the constants that are kept from run to run.</summary>
    public long ConstantBytes { get; }

    /// <summary>Where each node that leaves the plan lies; null for those that do not.</summary>
    public PlanView?[] Results { get; }

    /// <summary>
    /// Plans a graph; results are in the order of <paramref name="wanted"/>. With <paramref
    /// name="passesOn"/>, a result that is all of a parameter shares the parameter's memory;
    /// without, it is copied to where the caller wants it. A plan that will be replayed keeps
    /// constants of up to <paramref name="keptConstant"/> bytes; for one that runs once, memory of
    /// their own would cost more than writing them.
    /// </summary>
    public static Plan Make(
        List<PlanNode> nodes, IReadOnlyList<PlanNode> wanted, bool passesOn = true,
        long keptConstant = 0)
    {
        List<LoopGroup> loops = LoopGroup.Find(nodes);
        List<FusedGroup> groups = Fusion.Run(nodes);
        ReductionMerging.Run(groups, loops);
        EpilogueFusion.Run(groups);
        var (steps, constants) = Lowering.Run(nodes, passesOn, keptConstant);
        Step[] ordered = Schedule.Run(steps, nodes);
        long arenaBytes = Arena.Place(ordered);
        Step[] read = [.. constants.Where(
            constant => constant.Outputs[0].Slot.Readers.Exists(step => step.Position >= 0))];
        return new Plan(ordered, read, [.. wanted.Select(Result)], arenaBytes);
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
        Storage? constants = null;
        try
        {
            if (ConstantBytes > 0)
                binding.BindConstants((constants = Constants(device)).Buffer, 0);
            if (ArenaBytes > 0) binding.BindArena(arena = device.Memory.Rent(ArenaBytes), 0);
            for (int i = 0; i < parameters.Length; i++)
                binding.BindParameter(i, parameters[i].Storage.Buffer, 0);
            for (int i = 0; i < storages.Length; i++)
            {
                storages[i] = new Storage(device, binding.ResultBytes(i));
                binding.BindResult(i, storages[i].Buffer, 0);
            }
            backend.Run(binding);
            binding.Moved = false;
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
        GC.KeepAlive(constants);
        return results;
    }

    /// <summary>The constants on a device, as the last run left them if it was there.</summary>
    private Storage Constants(Device device)
    {
        if (Volatile.Read(ref kept) is { } there && there.Device == device) return there;
        var made = new Storage(device, ConstantBytes);
        WriteConstants(device.Backend, made.Buffer, 0);
        Volatile.Write(ref kept, made);
        return made;
    }

    /// <summary>Writes the constants to memory, from a byte of a buffer on.</summary>
    public void WriteConstants(IBackend backend, DeviceBuffer buffer, long start)
    {
        foreach (Step constant in constants)
        {
            PlanView view = constant.Outputs[0];
            var place = new Operand(
                buffer, (start + view.Slot.SharedOffset) / view.Type.Size(), view.Type,
                view.Layout);
            constant.Run(backend, [], [place]);
        }
    }
}
