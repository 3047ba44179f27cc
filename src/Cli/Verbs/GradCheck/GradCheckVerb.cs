// engine gradcheck: derivatives of ops, layers and meta-losses against finite differences.
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Engine.Cli;

internal static class GradCheckVerb
{
    private const double Limit = 1e-6;

    public static Verb Verb { get; } = Verb.Of<GradCheckOptions>(
        "gradcheck", "Check derivatives of ops and layers against finite differences",
        (options, context) => Run(options, context, GradCheckCases.All));

    internal static void Run(
        GradCheckOptions options, VerbContext context, IReadOnlyList<GradCheckCase> cases)
    {
        var clock = Stopwatch.StartNew();
        bool terminal = ReferenceEquals(context.Output, Console.Out) && !Console.IsOutputRedirected;
        Table? table = terminal
            ? new Table().AddColumns("derivative of", "order 1", "order 2", "") : null;
        context.Line("relative errors against central differences in float64, orders 1 and 2");
        double worst = 0;
        string worstName = "";
        int failures = 0;
        foreach (GradCheckCase check in cases)
        {
            context.Stop.ThrowIfCancellationRequested();
            double[] errors =
                [check.Run(options.Seed, 1).Error, check.Run(options.Seed, 2).Error];

            // Written so that a NaN fails too.
            bool right = errors.All(e => e <= Limit);
            if (!right) failures++;
            foreach (double error in errors)
                if (!(error <= worst)) (worst, worstName) = (error, check.Name);
            string first = Text(errors[0]), second = Text(errors[1]), note = right ? "" : "WRONG";
            if (table is null)
            {
                string line = $"{first}  {second}  {note}".TrimEnd();
                context.Figure(check.Name, check.Name, line, errors);
            }
            else
            {
                context.Summary.Add(check.Name, errors);
                table.AddRow(check.Name, first, second, note);
            }
        }

        if (table is not null) AnsiConsole.Write(table);
        context.Figure("checks", "checks", 2 * cases.Count);
        context.Figure("worst_error", "worst error", worst, "0.0e+00");
        context.Figure("worst", "  of", worstName);
        context.Figure("limit", "limit", Limit, "0e+00");
        context.Figure("failures", "wrong", failures);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
        if (failures == 0) return;
        context.Failure = CliException.Fail(
            $"gradcheck: {failures} of {cases.Count} derivatives are wrong, {worstName} most "
            + $"({Text(worst)}).");
    }

    private static string Text(double error) =>
        error.ToString("0.0e+00", CultureInfo.InvariantCulture);
}
