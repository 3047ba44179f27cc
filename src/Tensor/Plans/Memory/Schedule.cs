// The order of steps. What was made after the first result (a loss, say) is mostly its gradient:
// that is run in the order it was made, and every step pulls what it needs, depth first. So the
// forward pass of one of several independent parts runs when its backward pass asks for it, and is
// freed before the next part begins. As soon as a step can run whose result is small beside what it
// reads or frees (a weight gradient, a sum), it runs, so that activations die early.
namespace Engine;

/// <summary>Orders the steps of a plan.</summary>
internal sealed class Schedule
{
    private readonly List<Step> order = [];
    private readonly Dictionary<Step, int> missing = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Slot, int> unread = new(ReferenceEqualityComparer.Instance);
    private readonly Stack<Step> ready = [];

    /// <summary>
    /// The steps that the graph's results need, in the order to run them; others are dropped.
    /// </summary>
    public static Step[] Run(List<Step> steps, List<PlanNode> nodes)
    {
        PlanNode[] results = [.. nodes.Where(
            node => node.IsResult && !node.View!.Slot.IsParameter)];
        long firstResult = results.Length == 0 ? 0 : results.Min(result => result.Tensor.Id);
        Slot[] roots = [.. results.Select(result => result.View!.Slot).Distinct()];
        var schedule = new Schedule();
        HashSet<Step> needed = Needed(roots);
        foreach (Step step in steps)
            if (needed.Contains(step))
                schedule.Count(step, needed);
        foreach (Step step in steps)
            if (step.Id > firstResult && needed.Contains(step))
                schedule.Pull(step);
        foreach (Slot root in roots)
            if (root.Producer is { } step)
                schedule.Pull(step);
        return [.. schedule.order];
    }

    private static HashSet<Step> Needed(IEnumerable<Slot> roots)
    {
        var needed = new HashSet<Step>(ReferenceEqualityComparer.Instance);
        var walk = new GraphWalk<Slot>(roots);
        while (walk.Next(out Slot? slot))
            if (slot.Producer is { } step && needed.Add(step))
                foreach (PlanView input in step.Inputs)
                    walk.Add(input.Slot);
        return needed;
    }

    private void Count(Step step, HashSet<Step> needed)
    {
        int inputs = 0;
        foreach (Slot slot in Reads(step))
        {
            if (slot.Producer is not null) inputs++;
            unread[slot] = unread.GetValueOrDefault(slot, slot.IsResult ? 1 : 0) + 1;
        }
        missing[step] = inputs;
        foreach (PlanView output in step.Outputs)
            output.Slot.Readers.RemoveAll(reader => !needed.Contains(reader));
    }

    private void Pull(Step goal)
    {
        var stack = new Stack<Step>();
        stack.Push(goal);
        while (stack.TryPeek(out Step? step))
        {
            if (step.Position >= 0)
            {
                stack.Pop();
                continue;
            }
            if (missing[step] == 0)
            {
                stack.Pop();
                Emit(step);
                continue;
            }
            // The first input goes on top: sums of parts finish their left side first.
            for (int i = step.Inputs.Length - 1; i >= 0; i--)
                if (step.Inputs[i].Slot.Producer is { Position: < 0 } producer)
                    stack.Push(producer);
        }
    }

    private void Emit(Step step)
    {
        ready.Push(step);
        while (ready.TryPop(out Step? next))
        {
            if (next.Position >= 0) continue;
            next.Position = order.Count;
            order.Add(next);
            foreach (PlanView output in next.Outputs)
                foreach (Step reader in output.Slot.Readers)
                    missing[reader]--;
            foreach (PlanView output in next.Outputs) PushCheap(output.Slot);
            // A value read for the last time but one may die with a step that could run long since.
            foreach (Slot slot in Reads(next))
                if (--unread[slot] == 1)
                    PushCheap(slot);
        }
    }

    private void PushCheap(Slot slot)
    {
        foreach (Step reader in slot.Readers)
            if (reader.Position < 0 && missing[reader] == 0 && IsCheap(reader))
                ready.Push(reader);
    }

    private bool IsCheap(Step step)
    {
        long dying = 0, largest = 0;
        foreach (Slot slot in Reads(step))
        {
            if (slot.IsGiven) continue;
            if (unread[slot] == 1) dying += slot.Bytes;
            largest = Math.Max(largest, slot.Bytes);
        }
        long made = 0;
        foreach (PlanView output in step.Outputs) made += output.Slot.Bytes;
        return made <= dying || 4 * made <= largest;
    }

    private static IEnumerable<Slot> Reads(Step step)
    {
        PlanView[] inputs = step.Inputs;
        for (int i = 0; i < inputs.Length; i++)
        {
            bool again = false;
            for (int j = 0; j < i; j++) again |= inputs[j].Slot == inputs[i].Slot;
            if (!again) yield return inputs[i].Slot;
        }
    }
}
