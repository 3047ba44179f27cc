// The plain arrays of forecasting tasks; Episode.From makes tensors of them.
namespace Engine.Data;

/// <summary>
/// A batch of forecasting tasks. Every array has the tasks as its first axis. Windows are in the
/// order of time. A value v of the series is (v - center) / scale here.
/// </summary>
public sealed class SeriesArrays
{
    internal SeriesArrays(int tasks, SeriesForm form)
    {
        (Tasks, Form) = (tasks, form);
        SupportX = new float[checked(tasks * form.Support * form.Window)];
        SupportY = new float[checked(tasks * form.Support * form.Horizon)];
        QueryX = new float[checked(tasks * form.Queries * form.Window)];
        QueryY = new float[checked(tasks * form.Queries * form.Horizon)];
        (SeriesIds, Starts) = (new int[tasks], new int[tasks]);
        (Centers, Scales, NaiveErrors) = (new double[tasks], new double[tasks], new double[tasks]);
    }

    /// <summary>Number of tasks.</summary>
    public int Tasks { get; }

    /// <summary>The form of each.</summary>
    public SeriesForm Form { get; }

    /// <summary>(tasks, support, window, 1): past values.</summary>
    public float[] SupportX { get; }

    /// <summary>(tasks, support, horizon): the values that follow each window.</summary>
    public float[] SupportY { get; }

    /// <summary>(tasks, queries, window, 1).</summary>
    public float[] QueryX { get; }

    /// <summary>(tasks, queries, horizon).</summary>
    public float[] QueryY { get; }

    /// <summary>(tasks): numbers of the series in the source.</summary>
    public int[] SeriesIds { get; }

    /// <summary>(tasks): where in its series a task begins.</summary>
    public int[] Starts { get; }

    /// <summary>(tasks), in the unit of the series.</summary>
    public double[] Centers { get; }

    /// <summary>(tasks), in the unit of the series.</summary>
    public double[] Scales { get; }

    /// <summary>
    /// (tasks): the mean absolute error, in the support part, of repeating the value of a season
    /// ago. In scaled values, as the arrays are: a mean absolute error over this is a MASE.
    /// </summary>
    public double[] NaiveErrors { get; }

    /// <summary>Writes one task, from the values that it covers.</summary>
    internal void Fill(int task, int series, int start, ReadOnlySpan<double> values)
    {
        var (window, horizon) = (Form.Window, Form.Horizon);
        ReadOnlySpan<double> known = values[..Form.SupportLength];
        double naive = NaiveError(known, Form.Season);
        var (center, scale) = Form.Scale switch
        {
            SeriesScale.None => (0, 1),
            SeriesScale.Standard => (Mean(known), Deviation(known)),
            _ => (known[^1], naive),
        };
        (SeriesIds[task], Starts[task]) = (series, start);
        (Centers[task], Scales[task], NaiveErrors[task]) = (center, scale, naive / scale);

        var scaled = new float[values.Length];
        for (int i = 0; i < scaled.Length; i++) scaled[i] = (float)((values[i] - center) / scale);
        Windows(scaled, 0, Form.Support, SupportX, SupportY);
        // The first target of the queries comes after the last one of the support windows.
        Windows(scaled, Form.SupportLength - window, Form.Queries, QueryX, QueryY);

        void Windows(float[] from, int first, int count, float[] x, float[] y)
        {
            for (int i = 0; i < count; i++)
            {
                int at = (task * count) + i;
                from.AsSpan(first + i, window).CopyTo(x.AsSpan(at * window));
                from.AsSpan(first + i + window, horizon).CopyTo(y.AsSpan(at * horizon));
            }
        }
    }

    /// <summary>The mean absolute difference of values a season apart.</summary>
    internal static double NaiveError(ReadOnlySpan<double> values, int season)
    {
        double sum = 0;
        for (int i = season; i < values.Length; i++)
            sum += Math.Abs(values[i] - values[i - season]);
        return sum / (values.Length - season);
    }

    private static double Mean(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value;
        return sum / values.Length;
    }

    private static double Deviation(ReadOnlySpan<double> values)
    {
        double mean = Mean(values), sum = 0;
        foreach (double value in values) sum += (value - mean) * (value - mean);
        return Math.Sqrt(sum / values.Length);
    }
}
