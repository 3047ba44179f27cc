// Meta-transfer learning in the command: pre-training on all training classes comes first.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>Scales and shifts of a pre-trained body; only the head adapts.</summary>
internal sealed record MetaTransferOptions : ILearnerOptions
{
    private const int Batch = 64;
    private const int Shift = 2;
    private const double Rate = 4e-3;

    [Option("Inner steps in training", Low = 1, High = 20)]
    public int InnerSteps { get; init; } = 20;

    [Option("Inner steps in testing", InTest = true)]
    public int TestSteps { get; init; } = 20;

    [Option("Rate of the inner steps", Low = 0.02, High = 2, InTest = true)]
    public double InnerRate { get; init; } = 0.4;

    [Option("Steps of pre-training on batches of 64 images of all training classes", Min = 0)]
    public int PretrainSteps { get; init; } = 3000;

    public string Description =>
        MethodText.Steps($"meta-transfer after {PretrainSteps} steps of pre-training", InnerSteps,
            InnerRate, TestSteps);

    public Learner Create<T>(Start<T> start) where T : ITree
    {
        Features<T> features =
            start.Network.Features ?? throw MethodText.Lacks("meta-transfer", "features");
        int width = start.FeatureCount(features);
        Linear Head(Key key, int classes) => Linear.Create(key, width, classes);
        Key[] keys = start.Key.Split();
        var method = new MetaTransfer<T, Linear>(
            (model, x) => features(model, x, (norm, y) => norm.Forward(y)),
            new((head, x) => head.Forward(x), start.Objective.Loss, start.Objective.BatchNorm),
            InnerSteps, InnerRate);
        return Learner.Of(
            method.Method, method.Begin(start.Model, Head(keys[0], start.Run.Outputs)), start.Run,
            TestSteps,
            prepare: (p, before) => p with
            {
                Body = Pretrained<T>(
                    new(p.Body, [], Head(keys[1], before.Classes.Classes.Length)),
                    new((all, x, normalize) =>
                        all.Head.Forward(features(all.Body, x, normalize)),
                        start.Objective.BatchNorm),
                    before, start.Run.Seed),
            });
    }

    /// <summary>The body of a classifier after ordinary training; its head is not kept.</summary>
    private T Pretrained<T>(
        Transferred<T, Linear> start, Classification<Transferred<T, Linear>> classifier,
        Preparation before, long seed) where T : ITree
    {
        var batches = new ImageBatches(before.Classes, Batch, Shift);
        var training = new MetaTraining<Running<Transferred<T, Linear>>>(
            classifier.Method, Optim.Adam(Schedule.Cosine(Rate, Math.Max(1, PretrainSteps))),
            (first, count) => batches.Sample(seed, first, count), metaBatch: 1);
        return ProgressBar.Run("pre-train", before.Output, null, progress =>
        {
            var state = training.Start(classifier.Begin(start));
            while (state.Step < PretrainSteps)
            {
                before.Stop.ThrowIfCancellationRequested();
                (state, double loss) = training.Step(state);
                progress.Report(new ProgressState(state.Step, PretrainSteps, state.Step, loss));
            }

            return state.Model.Model.Body;
        });
    }
}
