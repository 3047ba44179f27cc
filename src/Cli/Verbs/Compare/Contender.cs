// A method in engine compare: how it is named, and how it trains for the time that all have.
using System.Diagnostics;
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

/// <summary>What a contender reached.</summary>
/// <param name="Name">The method as it was typed, with its options.</param>
/// <param name="Curve">Validation accuracies by seconds of training.</param>
/// <param name="Test">Its test; null if its training diverged.</param>
/// <param name="Steps">Meta-steps taken.</param>
/// <param name="Seconds">How long they took, with compilation and pre-training.</param>
/// <param name="Order">Its meta-gradient at the start.</param>
/// <param name="BatchNorm">Which statistics its predictions use.</param>
/// <param name="DivergedAt">The step at which its training diverged, if it did.</param>
internal sealed record ContenderResult(
    string Name, IReadOnlyList<(double X, double Y)> Curve, Evaluation? Test, long Steps,
    double Seconds, OrderCheck Order, BatchNormMode BatchNorm, long? DivergedAt)
{
    public double Accuracy => Test?.Final ?? double.NaN;

    public double Interval => Test?.Interval95[^1] ?? double.NaN;

    /// <summary>The first word of what the check says; unknown unless it agrees.</summary>
    public string OrderName => Order is { Claim: Claim.Exact, Confirmed: false }
        ? "unknown" : Order.ToString().Split(';')[0];

    /// <summary>"83.1 ± 0.7 %", or where it diverged.</summary>
    public string Reached => DivergedAt is { } step
        ? string.Create(CultureInfo.InvariantCulture, $"diverged at step {step:N0}")
        : string.Create(
            CultureInfo.InvariantCulture, $"{100 * Accuracy:F1} ± {100 * Interval:F1} %");

    /// <summary>"1,200 meta-steps in 60.1 s, order exact, batch norm transductive".</summary>
    public string Circumstances => string.Create(CultureInfo.InvariantCulture,
        $"{Steps:N0} meta-steps in {Seconds:F1} s, order {OrderName}, batch norm "
        + $"{Experiment.Name(BatchNorm)}");
}

/// <summary>A method with its options, on the tasks that all contenders share.</summary>
internal sealed record Contender(
    string Name, RunOptions Run, MethodChoice Method, NetworkChoice Network)
{
    private const double DefaultSeconds = 60;
    private const int Validations = 8;
    private const int ValidationTasks = 100;

    // What anneals is built for some number of meta-steps before it is known how many there are.
    private const int Provisional = 1000;

    private static readonly OptionSet<RunOptions> OfRuns = new();

    private static readonly string[] SameForAll =
    [
        "--ways", "--shots", "--queries", "--train-classes", "--validation-classes", "--data",
        "--image-size", "--seed", "--eval-tasks", "--seconds",
    ];

    /// <summary>"anil:inner-steps=5:rate=0.01": a method with options of its own.</summary>
    public static Contender Read(string text, Func<string, string?> typed, Choices choices)
    {
        string[] parts = text.Split(':');
        var own = new Dictionary<string, string> { ["--method"] = parts[0] };
        foreach (string part in parts.Skip(1))
        {
            if (part.Split('=') is not [{ Length: > 0 } name, { Length: > 0 } value])
                throw CliException.Use($"NAMES: '{part}' of {text} is wrong; give NAME=VALUE.");
            own["--" + name] = value;
        }

        string? Typed(string name) => own.GetValueOrDefault(name) ?? typed(name);
        if (Typed("--iterations") is not null)
        {
            throw CliException.Use(
                "--iterations: methods are compared at equal time; give --seconds instead.");
        }

        if (own.Keys.FirstOrDefault(SameForAll.Contains) is { } shared)
        {
            throw CliException.Use($"NAMES: {shared} is the same for all methods; give it once, "
                + "after their names.");
        }

        MethodChoice method = choices.Methods.Read(Typed);
        string[] known = ["--method", .. OfRuns.Specs.Select(s => s.Name),
            .. choices.Methods.OptionsOf(Typed).Select(s => s.Name)];
        if (own.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
            throw CliException.Use($"NAMES: {parts[0]} does not take {unknown}; engine train "
                + "--help lists what it takes.");
        RunOptions run = OfRuns.Read(Typed, method.Defaults);
        run = run with
        {
            Seconds = run.Seconds ?? DefaultSeconds,
            Iterations = method.Anneals(run) ? Provisional : null,
        };
        return new(text, run, method, choices.Networks.Read(typed));
    }

    /// <summary>Trains for the time that all have, and tests what came out.</summary>
    public ContenderResult Train(Experiment experiment, VerbContext context)
    {
        double seconds = Run.Seconds!.Value;
        OrderCheck order = experiment.Untrained.CheckOrder(experiment.DrawTraining(0, 1).Task(0));
        var clock = new Stopwatch();
        var curve = new List<(double, double)>();
        long steps = 0;
        Evaluation? test = null;
        long? divergedAt = null;
        try
        {
            if (Method.Anneals(Run))
                experiment = experiment.Lasting(Affordable(experiment, seconds, context.Stop));
            clock.Start();
            LearnerTraining state = experiment.Start(context);
            while (clock.Elapsed.TotalSeconds < seconds
                && !(state.Steps >= experiment.Options.Iterations))
            {
                context.Stop.ThrowIfCancellationRequested();
                (state, _) = state.Step();
                steps = state.Steps;
                double now = clock.Elapsed.TotalSeconds;
                if (!experiment.CanValidate || now < (curve.Count + 1) * seconds / Validations)
                    continue;
                clock.Stop(); // validation does not count
                curve.Add((now, experiment.Validate(state.Learner, ValidationTasks)));
                clock.Start();
            }

            clock.Stop();
            int adapted = state.Learner.TestSteps;
            test = experiment.Measure(
                state.Learner, adapted == 0 ? [0] : [0, adapted], Run.EvalTasks, context.Stop);
        }
        catch (DivergenceException e)
        {
            clock.Stop();
            divergedAt = e.Step;
        }

        return new(
            Name, curve, test, steps, clock.Elapsed.TotalSeconds, order,
            experiment.Untrained.BatchNorm, divergedAt);
    }

    /// <summary>
    /// How many meta-steps fit into the time, by a few that are timed: what anneals must end its
    /// way when the time is over.
    /// </summary>
    private static int Affordable(Experiment experiment, double seconds, CancellationToken stop)
    {
        LearnerTraining state = experiment.Untrained.Train(experiment.DrawTraining);
        var clock = Stopwatch.StartNew();
        (state, _) = state.Step(); // compiles, which takes from the time too
        double first = clock.Elapsed.TotalSeconds;
        int timed = 0;
        clock.Restart();
        while (timed < 3 || clock.Elapsed.TotalSeconds < seconds / 20)
        {
            stop.ThrowIfCancellationRequested();
            (state, _) = state.Step();
            timed++;
        }

        double step = clock.Elapsed.TotalSeconds / timed;
        return (int)Math.Clamp((seconds - first) / step, 1, int.MaxValue);
    }
}
