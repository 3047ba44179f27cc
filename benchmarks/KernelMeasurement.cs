// Kernels measured by BenchmarkDotNet in this process, which the verb started for them: pinned, and
// with nothing else in its memory.
using System.Diagnostics;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Mathematics;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Engine.Kernels;
using Perfolizer.Horology;

namespace Engine.Benchmarks;

/// <summary>
/// Milliseconds of a kernel: median and quartiles of BenchmarkDotNet's iterations. Peak resident
/// memory in MiB of the process that measured it and its group. The measured peak of arithmetic,
/// and the milliseconds that the work needs at least on this machine, or null where nothing but
/// the call is measured.
/// </summary>
internal sealed record KernelMeasurement(
    string Name, double Ms, double Low, double High, double PeakMb, double PeakGflops,
    double? LimitMs)
{
    public const int WarmUps = 3, Iterations = 15, IterationMs = 100;

    /// <summary>Measures in a child process.</summary>
    public static KernelMeasurement[] InChild(IEnumerable<Kernel> kernels, int threads) =>
        JsonSerializer.Deserialize<KernelMeasurement[]>(Child.RunSelf(
            [
                "measure-kernels", "--threads", $"{threads}",
                .. kernels.SelectMany(k => (string[])["--kernel", k.Name]),
            ],
            threads))!;

    /// <summary>Measures here and prints the figures as one JSON line.</summary>
    public static void Print(string[] names, int threads)
    {
        CpuBackend.Default.UseThreads(threads);
        KernelBenchmark.Selected = names;
        var log = new AccumulationLogger();
        string artifacts = Directory.CreateTempSubdirectory("engine-benchmarks").FullName;
        Summary summary;
        try
        {
            // Delegates to our own process: BenchmarkDotNet's otherwise builds a project a job. The
            // cost of a call, a nanosecond, stays in: the shortest call here takes a thousand.
            Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithLaunchCount(1).WithWarmupCount(WarmUps).WithIterationCount(Iterations)
                .WithIterationTime(TimeInterval.FromMilliseconds(IterationMs))
                .WithUnrollFactor(1).WithMinInvokeCount(1).WithEvaluateOverhead(false);
            summary = BenchmarkRunner.Run<KernelBenchmark>(ManualConfig.CreateEmpty()
                .AddJob(job).AddLogger(log).WithArtifactsPath(artifacts)
                .WithOptions(ConfigOptions.DisableLogFile));
        }
        finally
        {
            Directory.Delete(artifacts, recursive: true);
        }
        if (summary.Reports.Length < names.Length
            || summary.Reports.Any(r => r.ResultStatistics is null))
            throw new InvalidOperationException(log.GetLog());
        // Before the limits are measured, which takes memory of its own.
        double peakMb = Process.GetCurrentProcess().PeakWorkingSet64 / Measurement.MiB;
        double peak = Machine.Peak(threads);
        Console.WriteLine(JsonSerializer.Serialize(
            summary.Reports.Select(report => Of(report, peakMb, peak, threads))));
    }

    private static KernelMeasurement Of(
        BenchmarkReport report, double peakMb, double peak, int threads)
    {
        Kernel kernel = KernelTable.Find((string)report.BenchmarkCase.Parameters["Name"]);
        Statistics ns = report.ResultStatistics!;
        double scale = 1e-6 / kernel.Times;
        double? limit = kernel.Bytes == 0 ? null : 1e3 * Machine.Limit(
            [(kernel.Operations, kernel.Bytes)], peak, Machine.Bandwidth(kernel.Bytes, threads));
        return new(
            kernel.Name, ns.Median * scale, ns.Q1 * scale, ns.Q3 * scale, peakMb, peak, limit);
    }
}

/// <summary>What BenchmarkDotNet runs: the calls of some kernels, one after another.</summary>
public class KernelBenchmark
{
    private Action call = () => { };

    internal static string[] Selected { get; set; } = [];

    public static IEnumerable<string> Names => Selected;

    [ParamsSource(nameof(Names))]
    public string Name { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => call = KernelTable.Find(Name).Prepare();

    [GlobalCleanup]
    public void Forget() => call = () => { };

    [Benchmark]
    public void Call() => call();
}
