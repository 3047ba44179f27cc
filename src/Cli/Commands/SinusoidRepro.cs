// engine repro sinusoid: the regression experiment of Finn, Abbeel and Levine (2017), section 5.1,
// by the settings of their code: 1-40-40-1 with rectifiers, weights from a normal of deviation 0.01
// truncated at two, Adam at 1e-3, 25 tasks of 10 + 10 points, one inner step. The inner rate is
// 0.001 as in the code: the 0.01 of the paper does not give its table.
using System.Diagnostics;
using System.Globalization;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

internal static class SinusoidRepro
{
    private const double InnerRate = 0.001;
    private const int MetaBatch = 25;
    private const int TestTasks = 8000;
    private const int TestPoints = 100;
    private static readonly int[] Steps = [1, 5, 10];

    public static void Run(ReproOptions options, VerbContext context)
    {
        var clock = Stopwatch.StartNew();
        Mlp model = Network(options.Seed);
        var maml = new Maml<Mlp>(
            Learner.Regression, InnerSteps: 1, InnerRate,
            options.FirstOrder ? DerivativeOrder.First : DerivativeOrder.Exact);
        var tasks = new SinusoidTasks(shots: 10, queries: 10);
        var training = new MetaTraining<Mlp>(
            maml, Optim.Adam(1e-3), (first, count) => Draw(tasks, options.Seed, 0, first, count),
            MetaBatch);
        Describe(options, context);
        VerifyOrder(maml, model, training.Draw(0, 1).Task(0), context);

        long steps = Train(training, model, options.Iterations, context, out model);
        double trained = clock.Elapsed.TotalSeconds;
        context.Figure("iterations", "meta-steps", steps);
        context.Figure("training_seconds", "training", trained, "F1", "s");
        context.Figure("tasks_per_second", "  speed", steps * MetaBatch / trained, "F0", "tasks/s");
        context.Line();
        context.Line("mean squared error on the query points after 1, 5, 10 inner steps");
        Published(context);
        foreach (int shots in new[] { 5, 10 }) Test(maml, model, shots, options.Seed, context);
        context.Figure("seconds", "whole run", clock.Elapsed.TotalSeconds, "F1", "s");
    }

    internal static Mlp Network(long seed)
    {
        Mlp xavier = Mlp.Create(Key.From(seed), [1, 40, 40, 1]);
        Key[] keys = Key.From(seed).Split(xavier.Layers.Length);
        return xavier with
        {
            Layers = [.. xavier.Layers.Select((layer, i) => layer with
            {
                Weight = Init.TruncatedNormal(keys[i], layer.Weight.Shape, 0.01).Eval(),
            })],
        };
    }

    private static void Describe(ReproOptions options, VerbContext context)
    {
        context.Figure("experiment", "experiment", "sinusoid regression, MAML (Finn et al., 2017)");
        context.Figure("seed", "seed", options.Seed);
        context.Figure("inner_rate", "inner rate", InnerRate, "R");
        context.Figure("batch_norm", "batch norm", Experiment.Name(BatchNormMode.None));
        context.Figure("threads", "threads", context.Threads);
    }

    private static void VerifyOrder(
        Maml<Mlp> maml, Mlp model, Episode task, VerbContext context)
    {
        OrderCheck check = OrderCheck.Measure(maml, model, task);
        context.Figure("order", "order of differentiation",
            maml.Order == DerivativeOrder.First ? "first" : "exact");
        context.Figure("order_error", "  against differences", check.Error, "0.0e+00");
        if (!check.Confirmed)
            throw CliException.Fail("the meta-gradient is not exact; please report this error.");
    }

    private static long Train(
        MetaTraining<Mlp> training, Mlp start, int iterations, VerbContext context, out Mlp model)
    {
        TrainingState<Mlp> state = training.Start(start);
        Progress.Run("train", context.Output, null, progress =>
        {
            while (state.Step < iterations && !context.Stop.IsCancellationRequested)
            {
                double loss;
                try
                {
                    (state, loss) = training.Step(state);
                }
                catch (DivergenceException e)
                {
                    throw CliException.Fail(e.Message, e);
                }

                progress.Report(
                    new ProgressState(state.Step, iterations, state.Step * MetaBatch, loss));
            }

            return state.Step;
        });
        model = state.Model;
        return state.Step;
    }

    /// <summary>What the paper says, and what an independent program measured.</summary>
    private static void Published(VerbContext context)
    {
        context.Numbers("published_mse_5shot", "published, 5-shot", [0.67, 0.38, 0.35], "F2");
        context.Numbers("expected_mse_5shot_low", "expected 70k, from", [0.60, 0.29, 0.26], "F2");
        context.Numbers("expected_mse_5shot_high", "  to", [0.70, 0.38, 0.34], "F2");
        context.Numbers("expected_mse_5shot_15k", "expected 15k, near", [0.83, 0.47, 0.43], "F2");
        context.Numbers("expected_mse_10shot_low", "10-shot 70k, from", [0.37, 0.12, 0.10], "F2");
        context.Numbers("expected_mse_10shot_high", "  to", [0.42, 0.16, 0.13], "F2");
    }

    private static void Test(
        Maml<Mlp> maml, Mlp model, int shots, long seed, VerbContext context)
    {
        var tasks = new SinusoidTasks(shots, TestPoints);
        Evaluation result = Evaluation.Run(
            maml, model, (first, count) => Draw(tasks, seed, shots, first, count), TestTasks, Steps,
            Loss.Mse, batch: 100);
        string name = string.Create(CultureInfo.InvariantCulture, $"{shots}shot");
        context.Numbers($"mse_{name}", $"measured, {shots}-shot", [.. result.Mean], "F3");
        context.Numbers($"ci95_{name}", "  ±", [.. result.Interval95], "F3");
        context.Numbers($"median_{name}", "  median", [.. result.Median], "F3");
    }

    /// <summary>Tasks of a stream: 0 to train, the number of shots to test.</summary>
    private static Episode Draw(
        SinusoidTasks tasks, long seed, int stream, long first, int count) =>
        Episode.From(tasks.Sample(unchecked((16 * seed) + stream), first, count));
}
