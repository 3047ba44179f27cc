// A network with its weights as the verbs see it: what can be done with it, whatever its type. The
// functions close over the type, so that no verb has to know it.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>A network with its weights, adapted to tasks by MAML.</summary>
/// <param name="ParameterCount">How many numbers training changes.</param>
/// <param name="BatchNorm">Which statistics its predictions use.</param>
/// <param name="CheckOrder">Measures on a task whether the meta-gradient is exact.</param>
/// <param name="Evaluate">
/// Accuracies on that many of the tasks drawn, after each of the numbers of inner steps.
/// </param>
/// <param name="Predict">
/// Labels for the query images of a task after a number of inner steps.
/// </param>
/// <param name="Save">Writes the weights to a file.</param>
/// <param name="Load">This network with the weights in a file.</param>
/// <param name="Train">
/// Training from these weights by Adam: on tasks drawn, at a rate, with that many tasks a step.
/// </param>
internal sealed record NetworkModel(
    long ParameterCount, BatchNormMode BatchNorm, Func<Episode, OrderCheck> CheckOrder,
    Func<Func<long, int, Episode>, int, IReadOnlyList<int>, CancellationToken, Evaluation> Evaluate,
    Func<Episode, int, long[]> Predict, Action<string> Save, Func<string, NetworkModel> Load,
    Func<Func<long, int, Episode>, double, int, NetworkTraining> Train)
{
    public static NetworkModel Of<T>(T model, Maml<T> maml) where T : ITree => new(
        model.ParameterCount(), maml.Objective.BatchNorm,
        task => OrderCheck.Measure(maml.Method, model, task),
        (draw, tasks, steps, stop) => Evaluation.Run(
            maml.Method, model, draw, tasks, steps, Loss.Accuracy, stop: stop),
        (task, steps) =>
            maml.Method.Predictions(model, task, [steps])[0].ArgMax().ToArray<long>(),
        path => SafeTensors.Save(path, model),
        path => Of(SafeTensors.Load(path, model), maml),
        (draw, rate, metaBatch) =>
        {
            var training = new MetaTraining<T>(maml.Method, Optim.Adam(rate), draw, metaBatch);
            return NetworkTraining.Of(training.Start(model), training, maml);
        });
}

/// <summary>Where the training of a network stands. A step makes the next one.</summary>
/// <param name="Model">The network as trained so far.</param>
/// <param name="Steps">Steps taken.</param>
/// <param name="Step">Takes a step; tells the loss before it.</param>
/// <param name="Save">Writes a checkpoint.</param>
/// <param name="Load">Where the training stood that wrote a checkpoint.</param>
internal sealed record NetworkTraining(
    NetworkModel Model, long Steps, Func<(NetworkTraining Next, double Loss)> Step,
    Action<string> Save, Func<string, NetworkTraining> Load)
{
    public static NetworkTraining Of<T>(
        TrainingState<T> state, MetaTraining<T> training, Maml<T> maml) where T : ITree => new(
        NetworkModel.Of(state.Model, maml), state.Step,
        () =>
        {
            var (next, loss) = training.Step(state);
            return (Of(next, training, maml), loss);
        },
        path => Checkpoint.Save(path, state),
        path => Of(Checkpoint.Load(path, state), training, maml));
}
