// Whole training steps, ours and the peer's in turn, so that both meet the same machine.
using static System.FormattableString;

namespace Engine.Benchmarks;

internal static class StepsVerb
{
    /// <summary>What --json writes for a case; ratio is the peer's time over ours.</summary>
    private sealed record Row(
        string Case, int Threads, double Ms, double Spread, double? PeerMs, double? Ratio,
        double PeakMb, double? PeerPeakMb, double Gflops, double PlanMs, string? Peer);

    public static void Run(string? name, int threads, bool withPeer, int rounds, FileInfo? json)
    {
        Peer? peer = withPeer ? Peer.Find() : null;
        double peak = PeakRate.Measure();
        Console.WriteLine(Invariant($"{threads} threads; one core's peak here: {peak:F0} GFLOP/s "));
        Console.WriteLine($"{"case",-16}{"ms",9}{"+- %",7}{"peer",9}{"ratio",8}{"MB",8}{"peer",8}"
            + $"{"GFLOP/s",9}{"of peak",9}{"plan ms",9}");
        var rows = new List<Row>();
        foreach (Case c in name is null ? Cases.All : [Cases.Find(name)])
        {
            Row row = Measure(c, threads, peer, rounds);
            rows.Add(row);
            Console.WriteLine(Invariant($"{row.Case,-16}{row.Ms,9:F3}{100 * row.Spread,7:F1}")
                + Invariant($"{row.PeerMs,9:F2}{row.Ratio,8:F2}{row.PeakMb,8:F0}")
                + Invariant($"{row.PeerPeakMb,8:F0}{row.Gflops,9:F1}")
                + Invariant($"{row.Gflops / (peak * threads),9:P0}{row.PlanMs,9:F0}"));
        }
        Json.Write(json, rows);
    }

    private static Row Measure(Case c, int threads, Peer? peer, int rounds)
    {
        var ours = new List<Measurement>();
        var theirs = new List<PeerResult>();
        for (int i = 0; i < rounds; i++)
        {
            ours.Add(Measurement.InChild(c.Name, threads, new Scale()));
            if (peer is not null) theirs.Add(peer.Best(c, threads));
        }
        double ms = Median(ours.Select(m => m.Ms));
        double? peerMs = peer is null ? null : Median(theirs.Select(t => t.Ms));
        return new Row(
            c.Name, threads, ms, ours.Max(m => m.High - m.Low) / 2 / ms, peerMs, peerMs / ms,
            ours.Max(m => m.PeakMb), peer is null ? null : theirs.Max(t => t.PeakMb),
            ours[0].GFlop / ms * 1e3, Median(ours.Select(m => m.PlanMs)),
            theirs.FirstOrDefault()?.Arguments);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
