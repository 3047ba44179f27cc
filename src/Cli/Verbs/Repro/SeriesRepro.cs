// engine repro series-metalstm: an LSTM learns how to train a forecaster on a dozen months of one
// series, beside plain optimisers tuned on validation series and the naive forecast.
using System.Diagnostics;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

internal static class SeriesRepro
{
    private const string Name = "series-metalstm";
    private const int InnerSteps = 10;
    private const int Hidden = 12;
    private static readonly SeriesForm Form = new(Window: 6, Support: 12, Queries: 6);
    private static readonly double[] Rates = [3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1];

    public static void Run(ReproOptions options, VerbContext context)
    {
        ReproFigures.Refuse(options, Name);
        var clock = Stopwatch.StartNew();
        int seeds = options.Seeds ?? (options.Quick ? 1 : 3);
        int steps = options.Iterations ?? (options.Quick ? 2 : 1_000);
        int tasks = options.Quick ? 10 : 400;
        double[] rates = options.Quick ? [0.01, 0.1] : Rates;
        ReproFigures.Begin(
            Name, "Meta-LSTM (Ravi and Larochelle, 2017) on the embedded employment series", seeds,
            options.Seed, BatchNormMode.None, context);
        context.Figure("iterations", "meta-steps of a seed", steps);
        var scores = new OrderedDictionary<string, List<Evaluation>>();
        for (int i = 0; i < seeds; i++)
        {
            Seed(unchecked(options.Seed + i), steps, tasks, rates, scores, first: i == 0, context);
        }


        foreach (var (name, of) in scores)
        {
            string key = name.Replace(' ', '_').Replace("-", "", StringComparison.Ordinal)
                .ToLowerInvariant();
            context.Numbers($"mase_{key}", $"{name}: mean, median",
                [of.Average(e => e.Final), of.Average(e => e.Median[^1])], "F3");
        }

        List<Evaluation> ours = scores["Meta-LSTM"];
        double[] values = [.. ours.Select(e => e.Final)];
        ReproFigures.End(
            new(Name, "MASE of Meta-LSTM", null, values,
                ReproFigures.Interval(values, ours[0].Interval95[^1]), clock.Elapsed.TotalSeconds),
            "F3", options,
            [
                new("MASE by inner steps", "inner steps", "MASE",
                [
                    .. scores.Select(pair => new PlotSeries(
                        pair.Key, [.. pair.Value[0].Steps.Zip(
                            pair.Value[0].Mean, (s, m) => ((double)s, m))])),
                ]),
            ],
            context);
    }

    private static void Seed(
        long seed, int steps, int tasks, double[] rates,
        OrderedDictionary<string, List<Evaluation>> scores, bool first, VerbContext context)
    {
        SeriesSplit split = SeriesSplit.BySeries(EmbeddedData.UsJobs, seed);
        Func<long, int, Episode> Draw(SeriesSet series, long stream)
        {
            var source = new SeriesTasks(series, Form);
            return (from, count) =>
                Episode.From(source.Sample(unchecked((4 * seed) + stream), from, count));
        }

        var (train, validation, test) =
            (Draw(split.Train, 0), Draw(split.Validation, 1), Draw(split.Test, 2));
        Evaluation Score<P>(Method<P> method, P p, Func<long, int, Episode> draw) where P : ITree =>
            Evaluation.Run(
                method, p, draw, tasks, [0, 1, 5, InnerSteps],
                (forecast, values) => Loss.Mae(forecast, values), stop: context.Stop);
        void Add(string name, Evaluation score)
        {
            if (!scores.TryGetValue(name, out var list)) scores.Add(name, list = []);
            list.Add(score);
        }

        var objective = Objective.Forecast();
        LstmForecaster start = LstmForecaster.Create(Key.From(seed), Hidden);
        var learner = new MetaLstm<LstmForecaster>(objective, InnerSteps);
        LstmOptimizer<LstmForecaster> optimiser = learner.Create(Key.From(seed).Split()[1], start);
        if (first)
            OrderFigures.Add(
                OrderCheck.Measure(learner.Method, optimiser, train(0, 1).Task(0)), context);

        // The rate of a plain optimiser is the best of many on validation series.
        void Tuned(string name, Func<double, Optimizer> optimizer, LstmForecaster from)
        {
            Method<LstmForecaster> best = rates
                .Select(rate => Baselines.Adapted(objective, optimizer(rate)))
                .MinBy(method => Score(method, from, validation).Final)!;
            Add(name, Score(best, from, test));
        }

        var training = new MetaTraining<LstmOptimizer<LstmForecaster>>(
            learner.Method, Optim.Adam(3e-3), train, metaBatch: 8, clipNorm: 1);
        var state = ProgressBar.Run($"seed {seed}", context.Output, null, progress =>
        {
            var at = training.Start(optimiser);
            while (at.Step < steps)
            {
                context.Stop.ThrowIfCancellationRequested();
                (at, double loss) = training.Step(at);
                progress.Report(new ProgressState(at.Step, steps, at.Step * 8, loss));
            }

            return at;
        });
        Add("Meta-LSTM", Score(learner.Method, state.Model, test));
        Tuned("SGD", rate => Optim.Sgd(rate), start);
        Tuned("Adam", rate => Optim.Adam(rate), start);
        Tuned("SGD from its start", rate => Optim.Sgd(rate), state.Model.Start);
        Tuned("Adam from its start", rate => Optim.Adam(rate), state.Model.Start);
        Add("naive", Score(Baselines.NaiveForecast, Tensor.Scalar(0f), test));
    }
}
