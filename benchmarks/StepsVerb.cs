// Whole training steps, ours and the peer's in turn, so that both meet the same machine.
using static System.FormattableString;

namespace Engine.Benchmarks;

/// <summary>
/// What --json writes for a case. Spread is half the distance of the quartiles over the median, of
/// the worst round; ratio the peer's time over ours; memory is peak resident, in MiB; gflops counts
/// direct convolutions, gflop and mb_moved a step's work; limit_ms is what that work needs at the
/// measured rates, step by step of the plan, and of_limit its part of our time.
/// </summary>
internal sealed record StepsRow(
    string Case, int Threads, double Ms, double Spread, double? PeerMs, double? PeerSpread,
    double? Ratio, double PeakMb, double? PeerPeakMb, double Gflops, double OfPeak, double Gflop,
    double MbMoved, double PeakGflops, double PeakGbs, double LimitMs, double OfLimit,
    double PlanMs, int Rounds, string? Peer);

internal static class StepsVerb
{
    private const double Seconds = 3;

    public static void Run(string? name, int threads, bool withPeer, int rounds, FileInfo? json)
    {
        var peers = new Dictionary<string, Peer?>();
        Console.WriteLine($"{threads} threads, {rounds} rounds; medians; ratio is the peer's time "
            + "over ours; MiB are peak resident memory; limit: what the work needs at the measured "
            + "rates of arithmetic and memory");
        Console.WriteLine($"{"case",-16}{"ms",9}{"+- %",6}{"peer",9}{"+- %",6}{"ratio",7}"
            + $"{"MiB",7}{"peer",7}{"GFLOP",9}{"MB",8}{"GFLOP/s",9}{"of peak",9}"
            + $"{"limit ms",10}{"reached",9}");
        var rows = new List<StepsRow>();
        foreach (Case c in name is null ? Cases.All : [Cases.Find(name)])
        {
            if (withPeer && !peers.ContainsKey(c.Script)) peers[c.Script] = Peer.Find(c.Script);
            StepsRow r = Measure(c, threads, peers.GetValueOrDefault(c.Script), rounds);
            rows.Add(r);
            Console.WriteLine(Invariant($"{r.Case,-16}{r.Ms,9:F3}{100 * r.Spread,6:F1}")
                + Invariant($"{r.PeerMs,9:F2}{100 * r.PeerSpread,6:F1}{r.Ratio,7:F2}")
                + Invariant($"{r.PeakMb,7:F0}{r.PeerPeakMb,7:F0}{r.Gflop,9:F4}{r.MbMoved,8:F1}")
                + Invariant($"{r.Gflops,9:F1}{r.OfPeak,9:P0}{r.LimitMs,10:F3}{r.OfLimit,9:P0}"));
            // After each case: a long run that is stopped leaves what it has measured.
            Json.Write(json, rows);
        }
    }

    private static StepsRow Measure(Case c, int threads, Peer? peer, int rounds)
    {
        var ours = new List<Measurement>();
        var theirs = new List<PeerResult>();
        for (int i = 0; i < rounds; i++)
        {
            ours.Add(Measurement.InChild(c.Name, threads, new Scale(), Seconds));
            if (peer is null) continue;
            // All styles once; the fastest one takes the further turns.
            theirs.Add(i > 0
                ? peer.Step(theirs[0].Arguments, threads)
                : c.Peers.Select(style => peer.Step(style, threads)).MinBy(r => r.Ms)!);
        }
        double ms = Median(ours.Select(m => m.Ms)), limit = Median(ours.Select(m => m.LimitMs));
        double? peerMs = peer is null ? null : Median(theirs.Select(t => t.Ms));
        double peak = Median(ours.Select(m => m.PeakGflops)), work = ours[0].GFlop;
        return new StepsRow(
            c.Name, threads, ms, ours.Max(m => (m.High - m.Low) / 2 / m.Ms), peerMs,
            peer is null ? null : theirs.Max(t => (t.High - t.Low) / 2 / t.Ms), peerMs / ms,
            ours.Max(m => m.PeakMb), peer is null ? null : theirs.Max(t => t.PeakMb),
            work / ms * 1e3, work / ms * 1e3 / peak, work, ours[0].MegaBytes, peak,
            Median(ours.Select(m => m.PeakGbs)), limit, limit / ms,
            Median(ours.Select(m => m.PlanMs)), rounds, theirs.FirstOrDefault()?.Arguments);
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }
}
