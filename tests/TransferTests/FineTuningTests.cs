// Tests of fine-tuning's steps: that they are those of the plain loop, that groups move when and as
// they should, that what is frozen stays and costs nothing, and what normalisation does.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class FineTuningTests
{
    private static readonly LeNet Net = Digits.LeNet();
    private static readonly string[] Stages = ["First", "Second", "Hidden", "Head"];

    private static FineTuning<LeNet> Of(TunePlan plan, Optimizer optimizer) =>
        new(Net, NormStatistics.For(Net), plan, optimizer);

    private static FineTuning<Conv4> Of(NormPolicy norm, Conv4 net, NormStatistics statistics) =>
        new(net, statistics, TunePlan.Head(net) with { Norm = norm }, Optim.Sgd(0.1));

    private static NormStatistics ByBatch(Conv4 net, Tensor x) => NormStatistics.For(net)
        .Train(normalize => net.Features(x, normalize), momentum: 1).Statistics;

    [Fact]
    public void DropoutIsDrawnFromSeedAndStep()
    {
        LeNet net = LeNet.Create(Key.From(0), 3, size: 16, dropout: 0.5);
        var (x, y) = Fake.Batch(0);
        double Loss(long seed, int steps)
        {
            var tuning = new FineTuning<LeNet>(
                net, NormStatistics.For(net), TunePlan.All(), Optim.Sgd(0.0))
            {
                Seed = seed,
            };
            TuneState state = tuning.Begin();
            double loss = 0;
            for (int i = 0; i < steps; i++) (state, loss) = tuning.Step(state, x, y);
            return loss;
        }
        Assert.Equal(Loss(1, 1), Loss(1, 1));
        Assert.NotEqual(Loss(1, 1), Loss(2, 1));
        Assert.NotEqual(Loss(1, 1), Loss(1, 2));

        var adapted = new WithLora<LeNet>(net, Lora.Create(
            Key.From(1), net, path => path.EndsWith("Weight", StringComparison.Ordinal), 2, 4));
        Tensor Dropped(long key) => adapted.Features(x, (n, z) => n.Forward(z), Key.From(key));
        Assert.True(Fake.Largest(Dropped(1), Dropped(2)) > 1e-4);
        Assert.True(Tree.AllClose(adapted.Head, adapted.Merged.Head, 0, 0));
    }

    [Fact]
    public void TuningAllIsThePlainLoop()
    {
        Optimizer adam = Optim.Adam(1e-3, weightDecay: 0.1);
        var tuning = Of(TunePlan.All(), adam);
        TuneState state = tuning.Begin();
        LeNet plain = Net;
        OptimizerState moments = adam.Init(plain);
        for (int i = 0; i < 3; i++)
        {
            var (x, y) = Fake.Batch(i);
            (state, double loss) = tuning.Step(state, x, y);
            var (value, gradient) = Grad.WithValue(
                (LeNet n) => Loss.CrossEntropy(n.Forward(x), y))(plain);
            Assert.Equal(value.Item(), loss, 1e-5);
            (plain, moments) = adam.Step(plain, gradient, moments);
        }
        Assert.Equal(3, state.Steps.Item<long>());
        Assert.True(Tree.AllClose(plain, tuning.Network(state), 1e-4, 1e-6));
    }

    [Fact]
    public void FrozenLeavesAreTheStartsAndDoNotDecay()
    {
        var tuning = Of(TunePlan.Head(Net), Optim.AdamW(1e-2, weightDecay: 0.5));
        TuneState state = tuning.Run(tuning.Begin(), Fake.Batch, 3);
        LeNet tuned = tuning.Network(state);
        Assert.Same(Net.First.Weight, tuned.First.Weight);
        Assert.Same(Net.Hidden.Bias, tuned.Hidden.Bias);
        Assert.True(Fake.Largest(Net.Head.Weight, tuned.Head.Weight) > 1e-2);
        // Nothing but the head, its two moments, its counts and a rate is kept.
        Assert.Equal(3 * (5000 + 10) + 5, state.ParameterCount());
    }

    [Fact]
    public void AGroupThatWaitsStaysAndThenTakesAdamsFirstStep()
    {
        const double rate = 1e-3;
        var tuning = Of(TunePlan.Gradual(Stages, stepsEach: 4), Optim.Adam(rate));
        TuneState state = tuning.Run(tuning.Begin(), Fake.Batch, 4);
        Assert.Equal(Net.Hidden.Weight.ToRaw(), tuning.Network(state).Hidden.Weight.ToRaw());
        Assert.Equal(0, state.Groups[2].Optimizer.Steps.Item<long>());

        state = tuning.Run(state, Fake.Batch, 5);
        LeNet tuned = tuning.Network(state);
        Assert.Equal(1, state.Groups[2].Optimizer.Steps.Item<long>());
        Assert.Equal(5, state.Groups[3].Optimizer.Steps.Item<long>());
        // Bias-corrected, Adam's first step is the rate, whatever the gradient. Counting from the
        // first step of the run would make it 2.7 times as long.
        Assert.Equal(rate, Fake.Largest(Net.Hidden.Weight, tuned.Hidden.Weight), 1e-5);
        Assert.Equal(Net.Second.Weight.ToRaw(), tuned.Second.Weight.ToRaw());
    }

    [Fact]
    public void EachGroupMovesAtItsRate()
    {
        var all = Of(TunePlan.All(), Optim.Sgd(0.1));
        var staged = Of(TunePlan.Discriminative(Stages, factor: 4), Optim.Sgd(0.1));
        LeNet a = all.Network(all.Run(all.Begin(), Fake.Batch, 1));
        LeNet b = staged.Network(staged.Run(staged.Begin(), Fake.Batch, 1));
        foreach (var (path, factor) in (ReadOnlySpan<(string, double)>)
            [("First.Weight", 64), ("Second.Weight", 16), ("Hidden.Weight", 4), ("Head.Bias", 1)])
        {
            Tensor Move(LeNet n) => Part.Of(n, p => p == path).Values[0]
                - Part.Of(Net, p => p == path).Values[0];
            Assert.True(Fake.Largest(Move(a), factor * Move(b)) < 1e-6, path);
        }
    }

    [Fact]
    public void AllGroupsFollowTheSameSchedule()
    {
        // The rate is the number of the step: 2 at the first step of the group that joins there.
        Optimizer sgd = Optim.Sgd(n => n.Cast(DType.Float64));
        var tuning = Of(
            new([new(Heads.In(Net)), new(p => p == "Hidden.Bias", From: 2)]), sgd);
        TuneState state = tuning.Run(tuning.Begin(), Fake.Batch, 2);
        LeNet before = tuning.Network(state);
        LeNet after = tuning.Network(tuning.Run(state, Fake.Batch, 3));
        var (x, y) = Fake.Batch(2);
        LeNet gradient = Grad.Of((LeNet n) => Loss.CrossEntropy(n.Forward(x), y))(before);
        Assert.True(Fake.Largest(
            before.Hidden.Bias! - 2 * gradient.Hidden.Bias!, after.Hidden.Bias!) < 1e-6);
    }

    [Fact]
    public void TheGradientIsClippedOverAllGroups()
    {
        var tuning = new FineTuning<LeNet>(
            Net, NormStatistics.For(Net), TunePlan.Discriminative(Stages, factor: 1),
            Optim.Sgd(1.0))
        {
            ClipNorm = 0.01,
        };
        LeNet tuned = tuning.Network(tuning.Run(tuning.Begin(), Fake.Batch, 1));
        LeNet move = tuned.Zip(Net, (a, b) => a - b);
        Assert.Equal(0.01, Math.Sqrt(Tree.Dot(move, move).Item()), 1e-5);
    }

    [Fact]
    public void FrozenLeavesCostNothingInTheBackwardPass()
    {
        (double Operations, long Peak, long Results) Cost(TunePlan plan)
        {
            var tuning = Of(plan, Optim.Adam(1e-3));
            tuning.Run(tuning.Begin(), Fake.Batch, 1);
            var trace = Assert.Single(tuning.Explain().Traces);
            return (trace.Operations, trace.PeakBytes, trace.ResultBytes);
        }
        var forward = Compile.Of((LeNet n, Tensor x, Tensor y) =>
            Loss.CrossEntropy(n.Forward(x), y));
        var (x, y) = Fake.Batch(0);
        forward(Net, x, y).Eval();
        double forwardOperations = Compile.Explain(forward).Operations;

        var (head, headPeak, headResults) = Cost(TunePlan.Head(Net));
        var (all, allPeak, allResults) = Cost(TunePlan.All());
        // Beyond the forward pass there is one product, that of the head's gradient.
        Assert.Equal(2 * 8 * 500 * 10, head - forwardOperations, 1.0);
        Assert.True(all > 2.5 * forwardOperations, $"{all} {forwardOperations}");
        // The head, its moments, and some scalars.
        Assert.InRange(headResults, 3 * 4 * 5010, 3 * 4 * 5010 + 1024);
        Assert.InRange(allResults, 3 * 4 * Net.ParameterCount(),
            3 * 4 * Net.ParameterCount() + 4096);
        Assert.True(headPeak < allPeak);
    }

    [DataFact("mobilenet_v1_025_224/model.json")]
    public void AFrozenMobileNetNeedsNoMoreThanItsForwardPass()
    {
        var (keras, statistics) = MobileNet.FromKeras(TensorFlowJs.Read(
            DataFactAttribute.Find("mobilenet_v1_025_224/model.json")!));
        MobileNet net = Heads.Replace(keras, Linear.Create(Key.From(0), 256, 7));
        Tensor x = Key.From(1).Normal([8, 3, 96, 96]).Eval();
        Tensor y = Key.From(2).Integers([8], 0, 7).Eval();
        long Peak(TunePlan plan)
        {
            var tuning = new FineTuning<MobileNet>(net, statistics, plan, Optim.Adam(1e-3));
            tuning.Step(tuning.Begin(), x, y);
            return tuning.Explain().Traces[0].PeakBytes;
        }
        var forward = Compile.Of((MobileNet n, Tensor x) => n.Forward(x, statistics));
        forward(net, x).Eval();
        long alone = Compile.Explain(forward).Traces[0].PeakBytes;
        long head = Peak(TunePlan.LinearProbe(net));
        long all = Peak(TunePlan.All() with { Norm = NormPolicy.Fixed });
        Assert.InRange(head, alone, alone + 65536);
        Assert.True(all > 4 * head, $"{all} {head}");
    }

    [Fact]
    public void SharedStatisticsMoveWithTheBatches()
    {
        Conv4 net = Digits.Conv4();
        var (x, y) = Fake.Batch(0);
        var tuning = Of(NormPolicy.Shared, net, NormStatistics.For(net));
        TuneState state = tuning.Step(tuning.Begin(), x, y).State;
        var (logits, moved) = net.Train(x, NormStatistics.For(net));
        Assert.True(Tree.AllClose(moved, state.Statistics, 1e-5, 1e-6));
        Assert.Equal(
            Loss.CrossEntropy(logits, y).Item(), tuning.Step(tuning.Begin(), x, y).Loss, 1e-5);
    }

    [Fact]
    public void FixedStatisticsStayAndAreUsed()
    {
        Conv4 net = Digits.Conv4();
        NormStatistics given = ByBatch(net, Fake.Batch(7).X);
        var tuning = Of(NormPolicy.Fixed, net, given);
        var (x, y) = Fake.Batch(0);
        var (state, loss) = tuning.Step(tuning.Begin(), x, y);
        Assert.True(Fake.Same(given, state.Statistics));
        Assert.Equal(Loss.CrossEntropy(net.Forward(x, given), y).Item(), loss, 1e-5);
        Assert.True(Tree.AllClose(
            tuning.Network(state).Forward(x, given), tuning.Predict(state, x), 1e-4, 1e-5));
    }

    [Fact]
    public void ADomainOfItsOwnHasTheMeanOfItsFirstBatches()
    {
        Conv4 net = Digits.Conv4();
        NormStatistics source = ByBatch(net, 5 * Fake.Batch(7).X + 3);
        var tuning = Of(NormPolicy.PerDomain, net, source);
        TuneState state = tuning.Run(tuning.Begin(), Fake.Batch, 3);
        NormStatistics[] batches =
            [.. Enumerable.Range(0, 3).Select(i => ByBatch(net, Fake.Batch(i).X))];
        NormStatistics mean = batches[0].Zip(
            batches[1], batches[2], (Tensor a, Tensor b, Tensor c) => (a + b + c) / 3);
        Assert.True(Tree.AllClose(mean, state.Statistics, 1e-4, 1e-5));
    }

    [Fact]
    public void AStepThatDivergesIsNotTaken()
    {
        var tuning = Of(TunePlan.All(), Optim.Sgd(1e30));
        TuneState state = tuning.Begin();
        Assert.Contains("FineTuning: step 1 diverged: the gradient or the leaves after it are not "
            + "finite. The state before that step is still valid. Lower the rate.",
            Fake.Error(() => tuning.Run(state, Fake.Batch, 1)));
        Assert.True(Fake.Same(Net, tuning.Network(state)));
        var (x, y) = Fake.Batch(0);
        Assert.Contains("step 1 diverged: the loss is NaN.",
            Fake.Error(() => tuning.Step(state, x / 0, y)));
    }
}
