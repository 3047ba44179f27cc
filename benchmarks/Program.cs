// Speed of the kernels that few-shot work spends its time in, one line each: median, best and worst
// time of many calls, and GFLOP/s of the median counting direct convolution's operations.
//
//   dotnet run -c Release --project benchmarks [THREADS]
using System.Diagnostics;
using System.Globalization;
using Engine;
using Engine.Kernels;

int threads = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1;
var backend = new CpuBackend(threads);
Console.WriteLine($"{threads} threads; milliseconds: median (best - worst); GFLOP/s of the median");

foreach (int n in (int[])[64, 256, 512, 1024])
{
    Operand a = Random(n, n), b = Random(n, n), c = Random(n, n);
    Measure($"matrix product {n}", 2.0 * n * n * n, () => backend.MatMul(a, b, c));
}

foreach (var (tasks, images, channels, size, filters) in ((int, int, int, int, int)[])
    [(1, 32, 64, 28, 64), (8, 25, 32, 14, 32), (8, 25, 32, 7, 32), (8, 25, 1, 28, 32)])
{
    var s = new ConvolutionShape(
        tasks, images, channels, size, size, filters, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    Operand x = Random(tasks, images, channels, size, size);
    Operand w = Random(tasks, filters, channels, 3, 3);
    Operand y = Random(tasks, images, filters, size, size);
    double work = 2.0 * 9 * tasks * images * channels * filters * size * size;
    string name = $"T{tasks} N{images} {channels}->{filters} {size}x{size}";
    Measure($"convolution {name}", work, () => backend.Convolution(s, x, w, y));
    Measure("  image gradient", work, () => backend.InputGradient(s, y, w, x));
    Measure("  weight gradient", work, () => backend.WeightGradient(s, x, y, w));
}

Operand Random(params long[] sizes)
{
    Layout layout = Layout.Contiguous(sizes);
    DeviceBuffer buffer = backend.Rent(layout.Count * sizeof(float));
    var random = new Random(1);
    var values = new float[layout.Count];
    for (int i = 0; i < values.Length; i++) values[i] = (float)(2 * random.NextDouble() - 1);
    backend.Upload(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values), buffer, 0);
    return new Operand(buffer, 0, DType.Float32, layout);
}

static void Measure(string name, double work, Action call)
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
    Console.WriteLine(FormattableString.Invariant($"{name,-34} {median,9:F3} ")
        + FormattableString.Invariant($"({times[0]:F3} - {times[^1]:F3}) {work / median / 1e6,7:F1}"));
}
