// Files of weights: parts that are no tensors are compared, and parts of a model are loaded with a
// report of what else there was.
using Engine.Nn;

namespace Engine.NnTests;

public sealed class FilePartsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-parts-").FullName;

    private string File => Path.Combine(folder, "model.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void AnotherEpsilonIsRefused()
    {
        SafeTensors.Save(File, BatchNorm.Create(3, epsilon: 1e-3));
        Assert.Equal($"SafeTensors: {File} was saved with Epsilon = 0.001, but the model has 10. "
            + "Build the model with the value it was saved with; change it afterwards, if you "
            + "mean to.",
            Naive.Error(() => SafeTensors.Load(File, BatchNorm.Create(3, epsilon: 10))));
        Assert.Equal(1e-3, SafeTensors.Load(File, BatchNorm.Create(3, epsilon: 1e-3)).Epsilon);
    }

    [Fact]
    public void StaticPartsAreNamedByTheirPaths()
    {
        ResNet net = ResNet.Create18(Key.From(0), 3, filters: 2);
        SafeTensors.Save(File, net, new Dictionary<string, string> { ["note"] = "mine" });
        var (_, metadata) = SafeTensors.Read(File);
        Assert.Equal("mine", metadata["note"]);
        Assert.Equal("2", metadata["static:Stem.Convolution.Stride"]);
        Assert.Equal("2", metadata["static:Stages.0.Blocks.Length"]);
        Conv2d stem = net.Stem.Convolution;
        ResNet other = net with { Stem = net.Stem with { Convolution = stem with { Stride = 1 } } };
        Assert.Contains("saved with Stem.Convolution.Stride = 2, but the model has 1",
            Naive.Error(() => SafeTensors.Load(File, other)));
    }

    [Fact]
    public void FilesThatSayNothingOfThemAreLoaded()
    {
        BatchNorm norm = BatchNorm.Create(3, epsilon: 1e-3);
        SafeTensors.Save(File, StateDict.Of(norm)); // as PyTorch would: names and tensors alone
        Assert.Equal(10, SafeTensors.Load(
            File, BatchNorm.Create(3, epsilon: 10), StateDict.PyTorchName).Epsilon);
    }

    [Fact]
    public void ABodyIsLoadedUnderAnotherHead()
    {
        Conv4 trained = Conv4.Create(Key.From(0), 1, 16, filters: 2, ways: 5);
        SafeTensors.Save(File, trained);
        Conv4 fresh = Conv4.Create(Key.From(1), 1, 16, filters: 2, ways: 3);
        Func<string, bool> body = path => path.StartsWith("Blocks", StringComparison.Ordinal);
        var (loaded, leftOver) = SafeTensors.LoadPart(File, fresh, body);
        Assert.True(Tree.AllClose(trained with { Head = fresh.Head }, loaded, 0, 0));
        Assert.Equal(["Head.Bias", "Head.Weight"], leftOver);
        Assert.Contains("was not loaded: no leaf was chosen, of [Blocks.0.Convolution.Weight, ",
            Naive.Error(() => SafeTensors.LoadPart(File, fresh, path => path == "Body")));
        Assert.Contains("holds 'Head.Weight' as float32 (5, 2), but the model needs float32 (3, 2)",
            Naive.Error(() => SafeTensors.LoadPart(File, fresh, _ => true)));
        Assert.Contains("holds no 'blocks.0.convolution.weight'",
            Naive.Error(() => SafeTensors.LoadPart(File, fresh, body, StateDict.PyTorchName)));
    }

    [Fact]
    public void StaticPartsBesideChosenLeavesAreCompared()
    {
        ConvNorm saved = ConvNorm.Create(Key.From(0), 1, 2, stride: 2);
        SafeTensors.Save(File, saved);
        ConvNorm like = ConvNorm.Create(Key.From(1), 1, 2, stride: 1);
        var (loaded, _) = SafeTensors.LoadPart(
            File, like, path => path.StartsWith("Norm", StringComparison.Ordinal));
        Assert.Same(like.Convolution, loaded.Convolution);
        Assert.Contains("saved with Convolution.Stride = 2",
            Naive.Error(() => SafeTensors.LoadPart(File, like, path => path.Contains("Conv"))));
    }

    [Fact]
    public void AStateDictOfABodyComesWithItsStatistics()
    {
        ResNet trained = ResNet.Create18(Key.From(0), 3, filters: 2);
        NormStatistics seen = NormStatistics.For(trained).Map((Tensor t) => t + 1);
        Dictionary<string, Tensor> state =
            StateDict.Of(trained, seen, ResNet.TorchvisionName);
        state.Add("bn1.num_batches_tracked", Tensor.Scalar(3L));
        ResNet fresh = ResNet.Create18(Key.From(1), 7, filters: 2);
        var (model, statistics, leftOver) = StateDict.LoadPartWithStatistics(
            fresh, state, path => !path.StartsWith("Head", StringComparison.Ordinal),
            ResNet.TorchvisionName);
        Assert.True(Tree.AllClose(trained with { Head = fresh.Head }, model, 0, 0));
        Assert.True(Tree.AllClose(seen, statistics, 0, 0));
        Assert.Equal(["fc.bias", "fc.weight"], leftOver);
        // Without the normalisations' statistics they stay those of a new network.
        (model, statistics, _) = StateDict.LoadPartWithStatistics(
            fresh, state, path => path == "Stem.Convolution.Weight", ResNet.TorchvisionName);
        Assert.True(Tree.AllClose(NormStatistics.For(fresh), statistics, 0, 0));
        Assert.Same(trained.Stem.Convolution.Weight, model.Stem.Convolution.Weight);
    }
}
