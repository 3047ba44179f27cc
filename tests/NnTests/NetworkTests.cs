// Whole networks: state dicts that PyTorch wrote load and give PyTorch's logits in both modes of
// batch normalisation; shapes, parameter counts and transforms of each.
using Engine.Nn;

namespace Engine.NnTests;

public class NetworkTests
{
    private static readonly Key Any = Key.From(4);

    private static readonly Lazy<Dictionary<string, Tensor>> Expected =
        new(() => Fixture.Read("networks.npz"));

    private static void CheckAgainstPyTorch<T>(
        string name, T like, Func<string, string> names, string lastNorm) where T : IFeatureNetwork
    {
        var (tensors, _) = SafeTensors.Read(Fixture.PathOf(name + ".safetensors"));
        var (model, statistics) = StateDict.LoadWithStatistics(like, tensors, names);
        Tensor x = Expected.Value[name + "/x"];
        Fixture.Near(Expected.Value[name + "/infer"], model.Forward(x, statistics), 1e-5);
        Fixture.Near(Expected.Value[name + "/batch"], model.Forward(x), 1e-5);
        var (logits, moved) = model.Train(x, statistics);
        Fixture.Near(Expected.Value[name + "/batch"], logits, 1e-5);
        Fixture.Near(
            Expected.Value[name + "/moved"], StateDict.Of(model, moved, names)[lastNorm], 1e-5);

        Dictionary<string, Tensor> back = StateDict.Of(model, statistics, names);
        foreach (var (key, tensor) in back) Assert.Equal(tensors[key].ToRaw(), tensor.ToRaw());
        Assert.Equal(tensors.Keys.Count(k => !k.EndsWith("num_batches_tracked")), back.Count);
    }

    /// <summary>Gradient check, per-task weights under Vmap, and Compile, at a tiny size.</summary>
    private static void CheckTransforms<T>(T model, Tensor x) where T : IFeatureNetwork
    {
        T other = model.Map((Tensor leaf) => leaf * 0.9 + 0.01);
        T both = model.Zip(other, (a, b) => Tensor.Stack([a, b]));
        Tensor mapped = Vmap.Of((T m) => m.Forward(x))(both);
        Tensor each = Tensor.Stack([model.Forward(x), other.Forward(x)]);
        Fixture.Near(each, mapped, 2e-5);
        Fixture.Near(each[0], Compile.Of((T m, Tensor t) => m.Forward(t))(model, x), 1e-5);
        NormStatistics statistics = NormStatistics.For(model);
        var train = Compile.Of((T m, NormStatistics s, Tensor t) => m.Train(t, s));
        var (logits, moved) = train(model, statistics, x);
        Fixture.Near(each[0], logits, 1e-5);
        Assert.True(Tree.AllClose(model.Train(x, statistics).Statistics, moved, 1e-4, 1e-6));
        T gradient = Grad.Of((T m) => m.Forward(x).Square().Sum())(model);
        Assert.All(gradient.Leaves(), g => Assert.True(double.IsFinite(g.Abs().Max().Item())));
        Assert.StartsWith(typeof(T).Name, model.ToString());
    }

    [Fact]
    public void Conv4EqualsPyTorch() => CheckAgainstPyTorch(
        "conv4", Conv4.Create(Any, 3, 32, 8, 5),
        path => StateDict.PyTorchName(path
            .Replace("Blocks", "Features").Replace("Convolution", "Conv").Replace("Head", "Fc")),
        "features.3.norm.running_var");

    [Fact]
    public void ResNet18EqualsPyTorch() => CheckAgainstPyTorch(
        "resnet18", ResNet.Create18(Any, 7, filters: 4), ResNet.TorchvisionName,
        "layer4.1.bn2.running_var");

    [Fact]
    public void ResNet12EqualsPyTorch() => CheckAgainstPyTorch(
        "resnet12", ResNet12.Create(Any, 5, filters: [4, 6, 8, 12]), ResNet12Name,
        "layer4.downsample.1.running_var");

    private static string ResNet12Name(string path)
    {
        string[] parts = path.Split('.');
        string leaf = StateDict.PyTorchName(parts[^1]);
        if (parts[0] == "Head") return "fc." + leaf;
        string kind = parts[3] == "Norm" ? "bn" : "conv";
        string place = parts[2] switch
        {
            "First" => kind + "1",
            "Second" => kind + "2",
            "Third" => kind + "3",
            _ => parts[3] == "Norm" ? "downsample.1" : "downsample.0",
        };
        return $"layer{int.Parse(parts[1]) + 1}.{place}.{leaf}";
    }

    [Fact]
    public void ParameterCountsAreThePapers()
    {
        Assert.Equal(11_689_512, ResNet.Create18(Any, 1000).ParameterCount());
        Assert.Equal(21_797_672, ResNet.Create34(Any, 1000).ParameterCount());
        Assert.Equal(12_424_320 + 640 * 64 + 64, ResNet12.Create(Any, 64).ParameterCount());
        Assert.Equal(431_080, LeNet.Create(Any, 10).ParameterCount());
        MobileNet mobile = MobileNet.Create(Any, 1000, width: 0.25);
        Assert.Equal(
            475_544, mobile.ParameterCount() + NormStatistics.For(mobile).ParameterCount());
    }

    [Fact]
    public void NetworksTransform()
    {
        Tensor Images(int channels, int size) => Key.From(6).Normal([5, channels, size, size]);
        CheckTransforms(Conv4.Create(Any, 1, 16, 2, 3), Images(1, 16));
        CheckTransforms(ResNet.Create18(Any, 3, filters: 2), Images(3, 32));
        CheckTransforms(ResNet12.Create(Any, 3, filters: [2, 3]), Images(3, 8));
        CheckTransforms(MobileNet.Create(Any, 3, width: 1 / 16.0), Images(3, 33));
        LeNet digits = LeNet.Create(Any, 10, size: 16);
        Tensor logits = digits.Forward(Images(1, 16));
        Assert.Equal(Shape.Of(5, 10), logits.Shape);
        Fixture.Near(logits, digits.Forward(Images(1, 16), NormStatistics.For(digits)), 1e-6);
        Assert.Equal(500, digits.Features(Images(1, 16)).Shape[1]);
    }

    [Fact]
    public void AResidualBlockHasRightDerivatives()
    {
        BasicBlock block = BasicBlock.Create(Any, 2, 3, stride: 2, DType.Float64);
        Tensor x = Key.From(7).Normal([3, 2, 4, 4], DType.Float64);
        var check = GradCheck.Run(
            (BasicBlock b) => b.Forward(x, (norm, h) => norm.Forward(h)),
            block, order: 2, step: 1e-5);
        Assert.True(check.Error < 1e-4, $"{check}");
        Assert.Null(BasicBlock.Create(Any, 3, 3).Shortcut);
    }

    [Fact]
    public void NetworksExplainWrongUse()
    {
        Assert.Equal("LeNet: images of 15 x 15 vanish in two convolutions and poolings. Give "
            + "images of at least 16 x 16.", Naive.Error(() => LeNet.Create(Any, 10, size: 15)));
        Assert.Equal("MobileNet: width 0.01 leaves no filters. Give 1/32 or more.",
            Naive.Error(() => MobileNet.Create(Any, 10, width: 0.01)));
        Assert.StartsWith("MobileNet: the weights have no conv1/kernel",
            Naive.Error(() => MobileNet.FromKeras(new Dictionary<string, Tensor>())));
        Assert.Equal("ResNet: 'Body.Weight' is not a path of a ResNet.",
            Naive.Error(() => ResNet.TorchvisionName("Body.Weight")));
    }

    [Fact]
    public void StateDictsExplainWhatIsWrong()
    {
        Linear like = Linear.Create(Any, 2, 3);
        Dictionary<string, Tensor> state = StateDict.Of(like);
        Assert.Equal(["weight", "bias"], state.Keys);
        string Error(Action<Dictionary<string, Tensor>> change)
        {
            var changed = new Dictionary<string, Tensor>(state);
            change(changed);
            return Naive.Error(() => StateDict.Load(like, changed));
        }
        Assert.Equal("StateDict: the state holds no 'bias', which the model needs as Bias. Was it "
            + "saved by another kind of model?", Error(s => s.Remove("bias")));
        Assert.Equal("StateDict: the state holds 'scale', which the model lacks. Was it saved by "
            + "another kind of model?", Error(s => s["scale"] = like.Weight));
        Assert.Equal("StateDict: the state holds 'bias' as float32 (3, 2), but the model needs "
            + "float32 (3). Build the model with the sizes it was saved with.",
            Error(s => s["bias"] = like.Weight));
        state["num_batches_tracked"] = Tensor.Scalar(3L);
        Assert.Same(like.Weight, StateDict.Load(like, state).Weight);
    }

    [Theory]
    [InlineData("Norm.Scale", "norm.weight")]
    [InlineData("Encoder.Layers.3.LinearIn.Bias", "encoder.layers.3.linear_in.bias")]
    [InlineData("Body.Cells.0.InputWeight", "body.weight_ih_l0")]
    [InlineData("Reversed.12.HiddenBias", "bias_hh_l12_reverse")]
    [InlineData("Cell.InputWeight", "cell.weight_ih")]
    [InlineData("Attention.OutProjection.Weight", "attention.out_proj.weight")]
    [InlineData("Conv1.Weight", "conv1.weight")]
    [InlineData("Subcells.0.Weight", "subcells.0.weight")]
    public void NamesArePyTorchs(string path, string name) =>
        Assert.Equal(name, StateDict.PyTorchName(path));
}
