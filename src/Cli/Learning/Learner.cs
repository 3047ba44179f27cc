// A method with the parameters it has learned, as the verbs see it: what can be done with it,
// whatever the types of its network and parameters. The functions close over the types, so that no
// verb has to know them.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>A method with its parameters.</summary>
/// <param name="ParameterCount">How many numbers training changes.</param>
/// <param name="BatchNorm">Which statistics its predictions use.</param>
/// <param name="TestSteps">Inner steps in testing; 0 for methods without any.</param>
/// <param name="CheckOrder">Measures on a task whether the meta-gradient is exact.</param>
/// <param name="Evaluate">
/// Scores on that many of the tasks drawn, after each of the numbers of inner steps.
/// </param>
/// <param name="Predict">
/// Labels for the query images of a task after a number of inner steps.
/// </param>
/// <param name="Save">Writes the parameters to a file.</param>
/// <param name="Load">This method with the parameters in a file.</param>
/// <param name="Train">Training from these parameters on tasks drawn.</param>
/// <param name="Prepare">
/// This learner after what comes before meta-training, on the training classes; most need nothing.
/// </param>
internal sealed record Learner(
    long ParameterCount, BatchNormMode BatchNorm, int TestSteps,
    Func<Episode, OrderCheck> CheckOrder,
    Func<Func<long, int, Episode>, int, IReadOnlyList<int>, CancellationToken, Evaluation> Evaluate,
    Func<Episode, int, long[]> Predict, Action<string> Save, Func<string, Learner> Load,
    Func<Func<long, int, Episode>, LearnerTraining> Train, Func<Preparation, Learner> Prepare)
{
    /// <summary>
    /// The network from which tasks are adapted to; null of methods that start from none.
    /// </summary>
    public ITree? Network { get; init; }

    /// <summary>
    /// Inner steps after which a trained learner is tested: all up to the last, but for the middle
    /// of many.
    /// </summary>
    public int[] FinalSteps => TestSteps <= 10
        ? [.. Enumerable.Range(0, TestSteps + 1)] : [0, 1, 5, 10, TestSteps];

    /// <summary>The learner of a method.</summary>
    /// <param name="method">The method.</param>
    /// <param name="parameters">What it starts from.</param>
    /// <param name="run">How it is trained and tested.</param>
    /// <param name="testSteps">Inner steps in testing.</param>
    /// <param name="outer">The outer optimiser; Adam at the run's rate by default.</param>
    /// <param name="progress">What anneals, by the step; nothing by default.</param>
    /// <param name="prepare">What comes before meta-training; nothing by default.</param>
    /// <param name="network">The network among the parameters, if tasks start from one.</param>
    public static Learner Of<P>(
        Method<P> method, P parameters, RunOptions run, int testSteps = 0, Optimizer? outer = null,
        Func<long, Engine.Meta.Progress>? progress = null,
        Func<P, Preparation, P>? prepare = null, Func<P, ITree>? network = null) where P : ITree
    {
        Learner With(P p) => Of(method, p, run, testSteps, outer, progress, prepare, network);
        return new(
            parameters.ParameterCount(), method.BatchNorm, testSteps,
            task => OrderCheck.Measure(method, parameters, task),
            (draw, tasks, steps, stop) => Evaluation.Run(
                method, parameters, draw, tasks, steps, Loss.Accuracy, stop: stop),
            (task, steps) =>
                method.Predictions(parameters, task, [steps])[0].ArgMax().ToArray<long>(),
            path => SafeTensors.Save(path, parameters),
            path => With(SafeTensors.Load(path, parameters)),
            draw =>
            {
                var training = new MetaTraining<P>(
                    method, outer ?? Optim.Adam(run.OuterRate()), draw, run.MetaBatch,
                    run.ClipNorm ?? 0, run.Diverging, progress);
                return LearnerTraining.Of(training.Start(parameters), training, With);
            },
            before => prepare is null ? With(parameters) : With(prepare(parameters, before)))
        {
            Network = network?.Invoke(parameters),
        };
    }
}

/// <summary>What a learner that prepares for meta-training gets.</summary>
/// <param name="Classes">The training classes.</param>
/// <param name="Output">Where it says how far it is.</param>
/// <param name="Stop">Ends it.</param>
internal sealed record Preparation(
    ImageClasses Classes, TextWriter Output, CancellationToken Stop);

/// <summary>Where the training of a learner stands. A step makes the next one.</summary>
/// <param name="Learner">The method as trained so far.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Skipped">Tasks left out because they diverged.</param>
/// <param name="Step">Takes a step; tells the loss before it.</param>
/// <param name="Save">Writes a checkpoint.</param>
/// <param name="Load">Where the training stood that wrote a checkpoint.</param>
internal sealed record LearnerTraining(
    Learner Learner, long Steps, long Skipped, Func<(LearnerTraining Next, double Loss)> Step,
    Action<string> Save, Func<string, LearnerTraining> Load)
{
    public static LearnerTraining Of<P>(
        TrainingState<P> state, MetaTraining<P> training, Func<P, Learner> learner)
        where P : ITree => new(
        learner(state.Model), state.Step, state.Skipped,
        () =>
        {
            var (next, loss) = training.Step(state);
            return (Of(next, training, learner), loss);
        },
        path => Checkpoint.Save(path, state),
        path => Of(Checkpoint.Load(path, state), training, learner));
}
