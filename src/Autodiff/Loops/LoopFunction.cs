// Loops over chunks, as functions with rules of their own: the derivative and the batched form of a
// loop are loops, whose iterations are the derivative and the batched form of an iteration. So a
// chunk is traced once, whatever the number of chunks and the order of differentiation.
namespace Engine;

/// <summary>A loop over the chunks of a batch.</summary>
internal sealed class LoopFunction(Loop loop) : RuledFunction
{
    private long largestBytes = -1;

    public Loop Loop { get; } = loop;

    /// <summary>Bytes of the largest tensor that an iteration computes.</summary>
    public long LargestBytes
    {
        get
        {
            if (largestBytes >= 0) return largestBytes;
            long largest = 0;
            foreach (var (tensor, state) in Loop.Nodes)
            {
                if (state.Primitive is ViewPrimitive or Constant) continue;
                largest = Math.Max(largest, tensor.Count * tensor.DType.Size());
                if (state.Primitive is LoopResult { Site.Function: LoopFunction inner })
                    largest = Math.Max(largest, inner.LargestBytes);
            }
            return largestBytes = largest;
        }
    }

    /// <summary>
    /// Runs an iteration for each slice of the values, and stacks the results; null where the
    /// iteration gives null or a symbolic zero.
    /// </summary>
    public static Tensor?[] Stacked(
        IReadOnlyList<Tensor> values, int iterations,
        Func<IReadOnlyList<Tensor>, Tensor?[]> iteration)
    {
        using var builder = new LoopBuilder(iterations);
        Tensor[] holes = [.. values.Select(value => builder.Hole(value, sliced: true))];
        Tensor?[] parts = iteration(holes);
        return builder.Run([.. parts.Select(
            part => part is { IsSymbolicZero: true } ? null : part)], new bool[parts.Length]);
    }

    public override Tensor[] Apply(Tensor[] x)
    {
        var site = new CallSite(this, x, new Tensor[Loop.Outputs.Length]);
        for (int i = 0; i < site.Outputs.Length; i++)
            site.Outputs[i] = Tensor.Apply(new LoopResult(site, i), x);
        return site.Outputs;
    }

    /// <summary>
    /// One loop: each iteration runs again on its slice and goes backwards. If a plan computes the
    /// results as well, and the cotangents do not depend on them, it runs both loops as one.
    /// </summary>
    public override Tensor?[] Vjp(CallSite site, Tensor?[] g, bool[] need)
    {
        using var builder = new LoopBuilder(Loop, site.Inputs);
        Tensor?[] cotangents = [.. g.Select(
            (part, i) => part is null ? null : builder.Hole(part, !Loop.Summed[i]))];
        List<Tensor> arguments = Chosen(need);
        Tensor?[] parts = Tape.Within(Loop, arguments).Reverse(Loop.Outputs, cotangents);
        bool[] summed = [.. Loop.Sliced.Where((_, i) => need[i]).Select(sliced => !sliced)];
        return At(need, builder.Run(parts, summed));
    }

    public override Tensor?[] Jvp(CallSite site, Tensor?[] dx)
    {
        using var builder = new LoopBuilder(Loop, site.Inputs);
        bool[] given = Array.ConvertAll(dx, t => t is not null);
        List<Tensor> arguments = Chosen(given);
        var tangents = new List<Tensor>();
        for (int i = 0; i < dx.Length; i++)
            if (dx[i] is { } t)
                tangents.Add(builder.Hole(t, Loop.Sliced[i]));
        return builder.Run(
            Tape.Within(Loop, arguments).Forward(tangents, Loop.Outputs), Loop.Summed);
    }

    /// <summary>
    /// The chunks stay along the first axis; the new batch is the second within an iteration.
    /// </summary>
    public override Tensor[] Vmap(Tensor[] x, bool[] batched, int size)
    {
        using var builder = new LoopBuilder(Loop, x, batched);
        List<Tensor> arguments = Chosen(batched);
        var values = new List<Tensor>();
        for (int i = 0; i < x.Length; i++)
            if (batched[i])
                values.Add(Loop.Sliced[i]
                    ? builder.Hole(x[i].MoveAxis(0, 1), sliced: true).MoveAxis(1, 0)
                    : builder.Hole(x[i], sliced: false));
        Tensor?[] parts = Tape.Within(Loop, arguments).Batch(values, size, Loop.Outputs);
        for (int i = 0; i < parts.Length; i++)
        {
            Tensor part = parts[i] ?? Batching.Repeated(Loop.Outputs[i], 0, size);
            parts[i] = Loop.Summed[i] ? part : part.MoveAxis(0, 1);
        }
        Tensor?[] results = builder.Run(parts, Loop.Summed);
        return [.. results.Select((y, i) => Loop.Summed[i] ? y! : y!.MoveAxis(1, 0))];
    }

    private List<Tensor> Chosen(bool[] chosen) => [.. Loop.Holes.Where((_, i) => chosen[i])];
}

/// <summary>A result of a loop, which a plan computes together with the others.</summary>
internal sealed record LoopResult(CallSite Site, int Index) : CallResult(Site), ILoopResult
{
    public Loop Loop => ((LoopFunction)Site.Function).Loop;

    internal override string Name => "Loop";

    internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) => Loop.Result(Index);

    internal override void Lower(Lowering plan, PlanNode node) => plan.LoopResult(node);
}
