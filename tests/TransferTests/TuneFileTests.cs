// Tests of runs in files: a resumed run is the uninterrupted one, and a file of another run is
// refused.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

public sealed class TuneFileTests : IDisposable
{
    private static readonly Conv4 Net = Digits.Conv4();

    private readonly string folder =
        Directory.CreateTempSubdirectory("engine-transfer-").FullName;

    private string File => Path.Combine(folder, "tuned.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static FineTuning<Conv4> Gradual(int stepsEach = 2, Conv4? net = null) =>
        new(net ?? Net, NormStatistics.For(Net),
            TunePlan.Gradual(TunePlan.Stages(Net), stepsEach),
            Optim.Adam(Schedule.Cosine(1e-2, 12), weightDecay: 0.1))
        {
            Penalty = v => L2Sp.Penalty(v.Network, v.Start, 0.1, 0.1),
        };

    [Theory, InlineData(1), InlineData(3), InlineData(7)]
    public void AResumedRunIsTheUninterruptedOne(int stop)
    {
        TuneState whole = Gradual().Run(Gradual().Begin(), Fake.Batch, 9);

        var first = Gradual();
        first.Save(File, first.Run(first.Begin(), Fake.Batch, stop));
        var second = Gradual();
        TuneState resumed = second.Load(File);
        Assert.Equal(stop, resumed.Steps.Item<long>());
        Assert.True(Fake.Same(whole, second.Run(resumed, Fake.Batch, 9)));
    }

    [Fact]
    public void TheFileNamesLeavesByTheirPathsAndNothingFrozen()
    {
        var tuning = new FineTuning<Conv4>(
            Net, NormStatistics.For(Net), TunePlan.LinearProbe(Net), Optim.Sgd(0.1));
        tuning.Save(File, tuning.Begin());
        var (tensors, metadata) = SafeTensors.Read(File);
        Assert.Equal(["Groups.0.Part.Head.Weight", "Groups.0.Part.Head.Bias"],
            tensors.Keys.Where(k => k.StartsWith("Groups.0.Part", StringComparison.Ordinal)));
        Assert.DoesNotContain(tensors.Keys, k => k.Contains("Blocks"));
        Assert.Equal("1 from step 0: Head.Weight, Head.Bias; statistics Fixed", metadata["plan"]);
    }

    [Fact]
    public void AFileOfAnotherRunIsRefused()
    {
        Gradual().Save(File, Gradual().Begin());
        Assert.Contains("Go on by the plan that it began with.",
            Fake.Error(() => Gradual(stepsEach: 3).Load(File)));
        Assert.Equal($"FineTuning: {File} is of a run that started from other values of Conv4 or "
            + "its statistics. Start from the same ones.",
            Fake.Error(() => Gradual(net: Digits.Conv4(seed: 1)).Load(File)));
        SafeTensors.Save(File, Net);
        Assert.Contains("is no run of fine-tuning", Fake.Error(() => Gradual().Load(File)));
        System.IO.File.WriteAllBytes(File, [1, 2, 3]);
        Assert.Contains("is damaged", Fake.Error(() => Gradual().Load(File)));
    }
}
