// One case measured in a process of its own: time of a step, peak memory, operations.
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Engine.Kernels;

namespace Engine.Benchmarks;

/// <summary>
/// Milliseconds a step: median and quartiles, and processor time; peak resident memory; the plan's
/// arithmetic, counting products and direct convolutions; milliseconds to trace and plan at the
/// first call, the JIT's work included.
/// </summary>
internal sealed record Measurement(
    double Ms, double Low, double High, double CpuMs, double PeakMb, double GFlop, double PlanMs)
{
    private const double Seconds = 4;

    /// <summary>Measures in a child process.</summary>
    public static Measurement InChild(string name, int threads, Scale scale)
    {
        string program = Environment.ProcessPath!;
        string own = typeof(Measurement).Assembly.Location;
        List<string> arguments = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [own] : [];
        foreach (object word in (object[])
            ["measure", "--case", name, "--threads", threads, "--scale", scale.Tasks, scale.Steps,
                scale.Images, scale.Width])
            arguments.Add(Convert.ToString(word, CultureInfo.InvariantCulture)!);
        return JsonSerializer.Deserialize<Measurement>(Child.Run(program, arguments, threads))!;
    }

    /// <summary>Measures here and prints the figures as one JSON line.</summary>
    public static void Print(string name, int threads, Scale scale)
    {
        CpuBackend.Default.UseThreads(threads);
        Prepared prepared = Cases.Find(name).Prepare(scale);
        for (int i = 0; i < 3; i++) prepared.Step();

        var times = new List<double>();
        var clock = Stopwatch.StartNew();
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        while (times.Count < 5 || (clock.Elapsed.TotalSeconds < Seconds && times.Count < 20_000))
        {
            long start = Stopwatch.GetTimestamp();
            prepared.Step();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime - before;
        times.Sort();
        double median = times[times.Count / 2];
        var measured = new Measurement(
            median, times[times.Count / 4], times[3 * times.Count / 4],
            cpu.TotalMilliseconds / times.Count,
            Process.GetCurrentProcess().PeakWorkingSet64 / 1e6,
            Compile.Explain(prepared.Compiled).Operations / 1e9,
            Compile.Explain(prepared.Compiled).Traces[0].Time.TotalMilliseconds);
        Console.WriteLine(JsonSerializer.Serialize(measured));
    }
}
