// Quantiles of Student's t, for intervals of means over few seeds.
using System.Globalization;

namespace Engine.Cli;

internal static class StudentT
{
    // The 0.975 quantile by degrees of freedom, from 1 on.
    private static readonly double[] Table =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
        2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>
    /// Half the width of the 95 % interval of the mean of a few values; NaN of a single one.
    /// </summary>
    public static double HalfInterval(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return double.NaN;
        double mean = values.Average();
        double variance = values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1);
        return Quantile975(values.Count - 1) * Math.Sqrt(variance / values.Count);
    }

    /// <summary>
    /// The mean of shares of 1 with its interval, in per cent: "81.5 ± 2.1"; of a single one
    /// "81.5".
    /// </summary>
    public static string PerCent(IReadOnlyList<double> shares)
    {
        string mean = Number(shares.Average());
        return shares.Count < 2 ? mean : $"{mean} ± {Number(HalfInterval(shares))}";
    }

    private static string Number(double share) =>
        (100 * share).ToString("F1", CultureInfo.InvariantCulture);

    /// <summary>
    /// What 97.5 % of the distribution lies below; beyond the table the normal's is close.
    /// </summary>
    private static double Quantile975(int degrees) =>
        degrees <= Table.Length ? Table[degrees - 1] : 1.96;
}
