// MobileNet v1 against PyTorch: a narrow network in Keras's names and layout, and the published
// weights (alpha 0.25, 224 x 224), which are not part of the project: ENGINE_DATA names the folder
// that holds mobilenet_v1_025_224 and pacs32, else shared/data above the tests is looked for.
using Engine.Data;
using Engine.Nn;
using Engine.Tests;

namespace Engine.NnTests;

public class MobileNetTests
{
    private const string Weights = "mobilenet_v1_025_224/model.json";
    private const string Photos = "pacs32-images.idx.gz";
    private const int Size = 224;

    private static readonly Lazy<Dictionary<string, Tensor>> Expected =
        new(() => Fixture.Read("mobilenet.npz"));

    private static (MobileNet Model, NormStatistics Statistics) Published() =>
        MobileNet.FromKeras(TensorFlowJs.Read(DataFactAttribute.Find(Weights)!));

    [Fact]
    public void ANarrowNetworkEqualsPyTorch()
    {
        const string prefix = "weights/";
        var weights = Expected.Value.Where(a => a.Key.StartsWith(prefix))
            .ToDictionary(a => a.Key[prefix.Length..], a => a.Value);
        var (model, statistics) = MobileNet.FromKeras(weights);
        Fixture.Near(
            Expected.Value["logits"], model.Forward(Expected.Value["x"], statistics), 1e-5);
        weights.Remove("conv_dw_3_bn/gamma");
        Assert.Contains("holds no 'conv_dw_3_bn/gamma', which the model needs as "
            + "Blocks.2.Depthwise.Norm.Scale.",
            Naive.Error(() => MobileNet.FromKeras(weights).Model));
    }

    [DataFact(Weights)]
    public void ThePublishedNetworkEqualsPyTorch()
    {
        Tensor Axis(int axis, int length) =>
            Tensor.Arange(length, DType.Float64).Reshape([.. Enumerable.Range(0, 4)
                .Select(i => i == axis ? length : 1)]);
        Tensor image = (0.05 * Axis(2, Size) * (Axis(1, 3) + 1) + 0.03 * Axis(3, Size)).Sin();
        var (model, statistics) = Published();
        Tensor logits = model.Forward(image.Cast(DType.Float32), statistics);
        Fixture.Near(Expected.Value["published"], logits, 1e-5);
    }

    [DataFact(Photos)]
    public void ThePublishedNetworkKnowsElephants()
    {
        long[] elephantClasses = [101, 385, 386]; // tusker, Indian, African
        IdxFile images = IdxFile.Read(DataFactAttribute.Find(Photos)!);
        byte[] labels = Bytes("pacs32-labels.idx.gz"), domains = Bytes("pacs32-domains.idx.gz");
        int[] photos = [.. Enumerable.Range(0, labels.Length)
            .Where(i => labels[i] == 1 && domains[i] == 2).Take(32)];
        var (model, statistics) = Published();
        var predict = Compile.Of((Tensor x) => model.Forward(x, statistics).ArgSort());
        int right = 0;
        foreach (int i in photos)
        {
            var bytes = images.Bytes.Slice(i * 3072, 3072);
            float[] pixels = [.. bytes.ToArray().Select(p => p / 127.5f - 1)];
            Tensor small = Tensor.From(pixels, [1, 32, 1, 32, 1, 3])
                .BroadcastTo([1, 32, 7, 32, 7, 3]);
            Tensor x = small.Reshape(1, Size, Size, 3).Transpose(0, 3, 1, 2);
            if (predict(x).ToArray<long>()[^5..].Intersect(elephantClasses).Any()) right++;
        }
        Assert.True(right >= 12, $"{right} of {photos.Length} photographs of 32 x 32 pixels have "
            + "an elephant among their first five classes; chance is one in 67");

        static byte[] Bytes(string file) =>
            IdxFile.Read(DataFactAttribute.Find(file)!).Bytes.ToArray();
    }

    [Fact]
    public void DamagedModelsAreOneLine()
    {
        string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;
        string path = Path.Combine(folder, "model.json");
        string Error(string weights, string shards = "\"a\"")
        {
            File.WriteAllText(path,
                $$"""{"weightsManifest": [{"paths": [{{shards}}], "weights": [{{weights}}]}]}""");
            string message = Naive.Error(() => TensorFlowJs.Read(path));
            Assert.DoesNotContain('\n', message);
            return message;
        }
        const string two = """{"name": "w", "shape": [2], "dtype": "float32"}""";
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "a"), new byte[8]);
            File.WriteAllText(path,
                $$"""{"weightsManifest": [{"paths": ["a"], "weights": [{{two}}]}]}""");
            Assert.Equal([0f, 0], TensorFlowJs.Read(path)["w"].ToArray<float>());
            Assert.Contains("'w' is there twice", Error(
                """{"name": "w", "shape": [1], "dtype": "int32"}, """
                + """{"name": "w", "shape": [1], "dtype": "int32"}"""));
            Assert.Contains("needs 16 bytes, but 8 are left",
                Error("""{"name": "w", "shape": [2, 2], "dtype": "float32"}"""));
            Assert.Contains("4 bytes of a group belong to no weight",
                Error("""{"name": "w", "shape": [], "dtype": "float32"}"""));
            Assert.Contains("has dtype complex64",
                Error("""{"name": "w", "shape": [1], "dtype": "complex64"}"""));
            Assert.Contains("is quantised", Error(
                """{"name": "w", "shape": [1], "dtype": "float32", "quantization": """
                + """{"dtype": "uint8"}}"""));
            Assert.Contains("'w' of (-2, -1) has a negative size",
                Error("""{"name": "w", "shape": [-2, -1], "dtype": "float32"}"""));
            Assert.Contains("does not lie beside it", Error(two, "\"../a\""));
            Assert.Contains("cannot be read", Error(two, "\"b\""));
            File.WriteAllBytes(Path.Combine(folder, "a"), [0, 2]);
            Assert.StartsWith($"TensorFlowJs: {path} is damaged",
                Error("""{"name": "w", "shape": [2], "dtype": "bool"}"""));
            File.WriteAllText(path, "{}");
            Assert.Contains("no model of TensorFlow.js",
                Naive.Error(() => TensorFlowJs.Read(path)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
