// One case called again and again in a process of its own, and its time at first, at best and at
// last. The JIT compiles again what is called often, some thousand calls later and on a thread of
// its own, so the calls go on until it has been quiet for a while.
using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Text.Json;
using Engine.Kernels;

namespace Engine.Benchmarks;

/// <summary>
/// Milliseconds of a call: medians of the first and of the last third of the time, and between them
/// that of the fastest short stretch. How many calls were made in how many seconds, and how many
/// methods the JIT compiled meanwhile.
/// </summary>
internal sealed record SteadyMeasurement(
    double FirstMs, double BestMs, double LastMs, long Calls, double Seconds, long Compiled)
{
    /// <summary>How many calls are made at least, and how many if they are very long.</summary>
    private const int Least = 9, LeastLong = 3;

    /// <summary>How many times its share of seconds a case may take.</summary>
    private const int Patience = 3;

    /// <summary>A stretch has so many timings and seconds at least.</summary>
    private const int Stretch = 5;

    private const double StretchSeconds = 0.02;

    /// <summary>Calls are timed together if one is shorter.</summary>
    private const double TimingMs = 0.2;

    /// <summary>Measures in a child process, for about that many seconds.</summary>
    public static SteadyMeasurement InChild(string name, int threads, double seconds)
    {
        object[] arguments =
            ["measure-steady", "--name", name, "--threads", threads, "--seconds", seconds];
        return JsonSerializer.Deserialize<SteadyMeasurement>(Child.RunSelf(
            [.. arguments.Select(a => Convert.ToString(a, CultureInfo.InvariantCulture)!)],
            threads))!;
    }

    /// <summary>Measures here and prints the figures as one JSON line.</summary>
    public static void Print(string name, int threads, double seconds)
    {
        CpuBackend.Default.UseThreads(threads);
        Action call = SteadyCases.Find(name).Prepare();
        // The first call traces and plans.
        call();
        Console.WriteLine(JsonSerializer.Serialize(Of(call, seconds)));
    }

    private static SteadyMeasurement Of(Action call, double seconds)
    {
        var timings = new List<Timing>();
        long before = JitInfo.GetCompiledMethodCount(), compiled = before;
        double now = 0, compiledAt = 0;
        long calls = 0;
        int together = 1;
        var clock = Stopwatch.StartNew();
        while (calls < LeastLong || (now < Patience * seconds
            && (now < seconds || calls < Least || compiledAt > now * 2 / 3)))
        {
            double start = now;
            for (int i = 0; i < together; i++) call();
            now = clock.Elapsed.TotalSeconds;
            double ms = 1e3 * (now - start);
            timings.Add(new(start, now, ms / together));
            calls += together;
            // Calls become faster as the JIT goes on, so that more of them make up a timing.
            if (ms < TimingMs) together *= 2;
            long count = JitInfo.GetCompiledMethodCount();
            if (count == compiled) continue;
            (compiled, compiledAt) = (count, now);
        }
        // What begins in the first third or ends in the last one: of few calls, at least one each.
        return new(
            StepsVerb.Median(timings.Where(t => t.Start < now / 3).Select(t => t.Ms)),
            Best(timings),
            StepsVerb.Median(timings.Where(t => t.End > now * 2 / 3).Select(t => t.Ms)),
            calls, now, compiled - before);
    }

    /// <summary>
    /// The median of the fastest stretch: what becomes slow for good may do so within moments, when
    /// even the first third is slow for the most part.
    /// </summary>
    private static double Best(List<Timing> timings)
    {
        var medians = new List<double>();
        int from = 0;
        for (int to = 1; to <= timings.Count; to++)
        {
            if (to - from < Stretch || timings[to - 1].End - timings[from].Start < StretchSeconds)
                continue;
            medians.Add(StepsVerb.Median(timings[from..to].Select(t => t.Ms)));
            from = to;
        }
        return medians.Count > 0 ? medians.Min() : StepsVerb.Median(timings.Select(t => t.Ms));
    }

    /// <summary>When calls began and ended, in seconds, and milliseconds of one.</summary>
    private readonly record struct Timing(double Start, double End, double Ms);
}
