// What compilation made of a function, for people and for benchmarks.
using System.Collections.Immutable;
using System.Text;

namespace Engine;

/// <summary>
/// What <see cref="Compile"/> made of a function: one trace for each signature it was called with.
/// <c>ToString</c> prints all of it, every step included.
/// </summary>
/// <param name="Name">Which kind of compilation.</param>
/// <param name="Traces">In the order they were made.</param>
public sealed record Explanation(string Name, ImmutableArray<Explanation.Trace> Traces)
{
    /// <summary>Calls that replayed a plan.</summary>
    public long Hits => Traces.Sum(trace => trace.Hits);

    /// <summary>
    /// Calls that ran the function as it is, because it captured a tensor of a running transform.
    /// </summary>
    public long Inlined { get; internal init; }

    /// <summary>Floating-point operations of all traces' products and convolutions.</summary>
    public double Operations => Traces.Sum(trace => trace.Operations);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder($"{Name}: {Traces.Length} traces, {Hits} calls replayed");
        if (Inlined > 0)
            text.Append($", {Inlined} calls inlined into the transform whose tensor they captured");
        foreach (Trace trace in Traces) text.Append($"\n{trace}");
        return text.ToString();
    }

    /// <summary>The plan of one signature.</summary>
    /// <param name="Signature">Structure, shapes and plain values of the arguments.</param>
    /// <param name="Hits">Calls that replayed it.</param>
    /// <param name="Steps">Each step, in order; a loop's own follow it, indented.</param>
    /// <param name="FusedGroups">
    /// How many of them run fused element-wise operations: alone, before a reduction or after a
    /// product.
    /// </param>
    /// <param name="PeakBytes">Bytes of temporaries alive at the same time, at most.</param>
    /// <param name="ResultBytes">Bytes of the results but for arguments passed on.</param>
    /// <param name="Operations">
    /// Floating-point operations of products and convolutions, computed directly.
    /// </param>
    /// <param name="Time">What tracing and planning took.</param>
    /// <param name="Captured">
    /// Captured tensors that the plan holds, with the values they had at the trace.
    /// </param>
    /// <param name="Folded">
    /// Results of operations on captured tensors alone, computed at the trace.
    /// </param>
    /// <param name="FoldedOperations">Operations that therefore are not among the steps.</param>
    public sealed record Trace(
        string Signature, long Hits, ImmutableArray<string> Steps, int FusedGroups, long PeakBytes,
        long ResultBytes, double Operations, TimeSpan Time, ImmutableArray<string> Captured,
        ImmutableArray<string> Folded, int FoldedOperations)
    {
        private const int MaxListed = 8;

        /// <summary>
        /// Of each step, in order: its floating-point operations as in <see cref="Operations"/>,
        /// and the bytes it reads and writes, each operand counted once. A step of a loop counts as
        /// often as it runs, the loop itself not at all.
        /// </summary>
        public ImmutableArray<(double Operations, double Bytes)> Work { get; private init; } = [];

        /// <summary>
        /// The first part of the signature that differs from the trace before; empty for the first.
        /// </summary>
        public string Change { get; private init; } = "";

        /// <summary>
        /// Every tensor that the function captured and read: replays use the value it had at the
        /// trace, though the variable may hold another tensor by then. What changes is to be passed
        /// as an argument.
        /// </summary>
        public ImmutableArray<string> Frozen { get; private init; } = [];

        internal static Trace Of(
            string signature, string change, long hits, Plan plan, TimeSpan time,
            Frozen frozen) => new(
            signature,
            hits,
            [.. Lines(plan, "")],
            Flat(plan, 1).Count(line => line.Step
                is ElementwiseStep or CollectStep or EpilogueStep),
            plan.ArenaBytes,
            plan.Results.Select(view => view?.Slot).Distinct()
                .Sum(slot => slot is { IsParameter: false } ? slot.Bytes : 0),
            Flat(plan, 1).Sum(line => line.Times * line.Step.Operations),
            time,
            [.. frozen.Tensors.Where((_, i) => frozen.Makers[i] is null).Select(Text)],
            [.. frozen.Tensors.Index().Where(t => frozen.Makers[t.Index] is not null)
                .Select(t => $"{frozen.Makers[t.Index]} -> {Text(t.Item)}")],
            frozen.Operations)
            {
                Change = change,
                Frozen = [.. frozen.Captured.Select(t => $"{t.Type.Name()} {t.Shape}")],
                Work = [.. Flat(plan, 1).Select(
                    line => (line.Times * line.Step.Operations, line.Times * Bytes(line.Step)))],
            };

        /// <summary>
        /// The steps in order, a loop's own after it, each with how often it runs.
        /// </summary>
        private static IEnumerable<(Step Step, int Times)> Flat(Plan plan, int times)
        {
            foreach (Step step in plan.Steps)
            {
                yield return (step, times);
                if (step is not LoopStep loop) continue;
                foreach (var line in Flat(loop.Body, times * loop.Iterations)) yield return line;
            }
        }

        private static IEnumerable<string> Lines(Plan plan, string indent)
        {
            foreach (Step step in plan.Steps)
            {
                yield return indent + step;
                if (step is not LoopStep loop) continue;
                foreach (string line in Lines(loop.Body, indent + "  ")) yield return line;
            }
        }

        private static string Listed(ImmutableArray<string> texts) => string.Join(
            ", ", texts.Length <= MaxListed ? texts : [.. texts.Take(MaxListed), "..."]);

        private static string Text(Tensor t) =>
            $"{t.DType.Name()} {t.Shape}, {t.Count * t.DType.Size()} bytes";

        // What a loop moves, its steps do.
        private static double Bytes(Step step) =>
            step is LoopStep ? 0 : step.Inputs.Concat(step.Outputs).Distinct().Sum(Bytes);

        // A repeated element is one element in memory.
        private static double Bytes(PlanView view)
        {
            double bytes = view.Type.Size();
            for (int i = 0; i < view.Layout.Rank; i++)
                if (view.Layout.Strides[i] != 0)
                    bytes *= view.Layout.Sizes[i];
            return bytes;
        }

        /// <inheritdoc/>
        public override string ToString()
        {
            var text = new StringBuilder(Signature);
            if (Change.Length > 0) text.Append($"\n  traced again: {Change}");
            text.Append($"\n  {Hits} calls replayed, planned in "
                + $"{Time.TotalMilliseconds:F1} ms; {Steps.Length} steps, {FusedGroups} of them "
                + $"with fused element-wise work; {PeakBytes} bytes of temporaries, "
                + $"{ResultBytes} of results; {FoldedOperations} operations folded");
            foreach (string tensor in Captured) text.Append($"\n  captured {tensor}");
            foreach (string result in Folded) text.Append($"\n  folded {result}");
            if (Frozen.Length > 0)
                text.Append($"\n  {Frozen.Length} captured tensors keep the values they had at "
                    + $"this trace ({Listed(Frozen)}): pass what changes as an argument");
            foreach (string step in Steps) text.Append($"\n    {step}");
            return text.ToString();
        }
    }
}
