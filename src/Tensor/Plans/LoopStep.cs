// Runs the plan of an iteration on one slice after another, in memory that all iterations share.
using Engine.Kernels;

namespace Engine;

/// <summary>Runs a loop.</summary>
internal sealed class LoopStep : Step
{
    private static readonly TileProgram
        AddSingles = Sum(DType.Float32), AddDoubles = Sum(DType.Float64);

    private readonly Part[] parts;
    private readonly bool[] sliced;
    private State? spare;

    /// <summary>The body bound to memory, and where its results are.</summary>
    private sealed record State(PlanBinding Binding, Operand[] Made);

    /// <summary>
    /// A result as an iteration makes it: where it is in the scratch memory, unless the iteration
    /// can write it in its place or it is the same as an earlier result.
    /// </summary>
    private readonly record struct Part(
        DType Type, Layout Layout, long ScratchStart, bool IsSummed, int SameAs)
    {
        public long Bytes => Layout.Count * Type.Size();

        /// <summary>
        /// Kernels may store whole vectors at the end of what they write, so only what ends with
        /// one can have its neighbour right behind it.
        /// </summary>
        public bool IsInPlace(int iteration) => IsSummed ? iteration == 0 : Bytes % 64 == 0;
    }

    private LoopStep(
        LoopGroup loops, Plan body, Part[] parts, PlanView[] inputs, PlanView[] outputs)
        : base("Loop", inputs, outputs)
    {
        Iterations = loops.Iterations;
        Body = body;
        this.parts = parts;
        sliced = [.. loops.Inputs.Select(input => input.Sliced)];
    }

    /// <summary>How many times the body runs.</summary>
    public int Iterations { get; }

    /// <summary>The plan of one iteration.</summary>
    public Plan Body { get; }

    /// <summary>Plans an iteration; inputs and results are contiguous.</summary>
    public static LoopStep Of(LoopGroup loops, PlanView[] inputs, PlanView[] results)
    {
        PlanGraph graph = loops.Iteration();
        Plan body = Plan.Make(graph.Nodes, graph.Roots);
        var parts = new Part[results.Length];
        long bytes = body.ArenaBytes;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = new(
                results[i].Type, body.Results[i]!.Layout, bytes, loops.IsSummed(i),
                Array.FindIndex(body.Results, same => same!.Slot == body.Results[i]!.Slot));
            bytes += Slot.Rounded(parts[i].Bytes);
        }
        var scratch = new PlanView(new Slot(bytes), 0, DType.Bool, Layout.Contiguous(bytes));
        return new LoopStep(loops, body, parts, inputs, [.. results, scratch]);
    }

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y)
    {
        // A second thread makes one of its own.
        State state = Interlocked.Exchange(ref spare, null)
            ?? new(new PlanBinding(Body), new Operand[parts.Length]);
        state.Binding.BindArena(y[^1].Buffer, y[^1].Offset);
        for (int i = 0; i < Iterations; i++)
        {
            BindInputs(state.Binding, x, i);
            BindResults(state, y, i);
            RunBody(state.Binding, backend, i);
            for (int k = 0; k < parts.Length; k++)
                Deliver(backend, state.Made[k], Target(y, k, i), k, i);
        }
        spare = state;
    }

    private void RunBody(PlanBinding binding, IBackend backend, int iteration)
    {
        try
        {
            binding.Run(backend);
        }
        catch (EngineException e)
        {
            throw new EngineException(
                $"{e.Message} (Within chunk {iteration} of {Iterations} of Vmap, from 0.)", e);
        }
    }

    private void BindInputs(PlanBinding binding, ReadOnlySpan<Operand> x, int iteration)
    {
        for (int p = 0; p < sliced.Length; p++)
        {
            int size = x[p].Type.Size();
            long slice = sliced[p] ? x[p].Layout.Count / Iterations * size : 0;
            binding.BindParameter(p, x[p].Buffer, (x[p].Offset * size) + (iteration * slice));
        }
    }

    private void BindResults(State state, ReadOnlySpan<Operand> y, int iteration)
    {
        for (int k = 0; k < parts.Length; k++)
        {
            Part part = parts[k];
            if (part.SameAs < k)
            {
                state.Made[k] = state.Made[part.SameAs];
                continue;
            }
            Operand place = part.IsInPlace(iteration) ? Target(y, k, iteration) : new Operand(
                y[^1].Buffer, (y[^1].Offset + part.ScratchStart) / part.Type.Size(), part.Type,
                part.Layout);
            state.Made[k] = place;
            state.Binding.BindResult(
                state.Binding.ResultOf[k], place.Buffer, place.Offset * place.Type.Size());
        }
    }

    /// <summary>The place of a result, or of the part of it that an iteration makes.</summary>
    private Operand Target(ReadOnlySpan<Operand> y, int k, int iteration)
    {
        long start = parts[k].IsSummed ? 0 : iteration * parts[k].Layout.Count;
        return new Operand(y[k].Buffer, y[k].Offset + start, parts[k].Type, parts[k].Layout);
    }

    private void Deliver(
        IBackend backend, in Operand made, in Operand target, int k, int iteration)
    {
        if (made.Buffer == target.Buffer && made.Offset == target.Offset) return;
        if (!parts[k].IsSummed || iteration == 0) backend.Copy(made, target);
        else
            backend.Elementwise(
                target.Type == DType.Float32 ? AddSingles : AddDoubles, [target, made], [target]);
    }

    private static TileProgram Sum(DType type)
    {
        RegisterType register = TileEmitter.TypeOf(type);
        return new(
            [register, register], [], [new TileStep(new Add().Kernel(type, type), 0, 1)], [2]);
    }

    public override string ToString() =>
        $"Loop, {Iterations} times {Body.Steps.Length} steps -> {parts.Length} results";
}
