// Kernels beside the peer's: ours, then the same ones of the peer, group by group.
using static System.FormattableString;

namespace Engine.Benchmarks;

/// <summary>
/// What --json writes for a kernel; times, spread, ratio and rates as for training steps. Peak
/// memory is that of the process that measured the kernel's group, and unknown of the peer. Peer
/// names the row of the peer's script (or of OpenBLAS) that was its fastest.
/// </summary>
internal sealed record KernelRow(
    string Case, int Threads, double Ms, double Spread, double? PeerMs, double? Ratio,
    double? PeakMb, double? PeerPeakMb, double? Gflops, double? OfPeak, double MbMoved,
    double? LimitMs, double? OfLimit, string? Peer);

internal static class KernelsVerb
{
    public static void Run(string filter, int threads, bool withPeer, FileInfo? json)
    {
        KernelGroup[] groups = KernelTable.Containing(filter);
        Dictionary<string, Peer?> peers = groups.Select(g => g.Script).Distinct()
            .ToDictionary(script => script, script => withPeer ? Peer.Find(script) : null);
        if (peers.Values.Any(peer => peer is not null) && !OpenBlas.Exists)
            Console.Error.WriteLine("No libopenblas.so.0: small products have no peer.");
        Console.WriteLine($"{threads} threads; milliseconds: median of "
            + $"{KernelMeasurement.Iterations} iterations of at least "
            + $"{KernelMeasurement.IterationMs} ms after {KernelMeasurement.WarmUps} to warm up");
        Console.WriteLine($"{"kernel",-56}{"ms",11}{"+- %",6}{"peer",11}{"ratio",7}{"GFLOP/s",9}"
            + $"{"of peak",9}{"limit ms",11}{"reached",9}");
        var rows = new List<KernelRow>();
        foreach (KernelGroup group in groups)
        {
            foreach (KernelRow r in Measure(group, threads, peers[group.Script]))
            {
                rows.Add(r);
                Console.WriteLine(Invariant($"{r.Case,-56}{r.Ms,11:G4}{100 * r.Spread,6:F1}")
                    + Invariant($"{r.PeerMs,11:G4}{r.Ratio,7:F2}{r.Gflops,9:F1}{r.OfPeak,9:P0}")
                    + Invariant($"{r.LimitMs,11:G4}{r.OfLimit,9:P0}"));
            }
            Json.Write(json, rows);
        }
    }

    private static IEnumerable<KernelRow> Measure(KernelGroup group, int threads, Peer? peer)
    {
        IEnumerable<Kernel> others = peer is null ? [] : KernelTable.OpenBlasProducts.Where(k =>
            group.Kernels.Any(ours => ours.Peers.Contains(k.Name)));
        KernelMeasurement[] measured =
            KernelMeasurement.InChild(group.Kernels.Concat(others), threads);
        var theirs = new Dictionary<string, double>();
        if (peer is not null)
        {
            foreach (var (name, ms) in peer.Kernels(group.PeerWord, threads)) theirs[name] = ms;
            foreach (Kernel other in others)
                theirs[other.Name] = measured.First(m => m.Name == other.Name).Ms;
        }
        foreach (Kernel kernel in group.Kernels)
        {
            KernelMeasurement m = measured.First(x => x.Name == kernel.Name);
            var (peerName, peerMs) = Best(kernel, theirs);
            double? gflops = kernel.Operations > 0 ? kernel.Operations / m.Ms / 1e6 : null;
            yield return new(
                kernel.Name, threads, m.Ms, (m.High - m.Low) / 2 / m.Ms, peerMs, peerMs / m.Ms,
                m.PeakMb, null, gflops, gflops / m.PeakGflops, kernel.Bytes / 1e6, m.LimitMs,
                m.LimitMs / m.Ms, peerName);
        }
    }

    /// <summary>The fastest of the peer's rows for a kernel; nulls if it has none.</summary>
    private static (string? Name, double? Ms) Best(Kernel kernel, Dictionary<string, double> theirs)
    {
        (string? Name, double? Ms) best = default;
        foreach (string name in kernel.Peers)
        {
            // A name of the peer's may have a plus of its own.
            string[] parts = theirs.ContainsKey(name) ? [name] : name.Split('+');
            if (!Array.TrueForAll(parts, theirs.ContainsKey)) continue;
            double ms = parts.Sum(part => theirs[part]);
            if (best.Ms is null || ms < best.Ms) best = (name, ms);
        }
        return best;
    }
}
