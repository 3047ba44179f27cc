// Runs the plan of an iteration on one slice after another in memory that they share; or on as many
// at once as there are threads, each with memory of its own. Sums are always taken in the order of
// the iterations.
using Engine.Kernels;

namespace Engine;

/// <summary>Runs a loop.</summary>
internal sealed class LoopStep : Step
{
    // Iterations run side by side if one has at least this many floating-point operations and
    // output elements, and if their temporaries together stay within this many bytes.
    private const double WorthAThread = 1 << 21;
    private const long MostBytes = 256L << 20;

    private readonly Part[] parts;
    private readonly bool[] sliced;

    // For each result that is a sum, the program that adds to it.
    private readonly TileProgram?[] sums;
    private readonly bool isLarge;
    private readonly long scratchBytes;
    private BoundBody[]? spare;

    /// <summary>
    /// The body bound to memory, where that is, and where the results are; one for each iteration
    /// that runs at the same time.
    /// </summary>
    private sealed class BoundBody(Plan body, int results)
    {
        public PlanBinding Binding { get; } = new(body);

        public Operand[] Made { get; } = new Operand[results];

        public Operand Scratch { get; set; }
    }

    /// <summary>
    /// A result as an iteration makes it: where it is in the scratch memory, unless the iteration
    /// can write it in its place or it lies where an earlier result does.
    /// </summary>
    private readonly record struct Part(
        DType Type, Layout Layout, long ScratchStart, bool IsSummed, int SameAs)
    {
        public long Bytes => Layout.Count * Type.Size();

        /// <summary>Whether some iteration writes it to the scratch memory.</summary>
        public bool NeedsScratch(int number, int iterations) =>
            SameAs == number && (IsSummed ? iterations > 1 : !IsInPlace(0));

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
        sums = Array.ConvertAll(
            parts, part => part.IsSummed ? Sum(loops.Accumulate, part.Type) : null);
        sliced = [.. loops.Inputs.Select(input => input.Sliced)];
        scratchBytes = outputs[^1].Slot.Bytes;
        isLarge = body.Steps.Sum(step => step.Operations
            + step.Outputs.Sum(y => (double)y.Layout.Count)) >= WorthAThread;
    }

    /// <summary>How many times the body runs.</summary>
    public int Iterations { get; }

    /// <summary>The plan of one iteration.</summary>
    public Plan Body { get; }

    /// <summary>The plan of an iteration.</summary>
    public static Plan BodyOf(LoopGroup loops, long keptConstant)
    {
        PlanGraph graph = loops.Iteration();
        // The loop says where results go, so an iteration copies parameters that it returns.
        return Plan.Make(graph.Nodes, graph.Roots, passesOn: false, keptConstant);
    }

    /// <summary>
    /// A loop that runs a body; inputs and results are contiguous. If the body keeps constants,
    /// they are the last input.
    /// </summary>
    public static LoopStep Of(
        LoopGroup loops, Plan body, PlanView[] inputs, PlanView[] results)
    {
        var parts = new Part[results.Length];
        long bytes = body.ArenaBytes;
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i] = new(
                results[i].Type, body.Results[i]!.Layout, bytes, loops.IsSummed(i),
                Array.FindIndex(body.Results, same => same!.Slot == body.Results[i]!.Slot));
            if (parts[i].NeedsScratch(i, loops.Iterations)) bytes += Slot.Rounded(parts[i].Bytes);
        }
        var scratch = new PlanView(new Slot(bytes), 0, DType.Bool, Layout.Contiguous(bytes));
        return new LoopStep(loops, body, parts, inputs, [.. results, scratch]);
    }

    public override void Run(
        IBackend backend, ReadOnlySpan<Operand> x, ReadOnlySpan<Operand> y)
    {
        int together = Together(backend);
        // A thread that runs this step at the same time makes bodies of its own.
        BoundBody[]? bodies = Interlocked.Exchange(ref spare, null);
        if (bodies is null || bodies.Length < together)
            bodies = [.. Enumerable.Range(0, together)
                .Select(_ => new BoundBody(Body, parts.Length))];
        var rented = new List<DeviceBuffer>();
        try
        {
            bodies[0].Scratch = y[^1];
            for (int k = 1; k < together; k++)
            {
                rented.Add(backend.Rent(scratchBytes));
                bodies[k].Scratch = y[^1] with { Buffer = rented[^1], Offset = 0 };
            }
            Run(backend, bodies.AsSpan(0, together), x, y);
        }
        finally
        {
            foreach (DeviceBuffer buffer in rented) backend.Return(buffer);
        }
        spare = bodies;
    }

    /// <summary>How many iterations run at the same time.</summary>
    private int Together(IBackend backend)
    {
        int threads = backend.Threads;
        return isLarge && threads <= Iterations && threads * scratchBytes <= MostBytes
            ? threads : 1;
    }

    private void Run(
        IBackend backend, ReadOnlySpan<BoundBody> bodies, ReadOnlySpan<Operand> x,
        ReadOnlySpan<Operand> y)
    {
        foreach (BoundBody body in bodies)
        {
            body.Binding.BindArena(body.Scratch.Buffer, body.Scratch.Offset);
            if (Body.ConstantBytes > 0) body.Binding.BindConstants(x[^1].Buffer, x[^1].Offset);
            for (int p = 0; p < sliced.Length; p++)
                if (!sliced[p])
                    body.Binding.BindParameter(p, x[p].Buffer, x[p].Offset * x[p].Type.Size());
        }
        for (int first = 0; first < Iterations; first += bodies.Length)
        {
            int count = Math.Min(bodies.Length, Iterations - first);
            for (int k = 0; k < count; k++)
            {
                BindSlices(bodies[k].Binding, x, first + k);
                BindResults(bodies[k], y, first + k);
            }
            if (count == 1) RunBody(bodies[0], backend, first);
            else
            {
                BoundBody[] all = bodies.ToArray();
                int start = first;
                backend.SideBySide(count, k => RunBody(all[k], backend, start + k));
            }
            for (int k = 0; k < count; k++)
                for (int i = 0; i < parts.Length; i++)
                    Deliver(backend, bodies[k].Made[i], Target(y, i, first + k), i, first + k);
        }
    }

    private void RunBody(BoundBody body, IBackend backend, int iteration)
    {
        backend.BeginChunk(iteration, Iterations);
        try
        {
            body.Binding.Run(backend);
        }
        catch (EngineException e)
        {
            throw new EngineException(
                $"{e.Message} {LateIndexException.Within(iteration, Iterations)}", e);
        }
        finally
        {
            backend.EndChunk();
        }
    }

    private void BindSlices(PlanBinding binding, ReadOnlySpan<Operand> x, int iteration)
    {
        for (int p = 0; p < sliced.Length; p++)
        {
            if (!sliced[p]) continue;
            long start = x[p].Offset + (x[p].Layout.Count / Iterations * iteration);
            binding.BindParameter(p, x[p].Buffer, start * x[p].Type.Size());
        }
    }

    private void BindResults(BoundBody body, ReadOnlySpan<Operand> y, int iteration)
    {
        for (int k = 0; k < parts.Length; k++)
        {
            Part part = parts[k];
            if (part.SameAs < k)
            {
                body.Made[k] = body.Made[part.SameAs] with { Layout = part.Layout };
                continue;
            }
            Operand place = part.IsInPlace(iteration) ? Target(y, k, iteration) : new Operand(
                body.Scratch.Buffer,
                (body.Scratch.Offset + part.ScratchStart) / part.Type.Size(), part.Type,
                part.Layout);
            body.Made[k] = place;
            body.Binding.BindResult(
                body.Binding.ResultOf[k], place.Buffer, place.Offset * place.Type.Size());
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
        else backend.Elementwise(sums[k]!, [target, made], [target]);
    }

    private static TileProgram Sum(Elementwise addition, DType type)
    {
        RegisterType register = TileEmitter.TypeOf(type);
        return new(
            [register, register], [], [new TileInstruction(addition.Kernel(type, type), 0, 1)],
            [2]);
    }

    public override string ToString() =>
        $"Loop, {Iterations} times {Body.Steps.Length} steps -> {parts.Length} results";
}
