// Whether speed stays: the time of training steps and kernels at first, at best, and once the JIT
// has compiled again whatever it wanted to.
using static System.FormattableString;

namespace Engine.Benchmarks;

/// <summary>
/// What --json writes for a case: milliseconds of a call, medians of the first third of the time,
/// of its fastest stretch and of its last third; ratio the last over the first, so that above 1 is
/// slower, and the last over the best, which tells what became slow within moments; calls made in
/// all, in seconds; and how many methods the JIT compiled meanwhile.
/// </summary>
internal sealed record SteadyRow(
    string Case, int Threads, double FirstMs, double BestMs, double LastMs, double Ratio,
    double OverBest, long Calls, double Seconds, long Compiled);

internal static class SteadyVerb
{
    public static void Run(string filter, int threads, double seconds, FileInfo? json)
    {
        SteadyCase[] cases = SteadyCases.Containing(filter);
        double share = seconds / cases.Length;
        Console.WriteLine(Invariant($"{threads} threads; {share:G3} seconds a case or more, ")
            + "until the JIT is quiet; medians of the first third of the time, of the fastest "
            + "stretch and of the last third; ratio is the last over the first, above 1 is slower");
        Console.WriteLine($"{"case",-58}{"first ms",10}{"best ms",10}{"last ms",10}{"ratio",7}"
            + $"{"of best",9}{"calls",9}{"seconds",9}{"compiled",10}");
        var rows = new List<SteadyRow>();
        foreach (SteadyCase c in cases)
        {
            SteadyMeasurement m = SteadyMeasurement.InChild(c.Name, threads, share);
            var r = new SteadyRow(
                c.Name, threads, m.FirstMs, m.BestMs, m.LastMs, m.LastMs / m.FirstMs,
                m.LastMs / m.BestMs, m.Calls, m.Seconds, m.Compiled);
            rows.Add(r);
            Console.WriteLine(Invariant($"{r.Case,-58}{r.FirstMs,10:G4}{r.BestMs,10:G4}")
                + Invariant($"{r.LastMs,10:G4}{r.Ratio,7:F2}{r.OverBest,9:F2}{r.Calls,9}")
                + Invariant($"{r.Seconds,9:F1}{r.Compiled,10}"));
            Json.Write(json, rows);
        }
    }
}
