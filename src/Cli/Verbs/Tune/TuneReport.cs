// The picture of a search: how each setting went on, and how accuracy depends on each number.
using System.Globalization;

namespace Engine.Cli;

internal static class TuneReport
{
    public static ReportData Of(
        TuneLog log, int best, Experiment experiment, IReadOnlyList<Setting> settings,
        double? usual)
    {
        string[] names = [.. settings.SelectMany(s => s.Values.Keys).Distinct()];
        TrialLine last = log.Lines.Last(line => line.Trial == best);
        return new()
        {
            Title = $"Search of {string.Join(", ", names)} for {experiment.Config.Method.Name}",
            Subtitle = $"{experiment.Config.Network.Description} on {experiment.Images.Name}; "
                + "successive halving on validation classes. Test classes were not seen.",
            Headlines =
            [
                new("best validation accuracy", Percent(last.Accuracy),
                    last.Setting.Length == 0 ? "the defaults" : last.Setting),
                new("the defaults, as far as trained", Percent(usual)),
                new("settings tried", settings.Count.ToString(CultureInfo.InvariantCulture)),
            ],
            Plots =
            [
                new("Every setting", "meta-steps", "validation accuracy (%)",
                [
                    .. settings.Select(s => new PlotSeries(
                        s.Trial == best ? $"best: {s}" : s.Trial == 0 ? "the defaults" : "",
                        [
                            .. from line in log.Lines
                               where line.Trial == s.Trial
                               select ((double)line.Steps, line.Accuracy ?? 0),
                        ],
                        Faint: s.Trial != best && s.Trial != 0)),
                ], Percent: true, Caption: "Grey: settings that were given up on."),
                .. names.Select(name => Scatter(name, log, best, settings)),
            ],
        };
    }

    /// <summary>The accuracy of every setting where its training ended, by one number.</summary>
    private static Plot Scatter(
        string name, TuneLog log, int best, IReadOnlyList<Setting> settings)
    {
        (double, double)[] Points(bool ofBest) =>
        [
            .. from s in settings
               where s.Trial == best == ofBest && s.Values.ContainsKey(name)
               let line = log.Lines.LastOrDefault(l => l.Trial == s.Trial)
               where line is not null
               select (double.Parse(s.Values[name], CultureInfo.InvariantCulture),
                   line.Accuracy ?? 0),
        ];
        return new(
            $"By {name}", name.TrimStart('-').Replace('-', ' '), "validation accuracy (%)",
            [
                new("others", Points(false), Dots: true, Faint: true),
                new("best", Points(true), Dots: true),
            ],
            Percent: true, LogX: true,
            Caption: "A dot is a setting where its training ended; diverged ones are at 0.");
    }

    private static string Percent(double? share) => share is { } s
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * s:F1} %") : "–";
}
