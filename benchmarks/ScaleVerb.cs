// How cost grows: time and peak memory of a case over a 16-fold range of one size at a time, and the
// exponent of the line through them (1 is linear).
using static System.FormattableString;

namespace Engine.Benchmarks;

internal static class ScaleVerb
{
    private static readonly int[] Factors = [1, 2, 4, 8, 16];

    private static readonly (string Name, Func<int, Scale> Of)[] Sizes =
    [
        ("tasks", f => new Scale(Tasks: f)),
        ("inner steps", f => new Scale(Steps: f)),
        ("images", f => new Scale(Images: f)),
        ("width", f => new Scale(Width: f)),
    ];

    private sealed record Row(
        string Case, string Size, int[] Factors, double[] Ms, double[] PeakMb,
        double TimeExponent, double MemoryExponent);

    public static void Run(string? name, int threads, FileInfo? json)
    {
        var rows = new List<Row>();
        foreach (string c in name is null ? (string[])["sinusoid-1", "omniglot5-1"] : [name])
        {
            foreach (var (size, scale) in Sizes)
            {
                Measurement[] m = Array.ConvertAll(
                    Factors, f => Measurement.InChild(c, threads, scale(f)));
                double[] ms = Array.ConvertAll(m, x => x.Ms);
                double[] mb = Array.ConvertAll(m, x => x.PeakMb);
                rows.Add(new Row(c, size, Factors, ms, mb, Exponent(ms), Exponent(mb)));
                Console.WriteLine($"{c}, {size} x {string.Join(", ", Factors)}");
                Console.WriteLine("  ms " + string.Join(", ", ms.Select(x => Invariant($"{x:F2}")))
                    + Invariant($"; exponent {rows[^1].TimeExponent:F2}"));
                Console.WriteLine("  MB " + string.Join(", ", mb.Select(x => Invariant($"{x:F0}")))
                    + Invariant($"; exponent {rows[^1].MemoryExponent:F2}"));
            }
        }
        Json.Write(json, rows);
    }

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
