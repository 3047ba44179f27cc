// How cost grows: time and peak memory of a case over a 16-fold range of one size at a time, and
// the exponent of the line through them (1 is linear). Peak resident memory holds the runtime's own
// 60 MiB or so, so the plan's temporaries and results are counted apart.
using static System.FormattableString;

namespace Engine.Benchmarks;

/// <summary>What --json writes for a case and a size; memory is in MiB.</summary>
internal sealed record ScaleRow(
    string Case, string Size, int Threads, int[] Factors, double[] Ms, double[] PeakMb,
    double[] PlanMb, double TimeExponent, double MemoryExponent, double PlanExponent);

internal static class ScaleVerb
{
    private const double Seconds = 1;

    private static readonly int[] Factors = [1, 2, 4, 8, 16];

    private static readonly (string Name, Func<int, Scale> Of)[] Sizes =
    [
        ("tasks", f => new Scale(Tasks: f)),
        ("inner steps", f => new Scale(Steps: f)),
        ("images", f => new Scale(Images: f)),
        ("width", f => new Scale(Width: f)),
    ];

    public static void Run(string? name, int threads, FileInfo? json)
    {
        Console.WriteLine($"{threads} threads; each size times {string.Join(", ", Factors)}; "
            + "exponent of the fitted power, 1 is linear");
        var rows = new List<ScaleRow>();
        foreach (Case c in name is null ? Cases.Growing : [Cases.Find(name)])
        {
            Console.WriteLine($"{c.Name}: {c.About}");
            foreach (var (size, scale) in Sizes)
            {
                Measurement[] m = Array.ConvertAll(
                    Factors, f => Measurement.InChild(c.Name, threads, scale(f), Seconds));
                double[] ms = Array.ConvertAll(m, x => x.Ms);
                double[] mb = Array.ConvertAll(m, x => x.PeakMb);
                double[] plan = Array.ConvertAll(m, x => x.PlanMb);
                rows.Add(new ScaleRow(c.Name, size, threads, Factors, ms, mb, plan,
                    Exponent(ms), Exponent(mb), Exponent(plan)));
                Print($"{size}, ms", ms, 2);
                Print("  resident MiB", mb, 0);
                Print("  plan's MiB", plan, 2);
                Json.Write(json, rows);
            }
        }
    }

    private static void Print(string what, double[] values, int digits) => Console.WriteLine(
        $"  {what,-18}"
        + string.Concat(values.Select(v => Invariant($"{Math.Round(v, digits),10}")))
        + Invariant($"   exponent {Exponent(values):F2}"));

    /// <summary>Slope of the least-squares line through the logarithms.</summary>
    private static double Exponent(double[] values)
    {
        double[] x = Array.ConvertAll(Factors, f => Math.Log(f));
        double[] y = Array.ConvertAll(values, Math.Log);
        double meanX = x.Average(), meanY = y.Average();
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum()
            / x.Sum(a => (a - meanX) * (a - meanX));
    }
}
