// The recipe of three stages: what each stage starts from, that it can be stopped anywhere, and
// that a stage can be left out.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public class PipelineTests
{
    private static readonly LabelledSet Fonts =
        LabelledSet.From(EmbeddedData.FontDigits).Resize(16, 16);

    private static readonly LabelledSet Few =
        LabelledSet.From(EmbeddedData.Mnist).Resize(16, 16).PerClass(2, seed: 0).Chosen;

    [Theory]
    [InlineData(2)] // in pre-training
    [InlineData(4)] // between two stages
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(9)] // in fine-tuning
    public void ARunStoppedAnywhereEndsWithTheBitsOfOneThatWasNot(int stop)
    {
        foreach (bool anil in (bool[])[false, true])
        {
            Pipeline<Conv4> pipeline = Small(anil: anil);
            var seen = new List<(PipelineStage Stage, long Step)>();
            PipelineState<Conv4> whole = pipeline.Run(
                pipeline.Begin(), (stage, step, _) => seen.Add((stage, step)));
            Assert.Equal(
                [
                    .. from stage in Enum.GetValues<PipelineStage>()
                       from step in Enumerable.Range(1, stage == PipelineStage.Pretraining ? 4 : 3)
                       select (stage, (long)step),
                ],
                seen);
            string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            try
            {
                PipelineState<Conv4> half = pipeline.Run(pipeline.Begin(), steps: stop);
                half.Save(file);
                PipelineState<Conv4> loaded = pipeline.Load(file);
                Assert.True(Fake.Same(half, loaded));
                Assert.Equal((half.Stage, half.Steps), (loaded.Stage, loaded.Steps));
                Assert.True(Fake.Same(whole, pipeline.Run(loaded)));
            }
            finally
            {
                File.Delete(file);
            }
        }
    }

    [Fact]
    public void TheBodyGoesOnAndHeadsAreOfTheClasses()
    {
        Pipeline<Conv4> pipeline = Small();
        PipelineState<Conv4> pretrained = pipeline.Run(pipeline.Begin(), steps: 4);
        Assert.Equal(PipelineStage.Pretraining, pretrained.Stage);
        Assert.Equal(10, pretrained.Read().Network.Head.Weight.Shape[0]);
        Assert.False(Fake.Same(pretrained.Read().Network.Blocks[0], pipeline.Network.Blocks[0]));
        PipelineState<Conv4> first = pipeline.Run(pretrained, steps: 1);
        Assert.Equal(PipelineStage.MetaLearning, first.Stage);
        Assert.Equal(3, first.Start.Network.Head.Weight.Shape[0]);
        Assert.True(Fake.Same(first.Start.Network.Blocks[0], pretrained.Read().Network.Blocks[0]));
        PipelineState<Conv4> learned = pipeline.Run(first, steps: 2);
        PipelineState<Conv4> tuned = pipeline.Run(learned);
        Assert.Equal(PipelineStage.FineTuning, tuned.Stage);
        Assert.Equal(10, tuned.Start.Network.Head.Weight.Shape[0]);
        Assert.True(Fake.Same(tuned.Start.Network.Blocks[0], learned.Read().Network.Blocks[0]));
        Assert.Same(tuned, pipeline.Run(tuned)); // nothing is left to do
    }

    [Fact]
    public void AMetaLearnedHeadIsKeptForAsManyClasses()
    {
        Pipeline<Conv4> pipeline = Small(ways: 10);
        PipelineState<Conv4> learned = pipeline.Run(pipeline.Begin(), steps: 7);
        PipelineState<Conv4> tuned = pipeline.Run(learned, steps: 1);
        Assert.Same(learned.Read().Network.Head.Weight, tuned.Start.Network.Head.Weight);
        // A pre-trained one is not: its classes are others, even if they are as many.
        Pipeline<Conv4> direct = pipeline with { Second = pipeline.Second with { Steps = 0 } };
        PipelineState<Conv4> without = direct.Run(direct.Begin());
        PipelineState<Conv4> pretrained = pipeline.Run(pipeline.Begin(), steps: 4);
        Assert.False(Fake.Same(pretrained.Read().Network.Head, without.Start.Network.Head));
    }

    [Fact]
    public void StagesAreLeftOutAndShared()
    {
        Pipeline<Conv4> all = Small();
        Pipeline<Conv4> scratch = all with
        {
            First = all.First with { Steps = 0 },
            Second = all.Second with { Steps = 0 },
        };
        PipelineState<Conv4> state = scratch.Begin();
        Assert.Equal(PipelineStage.FineTuning, state.Stage);
        Assert.True(Fake.Same(state.Start.Network.Blocks[0], all.Network.Blocks[0]));

        // What two pipelines have in common is computed once.
        Pipeline<Conv4> direct = all with { Second = all.Second with { Steps = 0 } };
        PipelineState<Conv4> pretrained = all.Run(all.Begin(), steps: 4);
        Assert.True(Fake.Same(direct.Run(direct.Begin()), direct.Run(pretrained)));
        Pipeline<Conv4> none = scratch with { Third = scratch.Third with { Steps = 0 } };
        Assert.Contains("no stage has any steps", Fake.Error(() => none.Begin()));
    }

    [Fact]
    public void FineTuningNeedsStatisticsOfItsOwnAfterMetaLearning()
    {
        Pipeline<Conv4> pipeline = Small();
        pipeline = pipeline with { Third = pipeline.Third with { Plan = _ => TunePlan.All() } };
        Assert.Contains("keeps no running statistics", Fake.Error(
            () => pipeline.Run(pipeline.Begin())));
        // A network without batch normalisation has none to lose.
        LeNet net = Digits.LeNet();
        var plain = new Pipeline<LeNet>(
            net, new(Fonts, 1, Optim.Adam(1e-3), 8),
            new(n => new Maml<LeNet>(Objective.OfImages(n), 1, 0.1).Method, Tasks(10), 10, 1,
                Optim.Adam(1e-3), 1),
            new(Few, 1, Optim.Adam(1e-3), TunePlan.Head, 8), Seed: 0);
        PipelineState<LeNet> end = plain.Run(plain.Begin());
        Assert.Same(end.Start.Network.First.Weight, end.Read().Network.First.Weight);
        Assert.False(Fake.Same(end.Start.Network.Head, end.Read().Network.Head));
    }

    [Fact]
    public void FilesOfOtherPipelinesAreRefused()
    {
        Pipeline<Conv4> pipeline = Small();
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            SafeTensors.Save(file, pipeline.Network);
            Assert.Contains("does not say at which stage", Fake.Error(() => pipeline.Load(file)));
            pipeline.Run(pipeline.Begin(), steps: 5).Save(file);
            Assert.Contains("Head.Weight", Fake.Error(() => Small(ways: 5).Load(file)));
            pipeline.Run(pipeline.Begin(), steps: 9).Save(file);
            Pipeline<Conv4> head = pipeline with
            {
                Third = pipeline.Third with
                {
                    Plan = net => TunePlan.Head(net) with { Norm = NormPolicy.PerDomain },
                },
            };
            Assert.Throws<EngineException>(() => head.Load(file));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void TheRecipeLearnsEachStage()
    {
        Pipeline<Conv4> small = Small(ways: 5);
        Pipeline<Conv4> pipeline = small with
        {
            Network = Conv4.Create(Key.From(3), 1, 16, 8, 5),
            First = small.First with { Steps = 60, Batch = 32 },
            Second = small.Second with { Steps = 80, MetaBatch = 4 },
            Third = small.Third with { Steps = 40, Batch = 20 },
        };
        var losses = new Dictionary<PipelineStage, List<double>>();
        foreach (PipelineStage stage in Enum.GetValues<PipelineStage>()) losses[stage] = [];
        PipelineState<Conv4> end = pipeline.Run(
            pipeline.Begin(), (stage, _, loss) => losses[stage].Add(loss));
        foreach (var (stage, all) in losses)
            Assert.True(
                all[^5..].Average() < 0.8 * all[0],
                $"{stage}: {all[0]} to {all[^5..].Average()}");
        LabelledSet others =
            LabelledSet.From(EmbeddedData.Mnist).Resize(16, 16).PerClass(2, seed: 0).Others;
        double accuracy = Outputs.Of(end.Read(), others).Accuracy;
        Assert.True(accuracy > 0.3, $"{accuracy}"); // of ten classes, from two labels of each
    }

    private static Pipeline<Conv4> Small(int ways = 3, bool anil = false) => new(
        Conv4.Create(Key.From(0), 1, 16, 4, 2),
        new(Fonts, 4, Optim.Adam(1e-2), 8),
        new(
            net => anil
                ? Anil.Of(Objective.OfImages(net), 2, 0.4).Method
                : new Maml<Conv4>(Objective.OfImages(net), 1, 0.4).Method,
            Tasks(ways), ways, 3, Optim.Adam(1e-2), MetaBatch: 2),
        new(
            Few, 3, Optim.Adam(1e-2), _ => TunePlan.All() with { Norm = NormPolicy.PerDomain },
            Batch: 8),
        Seed: 5);

    private static EpisodeSampler Tasks(int ways) => new(Fonts, ways, 2, 2);
}
