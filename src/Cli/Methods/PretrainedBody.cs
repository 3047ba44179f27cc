// Ordinary classification of all training classes, before meta-learning: its body is where the
// meta-learner starts.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

internal static class PretrainedBody
{
    private const int Batch = 64;
    private const int Shift = 2;
    private const double Rate = 4e-3;

    /// <summary>What the options of methods say of it.</summary>
    public const string Help =
        "Steps of pre-training on batches of 64 images of all training classes";

    /// <summary>
    /// What meta-learning is prepared by, for a method whose parameters are the network itself;
    /// nothing if there are no steps.
    /// </summary>
    /// <exception cref="CliException">The network shows no features.</exception>
    public static Func<T, Preparation, T>? Prepare<T>(string method, Start<T> start, int steps)
        where T : ITree => steps == 0 ? null
            : start.Network.Features is null ? throw MethodText.Lacks(method, "features")
            : (model, before) => Of(start, model, steps, before);

    /// <summary>
    /// The network after training as a classifier of all training classes, with a head for these
    /// that is not kept: its own head stays as it is.
    /// </summary>
    public static T Of<T>(Start<T> start, T network, int steps, Preparation before)
        where T : ITree
    {
        Features<T> features = start.Network.Features!;
        var head = Linear.Create(
            start.Key.Split()[1], start.FeatureCount(features), before.Classes.Classes.Length);
        var classifier = new Classification<Transferred<T, Linear>>(
            (all, x, normalize) => all.Head.Forward(features(all.Body, x, normalize)),
            start.Objective.BatchNorm);
        var batches = new ImageBatches(before.Classes, Batch, Shift);
        var training = new MetaTraining<Running<Transferred<T, Linear>>>(
            classifier.Method, Optim.Adam(Schedule.Cosine(Rate, Math.Max(1, steps))),
            (first, count) => batches.Sample(start.Run.Seed, first, count), metaBatch: 1);
        return ProgressBar.Run("pre-train", before.Output, null, progress =>
        {
            var state = training.Start(
                classifier.Begin(new Transferred<T, Linear>(network, [], head)));
            while (state.Step < steps)
            {
                before.Stop.ThrowIfCancellationRequested();
                (state, double loss) = training.Step(state);
                progress.Report(new ProgressState(state.Step, steps, state.Step, loss));
            }

            return state.Model.Model.Body;
        });
    }
}
