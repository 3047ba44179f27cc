// engine tune: looks for rates and numbers of steps that do well on validation tasks. Test classes
// are never seen.
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

internal static class TuneVerb
{
    private const int Steps = 900;
    private const string Trials = "trials.jsonl";

    private static readonly OptionSet<RunOptions> OfRuns = new();
    private static readonly OptionSet<TuneOptions> OfTuning = new();

    public static Verb Verb(Choices choices)
    {
        Symbol[] syntax =
        [
            .. RunSyntax.Of(
                ("--iterations",
                    $"Meta-steps of the settings that are trained longest [default: {Steps}]"),
                ("--seconds", ""), ("--eval-tasks", "")),
            .. choices.Methods.Symbols, .. choices.Networks.Symbols, .. OfTuning.Symbols,
        ];
        return new(
            "tune", "Search good rates and steps on validation tasks", syntax, typed =>
            {
                TuneOptions options = OfTuning.Read(typed);
                var search = new Search(typed, choices, options);
                search.Experiment(new Setting(0, new Dictionary<string, string>()));
                return search.Run;
            });
    }

    private sealed class Search(Func<string, string?> typed, Choices choices, TuneOptions options)
    {
        private readonly SearchSpace space = new(
            OfRuns.Specs.Single(o => o.Property.Name == nameof(RunOptions.Rate)),
            choices.Methods.Read(typed).Defaults.Rate, choices.Methods.OptionsOf(typed), typed);

        /// <summary>The training of a setting; nothing is loaded or trained yet.</summary>
        public Func<Experiment> Experiment(Setting setting)
        {
            string? Typed(string name) => setting.Values.GetValueOrDefault(name) ?? typed(name);
            MethodChoice method = choices.Methods.Read(Typed);
            NetworkChoice network = choices.Networks.Read(Typed);
            if (typed("--seconds") is not null)
                throw CliException.Use("--seconds: a search is measured in steps, so that it can "
                    + "be repeated; give --iterations.");
            if (typed("--eval-tasks") is not null)
                throw CliException.Use("--eval-tasks: a search does not test; give "
                    + "--validation-tasks, by which it judges.");
            RunOptions run = OfRuns.Read(Typed, method.Defaults);
            run = run with { Iterations = run.Iterations ?? Steps };
            return () => Cli.Experiment.Create(run, method, network);
        }

        public void Run(VerbContext context)
        {
            var clock = Stopwatch.StartNew();
            Experiment first = Experiment(Draw(0))();
            if (!first.CanValidate)
                throw CliException.Use("--data: there are too few classes to validate on; see "
                    + "--train-classes and --validation-classes.");
            RunOptions run = first.Options;
            string folder = Path.GetFullPath(options.Out ?? Path.Combine(
                "runs", "tune-" + DateTime.Now.ToString(
                    "yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)));
            OutputFile.MakeFolder(folder);
            using var held = FolderLock.Take(folder);
            Claim(folder, first);
            var log = new TuneLog(Path.Combine(folder, Trials));
            Describe(first, folder, context);

            var alive = Enumerable.Range(0, options.Trials).ToList();
            IReadOnlyList<Round> rounds =
                Halving.Rounds(options.Trials, run.Iterations!.Value, options.Factor);
            foreach (Round round in rounds)
            {
                alive = [.. alive.Take(round.Settings)];
                context.Line($"{alive.Count} settings, {round.Steps} meta-steps each");
                foreach (int trial in alive) Train(trial, round, folder, log, context);
                alive = [.. alive.OrderByDescending(t => log.Find(t, round.Steps)!.Accuracy ?? -1)];
            }

            Finish(log, alive[0], rounds, first, folder, context);
            context.Figure("seconds", "whole search", clock.Elapsed.TotalSeconds, "F1", "s");
        }

        /// <summary>
        /// Notes what is searched, or makes sure that the folder's earlier search was the same: its
        /// results would otherwise be taken for this one's.
        /// </summary>
        private void Claim(string folder, Experiment first)
        {
            var about = first.Config.ToJson("tune");
            about.Add("searched", space.Ranges.Select(r => r.ToString()).ToArray());
            about.Add("trials", options.Trials);
            about.Add("factor", options.Factor);
            about.Add("validation_tasks", options.ValidationTasks);
            string path = Path.Combine(folder, "search.json"), text = about.ToString();
            if (!File.Exists(path) && !File.Exists(Path.Combine(folder, Trials)))
                OutputFile.Write(path, text);
            else if (!File.Exists(path) || File.ReadAllText(path) != text)
                throw CliException.Fail(
                    $"{folder}: holds another search; name another folder with --out.");
        }

        private Setting Draw(int trial) => space.Draw(SeedOf(typed), trial);

        private static long SeedOf(Func<string, string?> typed) => OfRuns.Read(typed).Seed;

        private void Train(
            int trial, Round round, string folder, TuneLog log, VerbContext context)
        {
            Setting setting = Draw(trial);
            if (log.Find(trial, round.Steps) is not null) return;
            Experiment experiment = Experiment(setting)();
            string file = Path.Combine(
                folder, string.Create(CultureInfo.InvariantCulture, $"trial-{trial}.safetensors"));
            LearnerTraining state =
                File.Exists(file) ? experiment.Load(file) : experiment.Start(context);
            double? accuracy = null;
            try
            {
                while (state.Steps < round.Steps)
                {
                    context.Stop.ThrowIfCancellationRequested();
                    (state, _) = state.Step();
                }

                accuracy = experiment.Validate(state.Learner, options.ValidationTasks);
                if (!double.IsFinite(accuracy.Value)) accuracy = null;
            }
            catch (DivergenceException)
            {
                // Judged as the worst; the search goes on.
            }

            state.Save(file);
            log.Append(new(trial, setting.ToString(), round.Steps, accuracy));
            string reached = accuracy is { } a
                ? string.Create(CultureInfo.InvariantCulture, $"{100 * a:F1} %") : "diverged";
            context.Row($"  trial {trial}", $"{reached}  {Name(setting)}");
        }

        private void Describe(Experiment first, string folder, VerbContext context)
        {
            context.Figure("method", "method", first.Config.Method.Name);
            context.Figure("network", "network", first.Config.Network.Description);
            context.Figure("data", "data", first.Images.ToString());
            context.Figure("searched", "searched", string.Join(", ", space.Ranges),
                space.Ranges.Select(r => r.Option.Name).ToArray());
            context.Figure("trials", "settings", options.Trials);
            context.Figure("folder", "folder", folder);
        }

        private void Finish(
            TuneLog log, int best, IReadOnlyList<Round> rounds, Experiment first, string folder,
            VerbContext context)
        {
            Setting setting = Draw(best);
            if (log.Find(best, rounds[^1].Steps)!.Accuracy is not { } accuracy)
                throw CliException.Fail("every setting diverged; search lower rates.");
            double? usual = log.Lines.LastOrDefault(l => l.Trial == 0)?.Accuracy;
            context.Line();
            context.Figure("best_trial", "best", $"trial {best}", best);
            context.Percent("validation_accuracy", "  validation accuracy", accuracy);
            context.Figure("validation_tasks", "  on tasks", options.ValidationTasks);
            context.Figure("setting", "  its setting", Name(setting), setting.ToString());
            string page = Path.Combine(folder, "report.html");
            OutputFile.Write(page, HtmlReport.Render(TuneReport.Of(
                log, best, first, [.. Enumerable.Range(0, options.Trials).Select(Draw)], usual)));
            context.Figure("report", "picture", page);
        }

        private static string Name(Setting setting) =>
            setting.Values.Count == 0 ? "the defaults" : setting.ToString();
    }
}
