// The peer: PyTorch scripts, of which those outside of this repository may be absent, as PyTorch
// may. The benchmarks then say so and print ours.
using System.Globalization;
using System.Text.Json;

namespace Engine.Benchmarks;

/// <summary>
/// One run of the peer: milliseconds of a step, median and quartiles, and peak memory in MiB.
/// </summary>
internal sealed record PeerResult(
    double Ms, double Low, double High, double PeakMb, string Arguments);

internal sealed class Peer
{
    private const string Python = "/usr/bin/python3";
    private readonly string path;

    private Peer(string path) => this.path = path;

    /// <summary>
    /// A script, which lies beside this program, or in the folder of ENGINE_PEERS, or in
    /// shared/peers beside the repository; null, with the reason on standard error, if it or
    /// PyTorch is missing.
    /// </summary>
    public static Peer? Find(string script)
    {
        string folder = Path.GetFullPath(Environment.GetEnvironmentVariable("ENGINE_PEERS")
            ?? Path.Combine(Environment.CurrentDirectory, "..", "shared", "peers"));
        string own = Path.Combine(AppContext.BaseDirectory, script);
        string path = File.Exists(own) ? own : Path.Combine(folder, script);
        string? missing = !File.Exists(path) ? $"{path} is missing (set ENGINE_PEERS)"
            : !File.Exists(Python) ? $"{Python} is missing"
            : !HasTorch() ? $"{Python} has no torch (Debian: python3-torch)"
            : null;
        if (missing is null) return new Peer(path);
        Console.Error.WriteLine(
            $"No peer: {missing}. Without {script} only our own figures follow.");
        return null;
    }

    /// <summary>A training step in one of the peer's styles.</summary>
    public PeerResult Step(string arguments, int threads)
    {
        using JsonDocument line = JsonDocument.Parse(Run(
            [.. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)], threads,
            seconds: 2)[^1]);
        double Value(string name) => line.RootElement.GetProperty(name).GetDouble();
        return new(Value("median_ms"), Value("p25_ms"), Value("p75_ms"), Value("maxrss_mb"),
            arguments);
    }

    /// <summary>
    /// Median milliseconds of each of the peer's kernels whose name contains a word.
    /// </summary>
    public IReadOnlyDictionary<string, double> Kernels(string only, int threads)
    {
        var times = new Dictionary<string, double>();
        foreach (string line in Run(
            ["--only", only, "--malloc-tuned"], threads, seconds: 0.5))
        {
            using JsonDocument row = JsonDocument.Parse(line);
            times[row.RootElement.GetProperty("case").GetString()!] =
                row.RootElement.GetProperty("median_ms").GetDouble();
        }
        return times;
    }

    private string[] Run(string[] arguments, int threads, double seconds)
    {
        string[] words =
        [
            path, .. arguments,
            "--threads", threads.ToString(CultureInfo.InvariantCulture),
            "--min-time", seconds.ToString(CultureInfo.InvariantCulture),
        ];
        return Child.Run(Python, words, threads).Split('\n');
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
