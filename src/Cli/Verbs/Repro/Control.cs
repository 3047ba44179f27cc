// What the accuracy of a method that adapts is measured against: the same network, trained on each
// test task alone by a plain optimiser, from its random start and in as many steps.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>A plain optimiser with its rate.</summary>
internal sealed record Control(string Name, Func<double, Optimizer> Optimizer, double Rate)
    : ILearnerOptions
{
    private static readonly double[] Rates = [1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1];

    private static readonly (string Name, Func<double, Optimizer> Make)[] Optimizers =
        [("SGD", rate => Optim.Sgd(rate)), ("Adam", rate => Optim.Adam(rate))];

    public string Description => $"{Name} from a random start";

    /// <summary>
    /// Each optimiser at its best of many rates, or of two in a quick form, on tasks of the classes
    /// that methods train on.
    /// </summary>
    public static IReadOnlyList<Control> Tuned(Experiment run, bool quick, CancellationToken stop)
    {
        int tasks = quick ? 5 : 50;
        double[] rates = quick ? [0.01, 0.1] : Rates;
        return
        [
            .. Optimizers.Select(o => rates.Select(rate => new Control(o.Name, o.Make, rate)).MaxBy(
                control => run.MeasureKnown(control.LearnerOf(run), tasks, stop).Final)!),
        ];
    }

    public Learner Create<T>(Start<T> start) where T : ITree => Learner.Of(
        Baselines.Adapted(start.Objective, Optimizer(Rate)), start.Model, start.Run);

    /// <summary>Its accuracy on the test tasks of a run.</summary>
    public Evaluation Measure(Experiment run, CancellationToken stop) => run.Measure(
        LearnerOf(run), [0, run.Untrained.TestSteps], run.Options.EvalTasks, stop);

    private Learner LearnerOf(Experiment run) =>
        run.Config.Network.Create(this, run.Options, run.Config.Images);
}
