// Continual learning: what is drawn, what one stream does, the curves, and that OML forgets less
// than fine-tuning.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class ContinualTests
{
    private static readonly Lazy<ClassSplit> Glyphs = new(ClassSplit.ByScript);

    private static ContinualExperiment Small => new(Glyphs.Value)
    {
        Filters = 8,
        Ways = 12,
        Shots = 5,
        Queries = 3,
        StreamSamples = 8,
        Remember = 32,
        Seed = 1,
        OuterRate = 3e-3,
        Rates = [0.003, 0.03, 0.3],
    };

    [Fact]
    public void AStreamIsNewClassesInOrderAndTheQueriesHoldItAndOthers()
    {
        var streams = new ClassStreams(Glyphs.Value.Train, 3, 4, 10);
        Episode drawn = streams.Sample(5, 2, 2);
        Assert.Equal(Glyphs.Value.Train.Classes.Length, drawn.Ways);
        Assert.Equal([2, 12, 1, 28, 28], drawn.SupportX.Shape.Sizes.ToArray());
        Assert.Equal([2, 22], drawn.QueryY.Shape.Sizes.ToArray());
        Assert.Equal(drawn.SupportX.ToRaw(), drawn.QueryX[.., ..12].ToRaw());
        long[] labels = drawn.SupportY[0].ToArray<long>();
        Assert.Equal(labels[..12], drawn.QueryY[0].ToArray<long>()[..12]);
        Assert.Equal(3, labels.Distinct().Count());
        Assert.All(labels.Chunk(4), ofClass => Assert.Single(ofClass.Distinct()));

        // Task 3 of a seed is the same however it is drawn, and an image is of its label's class.
        Assert.Equal(streams.Sample(5, 3, 1).QueryX.ToRaw(), drawn.QueryX[1..].ToRaw());
        float[] image = new float[784];
        float[] first = drawn.SupportX[0][0].ToArray<float>();
        Assert.Contains(Glyphs.Value.Train.Classes[(int)labels[0]].Images, row =>
        {
            Glyphs.Value.Train.CopyImage(row, image);
            return image.AsSpan().SequenceEqual(first);
        });
    }

    [Fact]
    public void StreamsThatCannotBeDrawnAreRefused()
    {
        string Of(int classes, int perClass) => Assert.Throws<ArgumentException>(
            () => new ClassStreams(Glyphs.Value.Validation, classes, perClass, 1)).Message;
        Assert.Equal(
            "classes: 52 exceeds the 51 classes of glyphs, validation; choose at most 51.",
            Of(52, 1));
        Assert.StartsWith("perClass: 21 exceeds the 20 images of class", Of(1, 21));
        Assert.StartsWith("classes: 0 is too few", Of(0, 1));
    }

    [Fact]
    public void OnlineLearningIsOneStepASampleFromAHeadThatForgets()
    {
        Oml<PlainConv, Linear> oml = Oml.Of(0.5);
        Linear head = new(
            Key.From(1).Normal([4, 3], DType.Float64), Key.From(2).Normal(4, DType.Float64));
        Linear forgot = Oml.Forget(head, Tensor.From(new long[] { 2, 0, 2 }));
        double[] w = head.Weight.ToDoubles(), kept = forgot.Weight.ToDoubles();
        for (int i = 0; i < 12; i++) Assert.Equal(i / 3 is 0 or 2 ? 0 : w[i], kept[i]);
        Assert.Equal(
            [0, head.Bias![1].Item(), 0, head.Bias[3].Item()], forgot.Bias!.ToDoubles());

        // By hand: softmax minus one-hot, times the features, sample by sample.
        Tensor features = Key.From(3).Normal([3, 3], DType.Float64);
        long[] labels = [2, 0, 2];
        double[] bias = forgot.Bias.ToDoubles(), x = features.ToDoubles();
        for (int n = 0; n < 3; n++)
        {
            double[] e = [.. Enumerable.Range(0, 4).Select(c => Math.Exp(bias[c]
                + Enumerable.Range(0, 3).Sum(j => kept[3 * c + j] * x[3 * n + j])))];
            double sum = e.Sum();
            for (int c = 0; c < 4; c++)
            {
                double error = e[c] / sum - (labels[n] == c ? 1 : 0);
                bias[c] -= 0.5 * error;
                for (int j = 0; j < 3; j++) kept[3 * c + j] -= 0.5 * error * x[3 * n + j];
            }
        }
        Linear learned = oml.Online(forgot, features, Tensor.From(labels), 3).Last();
        Assert.True(Tree.AllClose(
            new Linear(Tensor.From(kept, [4, 3]), Tensor.From(bias)), learned, 1e-12, 1e-12));
    }

    [Fact]
    public void AccuracyAndForgettingAreWhatTheyAreInAPlainLoop()
    {
        // Points on which a linear layer at a high rate forgets.
        const int ways = 3, shots = 2, queries = 2;
        Tensor x = Key.From(1).Normal([2, ways * shots, 4], DType.Float64);
        Tensor Labels(int n) => Tensor.Arange(ways).Reshape(1, ways, 1)
            .BroadcastTo([2, ways, n]).Reshape(2, ways * n);
        Episode sequences = new(
            x, Labels(shots), x + 0.1, Labels(queries), ways);
        var zero = new Linear(
            Tensor.Zeros([ways, 4], DType.Float64), Tensor.Zeros(ways, DType.Float64));
        ContinualCurves curves =
            Continual.Run(zero, (h, f) => h.Forward(f), 2.0, sequences);

        double[] seen = new double[ways], forgotten = new double[ways];
        for (int s = 0; s < 2; s++)
        {
            Episode one = sequences.Task(s);
            Linear head = zero;
            double[] whenNew = new double[ways];
            for (int t = 0; t < ways; t++)
            {
                for (int i = t * shots; i < (t + 1) * shots; i++)
                {
                    Linear gradient = Grad.Of((Linear h) => Loss.CrossEntropy(
                        h.Forward(one.SupportX[i..(i + 1)]), one.SupportY[i..(i + 1)]))(head);
                    head = head.Zip(gradient, (w, g) => w - 2.0 * g);
                }
                double[] now = [.. Enumerable.Range(0, ways).Select(w => Loss.Accuracy(
                    head.Forward(one.QueryX[(w * queries)..((w + 1) * queries)]),
                    one.QueryY[(w * queries)..((w + 1) * queries)]).Item())];
                whenNew[t] = now[t];
                seen[t] += now[..(t + 1)].Average() / 2;
                for (int w = 0; w < t; w++) forgotten[t] += (whenNew[w] - now[w]) / t / 2;
            }
        }
        for (int t = 0; t < ways; t++)
        {
            Assert.Equal(seen[t], curves.Seen[t], 1e-6);
            Assert.Equal(forgotten[t], curves.Forgotten[t], 1e-6);
        }
        Assert.True(curves.Forgotten[^1] > 0);
        Assert.Equal(curves.Seen[^1], curves.Final.Average(), 1e-6);
    }

    [Fact]
    public void OmlForgetsLessThanFineTuningAndScratch()
    {
        ContinualExperiment experiment = Small;
        var oml = experiment.TrainOml(200);
        var classifier = experiment.TrainClassifier(200);
        ContinualCurves kept = experiment.Evaluate(ContinualLearner.Oml, oml, 4);
        ContinualCurves tuned = experiment.Evaluate(ContinualLearner.Pretrained, classifier, 4);
        ContinualCurves moved = experiment.Evaluate(ContinualLearner.FineTuned, classifier, 4);
        ContinualCurves scratch =
            experiment.Evaluate(ContinualLearner.Scratch, experiment.Start(), 4);
        string all = $"{kept.Seen[^1]} {tuned.Seen[^1]} {moved.Seen[^1]} {scratch.Seen[^1]}";
        Assert.True(kept.Seen[^1] > tuned.Seen[^1] + 0.05, all);
        Assert.True(kept.Seen[^1] > moved.Seen[^1] + 0.05, all);
        // Fine-tuning begins where the frozen features are, and moves them.
        Assert.NotEqual(tuned.Seen, moved.Seen);
        Assert.True(kept.Seen[^1] > scratch.Seen[^1] + 0.05, all);
        Assert.Equal(12, kept.Seen.Count);
        Assert.Contains(kept.Rate, experiment.Rates);
    }

    /// <summary>All rates are learned on the same sequences, which are read once.</summary>
    [Fact]
    public void RatesAreTriedOnOneDrawing()
    {
        Episode sequences = new(
            Key.From(1).Normal([2, 6, 4]), Tensor.From(new long[] { 0, 0, 1, 1, 2, 2 }, [1, 6])
                .BroadcastTo([2, 6]).Eval(),
            Key.From(2).Normal([2, 3, 4]),
            Tensor.Arange(3).ExpandDims(0).BroadcastTo([2, 3]).Eval(), Ways: 3);
        var zero = new Linear(Tensor.Zeros([3, 4]), Tensor.Zeros(3));
        int traced = 0;
        Tensor Forward(Linear head, Tensor x)
        {
            traced++;
            return head.Forward(x);
        }

        Func<double, ContinualCurves> learn = Continual.AtRates(zero, Forward, sequences);
        ContinualCurves first = learn(0.1);
        int once = traced;
        ContinualCurves second = learn(3);
        Assert.Equal(once, traced);
        Assert.Equal((0.1, 3), (first.Rate, second.Rate));
        Assert.Equal(Continual.Run(zero, Forward, 0.1, sequences).Seen, first.Seen);
        Assert.Equal(Continual.Run(zero, Forward, 3, sequences).Seen, second.Seen);
    }

    [Fact]
    public void TheSameSeedGivesTheSameBitsAndTrainingCanBeStopped()
    {
        ContinualExperiment experiment = Small;
        var a = experiment.TrainOml(3);
        var b = experiment.TrainOml(3);
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
        ContinualCurves first = experiment.Evaluate(ContinualLearner.Oml, a, 2);
        ContinualCurves again = experiment.Evaluate(ContinualLearner.Oml, b, 2);
        Assert.Equal(first.Seen, again.Seen);
        Assert.NotEqual(
            a.Leaves()[0].ToRaw(), (experiment with { Seed = 2 }).TrainOml(3).Leaves()[0].ToRaw());

        using var stop = new CancellationTokenSource();
        long last = 0;
        Assert.Throws<OperationCanceledException>(() => experiment.TrainOml(
            10,
            (step, _) =>
            {
                last = step;
                if (step == 2) stop.Cancel();
            },
            stop.Token));
        Assert.Equal(2, last);
    }

    [Fact]
    public void WhatCannotWorkIsRefusedWithAReason()
    {
        Episode streams = new ClassStreams(Glyphs.Value.Train, 1, 3, 2).Sample(1, 0, 1);
        PlainConv network = PlainConv.Create(Key.From(1), 1, 2, 2);
        var start = Oml<PlainConv, Linear>.Begin(
            network, Linear.Create(Key.From(1), network.FeatureCount(28), 350));
        Assert.Equal(
            "Oml: 5 inner steps, but the stream has 3 samples, one a step. Draw longer streams.",
            Assert.Throws<EngineException>(() =>
                Oml.Of(0.1).Method.Predictions(start, streams.Task(0), [0, 5])).Message);
        Episode few = streams.Task(0);
        Assert.Equal(
            "Oml: 2 query samples after a stream of 3. Let the query set begin with the stream.",
            Assert.Throws<EngineException>(() => Oml.Of(0.1).Method.Predictions(
                start, few with { QueryX = few.QueryX[..2] }, [0, 3])).Message);
        Assert.StartsWith(
            "Continual: no rates to choose from",
            Assert.Throws<EngineException>(() => Continual.BestRate([], _ => null!)).Message);
        Assert.StartsWith(
            "Continual: 3 samples to learn of 2 classes",
            Assert.Throws<EngineException>(() => Continual.Run(
                start.Prediction, (h, f) => h.Forward(f), 0.1, new(
                    Tensor.Zeros([2, 3, 4]), Tensor.Zeros([2, 3], DType.Int64),
                    Tensor.Zeros([2, 2, 4]), Tensor.Zeros([2, 2], DType.Int64), Ways: 2))).Message);
        Assert.StartsWith(
            "Continual: 1 sequences of 350 classes",
            Assert.Throws<EngineException>(() => Continual.Run(
                start.Prediction, (h, f) => h.Forward(f), 0.1, streams)).Message);
    }
}
