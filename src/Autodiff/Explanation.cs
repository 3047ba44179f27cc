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

    /// <summary>Floating-point operations of all traces' products and convolutions.</summary>
    public double Operations => Traces.Sum(trace => trace.Operations);

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder($"{Name}: {Traces.Length} traces, {Hits} calls replayed");
        foreach (Trace trace in Traces) text.Append($"\n{trace}");
        return text.ToString();
    }

    /// <summary>The plan of one signature.</summary>
    /// <param name="Signature">Structure, shapes and plain values of the arguments.</param>
    /// <param name="Hits">Calls that replayed it.</param>
    /// <param name="Steps">Each step, in order.</param>
    /// <param name="FusedGroups">
    /// How many of them run fused element-wise operations: alone, before a reduction or after a
    /// product.
    /// </param>
    /// <param name="PeakBytes">Bytes of temporaries alive at the same time, at most.</param>
    /// <param name="ResultBytes">Bytes of the results.</param>
    /// <param name="Operations">
    /// Floating-point operations of products and convolutions, computed directly.
    /// </param>
    /// <param name="Time">What tracing and planning took.</param>
    /// <param name="Captured">Tensors that the function captured, frozen at the trace.</param>
    public sealed record Trace(
        string Signature, long Hits, ImmutableArray<string> Steps, int FusedGroups, long PeakBytes,
        long ResultBytes, double Operations, TimeSpan Time, ImmutableArray<string> Captured)
    {
        /// <summary>
        /// Of each step, in order: its floating-point operations as in <see cref="Operations"/>,
        /// and the bytes it reads and writes, each operand counted once.
        /// </summary>
        public ImmutableArray<(double Operations, double Bytes)> Work { get; private init; } = [];

        internal static Trace Of(
            string signature, long hits, Plan plan, TimeSpan time, List<Tensor> captured) => new(
            signature,
            hits,
            [.. plan.Steps.Select(step => step.ToString())],
            plan.Steps.Count(step => step is TileStepGroup or ReduceStep or EpilogueStep or PoolStep),
            plan.ArenaBytes,
            plan.Results.Select(view => view?.Slot).Distinct().Sum(slot => slot?.Bytes ?? 0),
            plan.Steps.Sum(step => step.Operations),
            time,
            [.. captured.Select(t => $"{t.DType.Name()} {t.Shape}, {t.Count * t.DType.Size()} bytes")])
            {
                Work = [.. plan.Steps.Select(step => (step.Operations, Bytes(step)))],
            };

        private static double Bytes(Step step) =>
            step.Inputs.Concat(step.Outputs).Distinct().Sum(Bytes);

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
            var text = new StringBuilder($"{Signature}\n  {Hits} calls replayed, planned in "
                + $"{Time.TotalMilliseconds:F1} ms; {Steps.Length} steps, {FusedGroups} of them with "
                + $"fused element-wise work; {PeakBytes} bytes of temporaries, {ResultBytes} of "
                + "results");
            foreach (string tensor in Captured) text.Append($"\n  captured {tensor}");
            foreach (string step in Steps) text.Append($"\n    {step}");
            return text.ToString();
        }
    }
}
