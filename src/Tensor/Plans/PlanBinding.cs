// A plan's views bound to memory. Kept between runs: only what lies elsewhere than last time is
// bound anew, so that replaying a plan allocates nothing but its results.
using Engine.Kernels;

namespace Engine;

/// <summary>The operands of all steps of a plan on a device.</summary>
internal sealed class PlanBinding
{
    private readonly Plan plan;
    private readonly Operand[] operands;
    private readonly int[] starts;

    // Operands of one parameter, of one result, or in the arena, as linked lists of their numbers.
    private readonly int[] next;
    private readonly List<(Slot Slot, int Head)> parameters = [], results = [];
    private readonly int inArena = -1;

    // For each result of the plan its number among the results above, or -1.
    private readonly int[] resultOf;
    private DeviceBuffer? arena, lastArena;

    public PlanBinding(Device device, Plan plan)
    {
        Device = device;
        this.plan = plan;
        starts = new int[plan.Steps.Length + 1];
        for (int i = 0; i < plan.Steps.Length; i++)
            starts[i + 1] = starts[i] + plan.Steps[i].Inputs.Length + plan.Steps[i].Outputs.Length;
        operands = new Operand[starts[^1]];
        next = new int[operands.Length];
        var heads = new Dictionary<Slot, int>(ReferenceEqualityComparer.Instance);
        int at = 0;
        foreach (Step step in plan.Steps)
        {
            foreach (PlanView view in step.Inputs) Link(view, at++, heads, ref inArena);
            foreach (PlanView view in step.Outputs) Link(view, at++, heads, ref inArena);
        }
        var numbers = new Dictionary<Slot, int>(ReferenceEqualityComparer.Instance);
        foreach (var (slot, head) in heads)
        {
            if (slot.IsResult) numbers.Add(slot, results.Count);
            (slot.IsResult ? results : parameters).Add((slot, head));
        }
        resultOf = Array.ConvertAll(plan.Results, view => view is null ? -1 : numbers[view.Slot]);
    }

    public Device Device { get; }

    /// <summary>
    /// Binds parameters, a rented arena and new results, which are returned in the plan's order
    /// (null for those that do not leave). Results may share storage.
    /// </summary>
    public Storage?[] Begin(Value[] values)
    {
        if (plan.ArenaBytes > 0) arena = Device.Backend.Rent(plan.ArenaBytes);
        if (arena is not null && arena != lastArena) Bind(inArena, arena);
        lastArena = arena;
        foreach (var (slot, head) in parameters) Bind(head, values[slot.Parameter].Storage.Buffer);
        var storages = new Storage[results.Count];
        for (int i = 0; i < storages.Length; i++)
        {
            storages[i] = new Storage(Device, results[i].Slot.Bytes);
            Bind(results[i].Head, storages[i].Buffer);
        }
        return Array.ConvertAll(resultOf, number => number < 0 ? null : storages[number]);
    }

    /// <summary>Runs a step.</summary>
    public void Run(int i)
    {
        Step step = plan.Steps[i];
        ReadOnlySpan<Operand> bound = operands.AsSpan(starts[i], starts[i + 1] - starts[i]);
        step.Run(Device.Backend, bound[..step.Inputs.Length], bound[step.Inputs.Length..]);
    }

    /// <summary>Gives the arena back.</summary>
    public void End()
    {
        if (arena is not null) Device.Backend.Return(arena);
        arena = null;
    }

    private void Link(PlanView view, int place, Dictionary<Slot, int> heads, ref int arenaHead)
    {
        Slot slot = view.Slot;
        long start = 0;
        if (slot.IsParameter || slot.IsResult)
        {
            next[place] = heads.TryGetValue(slot, out int head) ? head : -1;
            heads[slot] = place;
        }
        else
        {
            start = slot.ArenaOffset / view.Type.Size();
            next[place] = arenaHead;
            arenaHead = place;
        }
        operands[place] = new Operand(null!, start + view.Offset, view.Type, view.Layout);
    }

    private void Bind(int place, DeviceBuffer buffer)
    {
        for (; place >= 0; place = next[place])
            operands[place] = operands[place] with { Buffer = buffer };
    }
}
