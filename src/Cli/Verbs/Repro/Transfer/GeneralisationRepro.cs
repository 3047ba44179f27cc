// Repeats an experiment of domain generalisation. Joint training on the same sources, with the same
// seeds, first weights and batches, stands beside the method.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal static class GeneralisationRepro
{
    private const int QuickSteps = 16;

    public static void Run(
        GeneralisationExperiment experiment, ReproOptions options, VerbContext context)
    {
        string data = Folder(experiment, options);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        DomainSettings Lasting(DomainSettings settings) => settings with
        {
            Steps = options.Iterations ?? (options.Quick ? QuickSteps : settings.Steps),
        };
        var (own, joint) = (Lasting(experiment.Own), Lasting(experiment.Control));
        LabelledSet[] domains = experiment.Domains(data);
        int[] unseen = [.. Enumerable.Range(0, options.Quick ? 1 : domains.Length)];
        DomainLearning Learning(int domain, long seed) =>
            new(LeaveOneOut.Of(domains, domain, seed), seed);
        Describe(
            experiment, own, Learning(0, options.Seed), seeds,
            [.. unseen.Select(i => domains[i].Name)], options, context);

        var methods = new Generalised<Mlp>[seeds][]; // by seed and domain left out
        var controls = new Generalised<Mlp>[seeds][];
        for (int i = 0; i < seeds; i++)
        {
            long seed = unchecked(options.Seed + i);
            Generalised<Mlp> Train(DomainMethod method, DomainSettings settings, int domain) =>
                ProgressBar.Run(
                    $"seed {seed}, {domains[domain].Name} left out, {method}", context.Output,
                    null, bar => Learning(domain, seed).Run(
                        method, settings, (done, losses) =>
                        {
                            context.Stop.ThrowIfCancellationRequested();
                            bar.Report(new(
                                done, settings.Steps,
                                (long)done * DomainSettings.Batch * (domains.Length - 1),
                                losses[^1]));
                        }),
                    unit: "examples");
            controls[i] = [.. unseen.Select(d => Train(DomainMethod.Joint, joint, d))];
            methods[i] = experiment.Method == DomainMethod.Joint ? controls[i]
                : [.. unseen.Select(d => Train(experiment.Method, own, d))];
            context.Row($"seed {seed}", string.Create(CultureInfo.InvariantCulture,
                $"{100 * Mean(methods[i]):F1} %, joint training {100 * Mean(controls[i]):F1} %"));
        }

        Figures(experiment, methods, controls, options, clock.Elapsed.TotalSeconds, context);
    }

    private static string Folder(GeneralisationExperiment experiment, ReproOptions options)
    {
        if (options.Order is not null)
            throw CliException.Use(
                $"--order: {experiment.Name} has its own; only sinusoid takes it.");
        return Path.GetFullPath(options.Data ?? throw CliException.Use(
            $"--data: {experiment.Name} needs {experiment.Needs}, which are not embedded; name "
            + "the folder that holds them."));
    }

    private static void Describe(
        GeneralisationExperiment experiment, DomainSettings own, DomainLearning first, int seeds,
        string[] unseen, ReproOptions options, VerbContext context)
    {
        ReproFigures.Begin(
            experiment.Name, experiment.Paper, seeds, options.Seed, BatchNormMode.None, context);
        if (first.CheckOrder(experiment.Method, own) is { } check)
        {
            OrderFigures.Add(check, context);
        }
        else
        {
            context.Figure("order", "order of differentiation", "first");
            context.Summary.Add("order_error", double.NaN); // nothing is differentiated twice
        }

        context.Figure("iterations", "steps", own.Steps);
        context.Figure(
            "validator", "model chosen by", "kept examples of the domains trained on");
        context.Summary.Add("pairs", unseen.Select(name => $"to {name}").ToArray());
        context.Line();
    }

    private static void Figures(
        GeneralisationExperiment experiment, Generalised<Mlp>[][] methods,
        Generalised<Mlp>[][] controls, ReproOptions options, double seconds, VerbContext context)
    {
        double[] values = [.. methods.Select(Mean)], joint = [.. controls.Select(Mean)];
        double[] gains = [.. values.Zip(joint, (v, j) => v - j)];
        double[] ByDomain(Generalised<Mlp>[][] all) =>
        [
            .. Enumerable.Range(0, all[0].Length).Select(d => all.Average(seed => seed[d].Unseen)),
        ];
        context.Line();
        context.Percents("value_per_pair", "by domain left out", ByDomain(methods));
        context.Percents("control_per_pair", "  joint training", ByDomain(controls));
        context.Percent("source_accuracy", "on the sources' kept", methods.Average(
            seed => seed.Average(run => run.Looks.Max(look => look.Source))));
        context.Percent("control", "joint training", joint.Average());
        Interval("control_ci95", joint);
        context.Percents("control_per_seed", "  by seed", joint);
        context.Percent("difference", "above joint training", gains.Average());
        Interval("difference_ci95", gains);
        context.Percents("difference_per_seed", "  by seed", gains);
        ReproFigures.End(
            new(experiment.Name, "accuracy on domains left out", null, values,
                StudentT.HalfInterval(values), seconds),
            "F3", options, [Plot(methods, options.Seed)], context);

        void Interval(string name, double[] perSeed)
        {
            double half = StudentT.HalfInterval(perSeed);
            if (double.IsNaN(half)) context.Summary.Add(name, half);
            else context.PlusMinus(name, "  95 % interval", half);
        }
    }

    private static Plot Plot(Generalised<Mlp>[][] runs, long firstSeed) => new(
        "Accuracy on kept examples of the sources", "steps", "accuracy (%)",
        [
            .. runs.Select((seed, i) => new PlotSeries(
                string.Create(CultureInfo.InvariantCulture, $"seed {firstSeed + i}"),
                [
                    .. seed[0].Looks.Select((look, at) => (
                        (double)look.Step, seed.Average(run => run.Looks[at].Source))),
                ])),
        ],
        Percent: true,
        Caption: "Mean over the domains left out, which no choice of models saw.");

    private static double Mean(Generalised<Mlp>[] runs) => runs.Average(run => run.Unseen);
}
