// Labelled sets: that they are chosen and divided as asked, that batches depend on seed and step
// alone, and that what cannot be given is refused.
using Engine.Data;

namespace Engine.Tests.Data;

public class LabelledSetTests
{
    /// <summary>Example i has the values i and -i; the labels are 0, 1, 2, 0, 1, ...</summary>
    private static readonly LabelledSet Ten = LabelledSet.FromFloats(
        "ten", 2, [.. Enumerable.Range(0, 10).SelectMany(i => new float[] { i, -i })],
        [.. Enumerable.Range(0, 10).Select(i => i % 3)], ["a", "b", "c"]);

    private static int[] Numbers(LabelledSet set) => Numbers(set.All());

    private static int[] Numbers(LabelledBatch batch) =>
        [.. batch.X.ToArray<float>().Where((_, i) => i % 2 == 0).Select(v => (int)v)];

    [Fact]
    public void RowsKeepTheirValuesAndLabels()
    {
        LabelledSet some = Ten.Rows([7, 2, 2]).Range(0, 2);
        Assert.Equal([7, 2], Numbers(some));
        Assert.Equal([1, 2], some.Labels.ToArray());
        Assert.Equal(3, some.Classes.Length);
        Assert.Equal("ten: 2 examples of (2) in 3 classes", $"{some}");
    }

    [Fact]
    public void ExamplesInCommonAreCounted()
    {
        Assert.Equal(2, Ten.Range(0, 4).CountIn(Ten.Rows([3, 9, 2])));
        Assert.Equal(3, Ten.Rows([2, 2, 3]).CountIn(Ten.Range(0, 4)));
        var (some, others) = Ten.Sample(4, seed: 1);
        Assert.Equal(0, some.CountIn(others));
        Assert.Equal(4, some.CountIn(Ten.Sample(6, seed: 1).Chosen));
        // Values that were changed are another set's.
        Assert.Equal(0, Ten.Map(x => x.Clear()).CountIn(Ten));
        Assert.Equal(0, LabelledSet.FromFloats("other", 1, [0], [0], ["a"]).CountIn(Ten));
    }

    [Fact]
    public void ASampleAndTheOthersAreTheWhole()
    {
        var (chosen, others) = Ten.Sample(4, seed: 1);
        Assert.Equal(Enumerable.Range(0, 10), Numbers(chosen).Concat(Numbers(others)).Order());
        Assert.Equal(Numbers(chosen), Numbers(Ten.Split(0.4, seed: 1).Chosen));
        Assert.Equal(Numbers(chosen), Numbers(Ten.Sample(6, seed: 1).Chosen.Range(0, 4)));
        Assert.NotEqual(Numbers(chosen), Numbers(Ten.Sample(4, seed: 2).Chosen));
    }

    [Fact]
    public void SoManyOfEachClassAreChosen()
    {
        var (chosen, others) = Ten.PerClass(2, seed: 5);
        Assert.Equal([0, 0, 1, 1, 2, 2], chosen.Labels.ToArray());
        Assert.Equal(Enumerable.Range(0, 10), Numbers(chosen).Concat(Numbers(others)).Order());
        Assert.Equal(Numbers(others).Order(), Numbers(others));
    }

    [Fact]
    public void AnEpochHasEveryExampleOnceAndBatchesWrapIntoTheNext()
    {
        // Batches 0 to 9 of four are four epochs of ten.
        int[] drawn =
            [.. Enumerable.Range(0, 10).SelectMany(step => Numbers(Ten.Batch(3, step, 4)))];
        int[][] epochs = [.. drawn.Chunk(10)];
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 10), epoch.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
        // Larger than the set: still each example as often as the others, or once more.
        int[] large = Numbers(Ten.Batch(3, 0, 25));
        Assert.Equal(drawn[..25], large);
    }

    [Fact]
    public void ABatchIsAFunctionOfSeedAndStepWhateverWasDrawnBefore()
    {
        int[] later = Numbers(Ten.Batch(seed: 3, step: 1_000, size: 4));
        Ten.Batch(seed: 9, step: 2, size: 7);
        LabelledSet resumed = Ten.Rows(Enumerable.Range(0, 10));
        Assert.Equal(later, Numbers(resumed.Batch(seed: 3, step: 1_000, size: 4)));
        Assert.NotEqual(later, Numbers(Ten.Batch(seed: 4, step: 1_000, size: 4)));
    }

    [Fact]
    public void LabelsGoWithTheirExamples()
    {
        LabelledBatch batch = Ten.Batch(seed: 0, step: 5, size: 8);
        Assert.Equal(
            Numbers(batch).Select(i => (long)(i % 3)), batch.Y.ToArray<long>());
        Assert.Equal(["(8, 2)", "(8)"], new[] { $"{batch.X.Shape}", $"{batch.Y.Shape}" });
    }

    [Fact]
    public void ChunksAreAllExamplesInTheirOrder()
    {
        LabelledBatch[] chunks = [.. Ten.Chunks(4)];
        Assert.Equal([4, 4, 2], chunks.Select(c => c.Count));
        Assert.Equal(Enumerable.Range(0, 10), chunks.SelectMany(Numbers));
    }

    [Fact]
    public void ImagesOfClassesAreTakenInTheOrderOfTheirFile()
    {
        var classes = ImageClasses.FromBytes(
            "dots", 1, 1, 2, [0, 255, 51, 102, 0, 0], 255,
            [new("odd", "", [1]), new("even", "", [0, 2])]);
        LabelledSet set = LabelledSet.From(classes);
        Assert.Equal([1, 0, 1], set.Labels.ToArray());
        Assert.Equal([0, 1, 0.2f, 0.4f, 0, 0], set.All().X.ToArray<float>());
        Assert.Equal("(3, 1, 1, 2)", $"{set.All().X.Shape}");
    }

    [Fact]
    public void TasksAreDrawnFromALabelledSet()
    {
        var tasks = new EpisodeSampler(Ten, ways: 3, shots: 1, queries: 2);
        Episode task = Episode.From(tasks.Sample(0, 0, 1)).Task(0);
        Assert.Equal("(6, 2)", $"{task.QueryX.Shape}");
    }

    [Fact]
    public void ScalesAndOffsetsAreOfChannels()
    {
        LabelledSet scaled = Ten.Scaled([2, 1], [-1, 5]);
        Assert.Equal([5f, 2], scaled.Rows([3]).All().X.ToArray<float>());
        Assert.Equal([13f, -5], Ten.Scaled([2], [3]).Rows([5]).Scaled([1, 1], [0, 2]).All()
            .X.ToArray<float>());
        var image = LabelledSet.FromBytes("one", new[] { 2, 1, 2 }, [0, 1, 2, 3], 1, [0], ["a"]);
        Assert.Equal(
            [0f, 10, 3, 4], image.Scaled([10, 1], [0, 1]).All().X.ToArray<float>());
    }

    [Fact]
    public void StandardisedFeaturesHaveMeanZeroAndDeviationOne()
    {
        var set = LabelledSet.FromFloats(
            "three", 3, [1, 0.1f, 5, 3, 0.1f, 6, 8, 0.1f, 4], [0, 1, 0], ["a", "b"]);
        Tensor x = set.Standardised().All().X;
        Assert.All(x.Mean(0).ToArray<float>(), mean => Assert.Equal(0, mean, 1e-6));
        Assert.Equal(
            [1f, 0, 1], x.Square().Mean(0).ToArray<float>().Select(v => MathF.Round(v, 5)));
        // By another set: the first of it alone has that set's mean and no deviation.
        Assert.Equal(
            [0f, 0, 0, 2, 0, 1], set.Range(0, 2).Standardised(set.Range(0, 1)).All()
                .X.ToArray<float>());
    }

    [Fact]
    public void AFunctionChangesEveryExample()
    {
        LabelledSet halves = Ten.Map(x =>
        {
            foreach (ref float v in x) v /= 2;
        });
        Assert.Equal([1.5f, -1.5f], halves.Rows([3]).All().X.ToArray<float>());
        Assert.Equal([3, 4], Numbers(Ten.Range(3, 2)));
    }

    [Fact]
    public void MoreThanThereIsIsRefused()
    {
        Refused("ten: 11 examples asked for, but there are 10.", () => Ten.Sample(11, 0));
        Refused("ten: 4 examples of each class asked for, but there are 3 of 'b', 3 of 'c'. Ask "
            + "for fewer, or give more data.", () => Ten.PerClass(4, 0));
        Refused("ten: 3 examples from 8 on are not among the 10 there are.", () => Ten.Range(8, 3));
        Refused("ten: there is no example 10; examples are 0 to 9.", () => Ten.Rows([10]));
        Refused("ten: fraction 1.5 must lie in 0..1.", () => Ten.Split(1.5, 0));
        Refused("ten: has no examples to draw from.", () => Ten.Range(0, 0).Batch(0, 0, 1));
        Refused("ten: examples of (2) cannot be resized; images are (C, H, W).",
            () => Ten.Resize(3, 3));
        Refused("ten: examples of (2) need 1 or 2 scales and as many offsets, but got 3 and 1.",
            () => Ten.Scaled([1, 2, 3], [0]));
    }

    [Fact]
    public void ValuesAndLabelsThatDoNotFitAreRefused()
    {
        void Wrong(string message, Action make) =>
            Assert.Equal(message, Assert.Throws<DataException>(make).Message);
        Wrong("x: 2 labels need 2 examples of (2), but there are 3 values.",
            () => LabelledSet.FromBytes("x", 2, [1, 2, 3], 1, [0, 1], ["a", "b"]));
        Wrong("x: label 2 of example 1 has no name; with the names of 2 classes, labels are 0 to "
            + "1.", () => LabelledSet.FromBytes("x", 1, [1, 2], 1, [0, 2], ["a", "b"]));
        Wrong("x: example 1 holds NaN; every value must be finite. Leave such examples out, or "
            + "fill them in.",
            () => LabelledSet.FromFloats("x", 1, [1, float.NaN], [0, 1], ["a", "b"]));
    }

    private static void Refused(string message, Func<object> make) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(make).Message);
}
