// The peer: PyTorch scripts outside of this repository. Absent, the benchmarks say so and print
// ours.
using System.Globalization;
using System.Text.Json;

namespace Engine.Benchmarks;

/// <summary>One run of the peer: median milliseconds of a step and peak resident memory.</summary>
internal sealed record PeerResult(double Ms, double PeakMb, string Arguments);

internal sealed class Peer
{
    private const string Python = "/usr/bin/python3";
    private readonly string script;

    private Peer(string script) => this.script = script;

    /// <summary>
    /// The folder of ENGINE_PEERS, or shared/peers beside the repository; null, with the reason on
    /// standard error, if scripts or PyTorch are missing.
    /// </summary>
    public static Peer? Find()
    {
        string folder = Environment.GetEnvironmentVariable("ENGINE_PEERS")
            ?? Path.Combine(Environment.CurrentDirectory, "..", "shared", "peers");
        string script = Path.GetFullPath(Path.Combine(folder, "peer_maml.py"));
        string? missing = !File.Exists(script) ? $"{script} is missing (set ENGINE_PEERS)"
            : !File.Exists(Python) ? $"{Python} is missing"
            : !HasTorch() ? $"{Python} has no torch (Debian: python3-torch)"
            : null;
        if (missing is null) return new Peer(script);
        Console.Error.WriteLine($"No peer: {missing}. Only our own figures follow.");
        return null;
    }

    /// <summary>The fastest of the peer's styles for a case.</summary>
    public PeerResult Best(Case c, int threads) =>
        c.Peers.Select(p => Run(p, threads)).MinBy(r => r.Ms)!;

    private PeerResult Run(string arguments, int threads)
    {
        string[] words = [script, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            "--threads", threads.ToString(CultureInfo.InvariantCulture), "--min-time", "4"];
        using JsonDocument line = JsonDocument.Parse(Child.Run(Python, words, threads));
        return new(
            line.RootElement.GetProperty("median_ms").GetDouble(),
            line.RootElement.GetProperty("maxrss_mb").GetDouble(), arguments);
    }

    private static bool HasTorch()
    {
        try
        {
            Child.Run(Python, ["-c", "import torch"], 1);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
