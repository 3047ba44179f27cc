// A plan's views bound to memory. Kept between runs, so that replaying a plan allocates nothing but
// its results.
using Engine.Kernels;

namespace Engine;

/// <summary>The operands of all steps of a plan.</summary>
internal sealed class PlanBinding : IBoundPlan
{
    private readonly Step[] steps;
    private readonly Operand[] operands;
    private readonly int[] starts;

    // The operands of one parameter, of one result, of the arena and of the constants are linked
    // lists: next[i] is the operand after i, or -1; the fields below hold the heads. origins[i] is
    // where operand i begins within its slot, the arena or the constants, in elements.
    private readonly long[] origins;
    private readonly int[] next;
    private readonly int[] parameters;
    private readonly List<(Slot Slot, int Head)> results = [];
    private readonly int inArena = -1;
    private readonly int inConstants = -1;

    // For each result of the plan its number among the results above, or -1.
    private readonly int[] resultOf;

    public PlanBinding(Plan plan)
    {
        steps = plan.Steps;
        starts = new int[steps.Length + 1];
        for (int i = 0; i < steps.Length; i++)
            starts[i + 1] = starts[i] + steps[i].Inputs.Length + steps[i].Outputs.Length;
        operands = new Operand[starts[^1]];
        origins = new long[operands.Length];
        next = new int[operands.Length];
        var heads = new Dictionary<Slot, int>(ReferenceEqualityComparer.Instance);
        int at = 0;
        foreach (Step step in steps)
        {
            foreach (PlanView view in step.Inputs)
                Link(view, at++, heads, ref (view.Slot.IsConstant ? ref inConstants : ref inArena));
            foreach (PlanView view in step.Outputs) Link(view, at++, heads, ref inArena);
        }
        var numbers = new Dictionary<Slot, int>(ReferenceEqualityComparer.Instance);
        int last = heads.Keys.Select(slot => slot.Parameter).DefaultIfEmpty(-1).Max();
        parameters = new int[last + 1];
        Array.Fill(parameters, -1);
        foreach (var (slot, head) in heads)
        {
            if (slot.IsParameter)
            {
                parameters[slot.Parameter] = head;
                continue;
            }
            numbers.Add(slot, results.Count);
            results.Add((slot, head));
        }
        resultOf = Array.ConvertAll(
            plan.Results, view => view is { Slot.IsParameter: false } ? numbers[view.Slot] : -1);
    }

    /// <summary>Stretches of memory that leave the plan; results may share one.</summary>
    public int ResultCount => results.Count;

    /// <summary>For each result of the plan the number of its stretch, or -1.</summary>
    public ReadOnlySpan<int> ResultOf => resultOf;

    /// <summary>Bytes of a stretch that leaves the plan.</summary>
    public long ResultBytes(int number) => results[number].Slot.Bytes;

    /// <summary>Binds a parameter, from a byte of a buffer on.</summary>
    public void BindParameter(int number, DeviceBuffer buffer, long start)
    {
        if (number < parameters.Length) Bind(parameters[number], buffer, start);
    }

    /// <summary>Binds a stretch that leaves the plan, from a byte of a buffer on.</summary>
    public void BindResult(int number, DeviceBuffer buffer, long start) =>
        Bind(results[number].Head, buffer, start);

    /// <summary>Binds the temporaries, from a byte of a buffer on.</summary>
    public void BindArena(DeviceBuffer buffer, long start) => Bind(inArena, buffer, start);

    /// <summary>Binds the constants, from a byte of a buffer on.</summary>
    public void BindConstants(DeviceBuffer buffer, long start) =>
        Bind(inConstants, buffer, start);

    /// <summary>Whether an operand was bound elsewhere since this was last reset.</summary>
    public bool Moved { get; set; } = true;

    /// <summary>
    /// Runs all steps. Values decide whether an index is right, so kernels find it and the
    /// operation is named here.
    /// </summary>
    public void Run(IBackend backend)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            Step step = steps[i];
            ReadOnlySpan<Operand> bound = operands.AsSpan(starts[i], starts[i + 1] - starts[i]);
            try
            {
                step.Run(backend, bound[..step.Inputs.Length], bound[step.Inputs.Length..]);
            }
            catch (IndexOutOfRangeException e) when (step is KernelStep)
            {
                throw new EngineException($"{step.Name}: {e.Message}", e);
            }
        }
    }

    private void Link(PlanView view, int place, Dictionary<Slot, int> heads, ref int sharedHead)
    {
        Slot slot = view.Slot;
        origins[place] = view.Offset;
        if (slot.IsParameter || slot.IsResult)
        {
            next[place] = heads.TryGetValue(slot, out int head) ? head : -1;
            heads[slot] = place;
        }
        else
        {
            origins[place] += slot.SharedOffset / view.Type.Size();
            next[place] = sharedHead;
            sharedHead = place;
        }
        operands[place] = new Operand(null!, origins[place], view.Type, view.Layout);
    }

    private void Bind(int place, DeviceBuffer buffer, long start)
    {
        if (place < 0) return;
        // The operands of one list move together.
        ref readonly Operand head = ref operands[place];
        if (head.Buffer == buffer
            && head.Offset == origins[place] + start / head.Type.Size()) return;
        Moved = true;
        for (; place >= 0; place = next[place])
        {
            ref Operand operand = ref operands[place];
            operand = operand with
            {
                Buffer = buffer,
                Offset = origins[place] + (start == 0 ? 0 : start / operand.Type.Size()),
            };
        }
    }
}
