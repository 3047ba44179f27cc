// One case measured in a process of its own: time of a step, peak memory, work, and the machine's
// limits for that work, in the same process on the same cores.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Kernels;

namespace Engine.Benchmarks;

/// <summary>
/// Milliseconds a step: median and quartiles, and processor time. Peak resident memory and the
/// plan's own temporaries and results, in MiB. The plan's arithmetic, counting products and direct
/// convolutions, and the megabytes its steps read and write. The measured peak of arithmetic, the
/// bandwidth over a working set of the plan's size, and the milliseconds that each step of the plan
/// needs at least at those rates, together. Milliseconds to trace and plan at the first call, the
/// JIT's work included.
/// </summary>
internal sealed record Measurement(
    double Ms, double Low, double High, double CpuMs, double PeakMb, double PlanMb, double GFlop,
    double MegaBytes, double PeakGflops, double PeakGbs, double LimitMs, double PlanMs)
{
    /// <summary>
    /// Steps, and seconds of them, before those that are measured: by then the JIT has compiled
    /// again what it wants to.
    /// </summary>
    private const int WarmUps = 3;

    private const double WarmUpSeconds = 1;

    /// <summary>Bytes in the peers' unit of memory (ru_maxrss / 1024).</summary>
    public const double MiB = 1 << 20;

    /// <summary>Measures in a child process, for about that many seconds.</summary>
    public static Measurement InChild(string name, int threads, Scale scale, double seconds)
    {
        object[] arguments =
        [
            "measure", "--case", name, "--threads", threads, "--seconds", seconds, "--scale",
            scale.Tasks, scale.Steps, scale.Images, scale.Width,
        ];
        return JsonSerializer.Deserialize<Measurement>(Child.RunSelf(
            [.. arguments.Select(a => Convert.ToString(a, CultureInfo.InvariantCulture)!)],
            threads))!;
    }

    /// <summary>Measures here and prints the figures as one JSON line.</summary>
    public static void Print(string name, int threads, Scale scale, double seconds)
    {
        CpuBackend.Default.UseThreads(threads);
        Prepared prepared = Cases.Find(name).Prepare(scale);
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < WarmUps || clock.Elapsed.TotalSeconds < WarmUpSeconds; i++)
            prepared.Step();

        var times = new List<double>();
        clock.Restart();
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        while (times.Count < 5 || (clock.Elapsed.TotalSeconds < seconds && times.Count < 20_000))
        {
            long start = Stopwatch.GetTimestamp();
            prepared.Step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime - before;
        // Before the limits are measured, which takes memory of its own.
        double peakMb = Process.GetCurrentProcess().PeakWorkingSet64 / MiB;
        times.Sort();

        Explanation.Trace plan = Compile.Explain(prepared.Compiled).Traces[0];
        double planBytes = plan.PeakBytes + plan.ResultBytes;
        double gflops = Machine.Peak(threads), gbs = Machine.Bandwidth(planBytes, threads);
        var measured = new Measurement(
            times[times.Count / 2], times[times.Count / 4], times[3 * times.Count / 4],
            cpu.TotalMilliseconds / times.Count, peakMb, planBytes / MiB, plan.Operations / 1e9,
            plan.Work.Sum(step => step.Bytes) / 1e6, gflops, gbs,
            1e3 * Machine.Limit(plan.Work, gflops, gbs), plan.Time.TotalMilliseconds);
        Console.WriteLine(JsonSerializer.Serialize(measured));
    }
}
