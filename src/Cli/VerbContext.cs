// What every verb gets besides its options. A verb prints its figures through this, so that --json
// holds every figure that was printed.
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

internal sealed class VerbContext(TextWriter output, CancellationToken stop, int threads)
{
    /// <summary>Where plain text goes.</summary>
    public TextWriter Output { get; } = output;

    /// <summary>Set when the user wants an end: finish the step, keep the model, return.</summary>
    public CancellationToken Stop { get; } = stop;

    /// <summary>Threads to compute with.</summary>
    public int Threads { get; } = threads;

    /// <summary>What --json writes.</summary>
    public JsonSummary Summary { get; } = new();

    /// <summary>
    /// Set by a verb that fails but has figures to keep: they are written before the error.
    /// </summary>
    public CliException? Failure { get; set; }

    /// <summary>Writes the figures to the file of --json, if any; fails if the verb did.</summary>
    public void Finish(string? json)
    {
        if (json is not null) Summary.WriteTo(json);
        if (Failure is not null) throw Failure;
    }

    /// <summary>A line of text that is not a figure.</summary>
    public void Line(string text = "") => Output.WriteLine(text);

    /// <summary>Prints "label: text" and records nothing.</summary>
    public void Row(string label, string text) => Output.WriteLine($"{label + ":",-26} {text}");

    /// <summary>Prints "label: text" and records the value.</summary>
    public void Figure(string name, string label, string text, object? value)
    {
        Row(label, text);
        Summary.Add(name, value);
    }

    /// <summary>A figure that is a text.</summary>
    public void Figure(string name, string label, string value) =>
        Figure(name, label, value, value);

    /// <summary>A whole number, with a unit after it.</summary>
    public void Figure(string name, string label, long value, string unit = "") =>
        Figure(name, label, Unit(value.ToString("N0", CultureInfo.InvariantCulture), unit), value);

    /// <summary>A number, printed in the format given, with a unit after it.</summary>
    public void Figure(string name, string label, double value, string format, string unit = "") =>
        Figure(
            name, label, Unit(value.ToString(format, CultureInfo.InvariantCulture), unit), value);

    /// <summary>A share of 1, printed in per cent.</summary>
    public void Percent(string name, string label, double share) =>
        Figure(
            name, label, Unit(PerCent(share), "%"), share);

    /// <summary>Half the width of an interval, a share of 1, printed in per cent.</summary>
    public void PlusMinus(string name, string label, double share) =>
        Figure(name, label, "± " + Unit(PerCent(share), "%"), share);

    /// <summary>Shares of 1, printed in per cent.</summary>
    public void Percents(string name, string label, double[] shares) => Figure(
        name, label, shares.Length == 0 ? "none" : string.Join(", ", shares.Select(PerCent)) + " %",
        shares);

    /// <summary>Numbers, printed in the format given.</summary>
    public void Numbers(string name, string label, double[] values, string format) => Figure(
        name, label,
        values.Length == 0 ? "none" : Join(values, format), values);

    /// <summary>Numbers after one another, in the format given.</summary>
    public static string Join(IEnumerable<double> values, string format) => string.Join(
        ", ", values.Select(v => v.ToString(format, CultureInfo.InvariantCulture)));

    /// <summary>Mean accuracies with the numbers of inner steps they were measured after.</summary>
    public void Steps(string name, string label, Evaluation evaluation)
    {
        Figure(
            name, label,
            string.Join(", ", evaluation.Mean.Select(PerCent)) + " % after "
                + string.Join(", ", evaluation.Steps),
            evaluation.Mean.ToArray());
        Summary.Add(
            name.Replace("accuracy_per_step", "inner_steps", StringComparison.Ordinal),
            evaluation.Steps.Select(s => (double)s).ToArray());
    }

    private static string PerCent(double share) =>
        (100 * share).ToString("F1", CultureInfo.InvariantCulture);

    private static string Unit(string number, string unit) =>
        unit.Length == 0 ? number : $"{number} {unit}";
}
