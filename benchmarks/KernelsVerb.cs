// Speed of the kernels that few-shot work spends its time in, one line each: median, best and worst
// time of many calls, and GFLOP/s of the median counting direct convolution's operations.
using System.Diagnostics;
using System.Runtime.InteropServices;
using Engine.Kernels;
using static System.FormattableString;

namespace Engine.Benchmarks;

internal static class KernelsVerb
{
    /// <summary>What --json writes for a kernel.</summary>
    private sealed record Row(
        string Case, int Threads, double Ms, double Best, double Worst, double Gflops);

    public static void Run(int threads, FileInfo? json)
    {
        var backend = new CpuBackend(threads);
        var rows = new List<Row>();
        void Measure(string name, double work, Action call)
        {
            Row row = Time(name, threads, work, call);
            rows.Add(row);
            Console.WriteLine(Invariant($"{row.Case,-36}{row.Ms,9:F3} ")
                + Invariant($"({row.Best:F3} - {row.Worst:F3}){row.Gflops,8:F1}"));
        }

        Console.WriteLine(
            $"{threads} threads; milliseconds: median (best - worst); GFLOP/s of the median");

        foreach (int n in (int[])[64, 256, 512, 1024])
        {
            Operand a = Random(backend, n, n), b = Random(backend, n, n), c = Random(backend, n, n);
            Measure($"matrix product {n}", 2.0 * n * n * n, () => backend.MatMul(a, b, c));
        }

        foreach (var (tasks, images, channels, size, filters) in ((int, int, int, int, int)[])
            [(1, 32, 64, 28, 64), (8, 25, 32, 14, 32), (8, 25, 32, 7, 32), (8, 25, 1, 28, 32)])
        {
            var s = new ConvolutionShape(
                tasks, images, channels, size, size, filters, 3, 3, 1, 1, 1, 1, 1, 1, 1);
            Operand x = Random(backend, tasks, images, channels, size, size);
            Operand w = Random(backend, tasks, filters, channels, 3, 3);
            Operand y = Random(backend, tasks, images, filters, size, size);
            double work = 2.0 * 9 * tasks * images * channels * filters * size * size;
            string name = $"T{tasks} N{images} {channels}->{filters} {size}x{size}";
            Measure($"convolution {name}", work, () => backend.Convolution(s, x, w, y));
            Measure($"  image gradient {name}", work, () => backend.InputGradient(s, y, w, x));
            Measure($"  weight gradient {name}", work, () => backend.WeightGradient(s, x, y, w));
        }
        Json.Write(json, rows);
    }

    private static Operand Random(CpuBackend backend, params long[] sizes)
    {
        Layout layout = Layout.Contiguous(sizes);
        DeviceBuffer buffer = backend.Rent(layout.Count * sizeof(float));
        var random = new Random(1);
        var values = new float[layout.Count];
        for (int i = 0; i < values.Length; i++) values[i] = (float)(2 * random.NextDouble() - 1);
        backend.Upload(MemoryMarshal.AsBytes<float>(values), buffer, 0);
        return new Operand(buffer, 0, DType.Float32, layout);
    }

    private static Row Time(string name, int threads, double work, Action call)
    {
        var times = new List<double>();
        for (int i = 0; i < 3; i++) call();
        var clock = Stopwatch.StartNew();
        while (times.Count < 7 || (clock.Elapsed.TotalSeconds < 0.7 && times.Count < 1000))
        {
            long start = Stopwatch.GetTimestamp();
            call();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        double median = times[times.Count / 2];
        return new(name, threads, median, times[0], times[^1], work / median / 1e6);
    }
}
