// Meta-transfer learning: what is frozen stays, scales and shifts act on every convolution, and hard
// tasks are those on which the method fails.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

public class MetaTransferTests
{
    private static readonly TinyNet Net = TinyNet.Create(Key.From(3), ways: 12);

    private static readonly MetaTransfer<TinyNet, Linear> Learner =
        MetaTransfer.Images<TinyNet>(3, 0.5);

    private static Transferred<TinyNet, Linear> Start =>
        Learner.Begin(Net, MetaTransfer.Head(Key.From(4), Net, 3));

    [Theory, InlineData(false), InlineData(true)]
    public void ScalesAndShiftsActOnEachConvolution(bool bias)
    {
        TinyNet net = TinyNet.Create(Key.From(3), 3, bias);
        var layers = ScaleShift.For(net);
        Assert.True(Tree.AllClose(
            net.Convolution.Weight, ScaleShift.Apply(net, layers).Convolution.Weight, 0, 0));
        Key[] keys = Key.From(8).Split();
        ScaleShift one = new(keys[0].Normal([4, 1, 1, 1]), keys[1].Normal(4));
        Conv2d changed = ScaleShift.Apply(net, [one]).Convolution;
        Assert.True(Tree.AllClose(net.Convolution.Weight * one.Scale, changed.Weight, 0, 0));
        Assert.True(Tree.AllClose(
            net.Convolution.Bias is { } old ? old + one.Shift : one.Shift, changed.Bias!, 0, 0));
        Assert.Equal(4, ScaleShift.For(Conv4.Create(Key.From(1), 1, 16, 2, 3)).Length);
        Assert.Equal(
            "ScaleShift: the model has 1 convolutions, but there are 2 scales and shifts. Make them "
            + "with ScaleShift.For(model).",
            Assert.Throws<EngineException>(() => ScaleShift.Apply(net, [one, one])).Message);
    }

    [Fact]
    public void TheBodyStaysAndTheRestIsLearned()
    {
        var training = new MetaTraining<Transferred<TinyNet, Linear>>(
            Learner.Method, Optim.Adam(0.02, weightDecay: 0.1), Tasks.OfImages, metaBatch: 2);
        var (state, _) = training.Step(training.Start(Start));
        foreach (var (path, (before, after)) in Start.Paths()
            .Zip(Start.Leaves().Zip(state.Model.Leaves())))
            Assert.Equal(
                path.StartsWith("Body", StringComparison.Ordinal),
                before.ToDoubles().SequenceEqual(after.ToDoubles()));
        OrderCheck check = OrderCheck.Measure(
            Learner.Method, Start, Tasks.OfImages(0, 1).Task(0));
        Assert.True(check.Confirmed, $"{check}");
    }

    [Fact]
    public void PretrainingLearnsAllClasses()
    {
        var classifier = new Classification<TinyNet>(
            (model, x, normalize) => model.Head.Forward(model.Features(x, normalize)),
            BatchNormMode.Transductive);
        var batches = new ImageBatches(Tasks.Images, 48);
        Func<long, int, Episode> Draw(long seed) => (first, n) => batches.Sample(seed, first, n);
        var training = new MetaTraining<Running<TinyNet>>(
            classifier.Method, Optim.Adam(0.02), Draw(1), metaBatch: 1);
        TrainingState<Running<TinyNet>> start = training.Start(classifier.Begin(Net));
        TrainingState<Running<TinyNet>> state = start;
        for (int n = 0; n < 60; n++) (state, _) = training.Step(state);
        Evaluation Test(Running<TinyNet> p) => Evaluation.Run(
            classifier.Method, p, Draw(2), 20, [0], Loss.Accuracy);
        Assert.InRange(Test(start.Model).Final, 0, 0.2);
        Assert.InRange(Test(state.Model).Final, 0.6, 1);
    }

    [Fact]
    public void BatchesAreOfImagesOfTheirClassesMovedAndMirrored()
    {
        // Images of one class are a ramp of its number: where it is not 0, the source is known.
        const int size = 5;
        ImageClasses ramps = ImageClasses.FromFloats(
            "ramps", 1, size, size,
            [.. Enumerable.Range(0, 3 * size * size).Select(i => 1f + i)],
            Enumerable.Range(0, 3).Select(c => new ImageClass($"{c}", "", [c])));
        Episode plain = new ImageBatches(ramps, 20).Sample(seed: 4, 6, 2);
        Assert.Equal(Shape.Of(2, 20, 1, size, size), plain.QueryX.Shape);
        double[] firsts = plain.QueryX.Reshape(40, -1)[.., 0..1].ToDoubles();
        Assert.Equal(firsts, plain.QueryY.ToDoubles().Select(label => 1 + size * size * label));
        Assert.Equal([0, 1, 2], plain.QueryY.ToDoubles().Distinct().Order());

        var moving = new ImageBatches(ramps, 20, shift: 1, flip: true);
        Episode moved = moving.Sample(seed: 4, 6, 2);
        double[] middles = moved.QueryX[.., .., .., 2..3, 2..3].ToDoubles();
        double[] labels = moved.QueryY.ToDoubles();
        int[] offsets = [.. middles.Zip(labels, (m, label) =>
            (int)(m - 1 - size * size * label) - (2 * size + 2)).Distinct().Order()];
        Assert.Equal([-6, -5, -4, -1, 0, 1, 4, 5, 6], offsets);
        // Rows rise to the right, unless mirrored.
        double[] rises = (moved.QueryX[.., .., .., 2..3, 3..4]
            - moved.QueryX[.., .., .., 2..3, 2..3]).ToDoubles();
        Assert.Equal([-1.0, 1], rises.Distinct().Order());
        // The same batches whatever was drawn before.
        Episode later = moving.Sample(seed: 4, 7, 1);
        Assert.True(Tree.AllClose(moved.QueryX[1..2], later.QueryX, 0, 0));
        Assert.Throws<ArgumentException>(() => new ImageBatches(ramps, 0));
        Assert.Throws<ArgumentException>(() => new ImageBatches(ramps, 20, shift: -1));
    }

    [Fact]
    public void HardTasksAreOfTheClassesThatFail()
    {
        // A method that knows all classes but three: it sees the class by the mean of its image.
        ImageClasses flat = ImageClasses.FromFloats(
            "flat", 1, 1, 1, [.. Enumerable.Range(0, 12 * 4).Select(i => (float)(i / 4))],
            Enumerable.Range(0, 12).Select(c => new ImageClass(
                $"{c}", "", [.. Enumerable.Range(4 * c, 4)])));
        var method = new Method<Linear>(
            (p, task, _) => p.Weight.Sum(),
            (p, task, steps) =>
            {
                Tensor seen = task.QueryX.Flatten(1);
                Tensor failing = (seen >= 3 & seen <= 5).Cast(DType.Float32);
                return [(1 - 2 * failing) * task.QueryY.OneHot(4)];
            },
            Claim.Exact, BatchNormMode.None);
        var start = new Linear(Tensor.Ones([1, 1]), null);
        var hard = new HardTasks<Linear>(
            method, flat, ways: 4, shots: 1, queries: 2, innerSteps: 1, metaBatch: 5, every: 3,
            seed: 2);
        var training = new MetaTraining<Linear>(
            method, Optim.Sgd(0.01), (_, _) => throw new InvalidOperationException(), 5);
        TrainingState<Linear> state = training.Start(start);
        for (int n = 0; n < 8; n++)
        {
            Assert.Equal(n % 4 == 3, hard.IsHard(state));
            Episode tasks = hard.Draw(state);
            double[] seen = [.. tasks.QueryX.ToDoubles().Distinct()];
            if (hard.IsHard(state))
            {
                Assert.Superset(new HashSet<int> { 3, 4, 5 }, hard.Hardest(state).ToHashSet());
                Assert.Equal(hard.Hardest(state).Select(c => (double)c).Order(), seen.Order());
                Assert.True(seen.Length < 12, "the classes are not all");
            }
            (state, _) = training.Step(state, tasks);
        }
        Assert.Equal(8, state.Step);
        Assert.Throws<EngineException>(() => new HardTasks<Linear>(
            method, flat, 4, 1, 2, 1, 5, every: 0, seed: 2));
    }

    [Fact]
    public void HardTrainingResumesBitForBit()
    {
        HardTasks<Transferred<TinyNet, Linear>> Hard() => new(
            Learner.Method, Tasks.Images, 3, 2, 2, innerSteps: 2, metaBatch: 2, every: 2, seed: 1);
        MetaTraining<Transferred<TinyNet, Linear>> Training() =>
            new(Learner.Method, Optim.Adam(0.01), Tasks.OfImages, metaBatch: 2);
        var (hard, training, again) = (Hard(), Training(), Training());
        var whole = training.Start(Start);
        (whole, _) = training.Step(whole, hard.Draw(whole));
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Checkpoint.Save(path, whole);
        var resumed = Checkpoint.Load(path, again.Start(Start));
        File.Delete(path);
        HardTasks<Transferred<TinyNet, Linear>> hardAgain = Hard();
        for (int n = 0; n < 3; n++)
        {
            (whole, _) = training.Step(whole, hard.Draw(whole));
            (resumed, _) = again.Step(resumed, hardAgain.Draw(resumed));
        }
        Assert.Equal(
            whole.Leaves().Select(leaf => leaf.ToRaw()),
            resumed.Leaves().Select(leaf => leaf.ToRaw()));
    }
}
