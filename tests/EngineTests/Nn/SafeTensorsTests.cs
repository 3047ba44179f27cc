// Safetensors files: what is written is read, and whatever is wrong with a file is told in a line.
using System.Buffers.Binary;
using System.Text;
using Engine.Data;
using Engine.Nn;

namespace Engine.Tests.Nn;

internal sealed partial record AllTypes(
    Tensor Single, Tensor Double, Tensor Int, Tensor Long, Tensor Mask, Tensor Empty) : ITree;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    private string File => Path.Combine(folder, "model.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void EveryTypeComesBack()
    {
        AllTypes tree = Sample();
        SafeTensors.Save(File, tree, new Dictionary<string, string> { ["note"] = "ä \"quoted\"" });
        AllTypes back = SafeTensors.Load(File, tree.Map((Tensor leaf) => leaf));
        foreach (var (a, b) in tree.Leaves().Zip(back.Leaves()))
        {
            Assert.Equal((a.Shape, a.DType), (b.Shape, b.DType));
            Assert.Equal(a.ToRaw(), b.ToRaw());
        }

        var (tensors, metadata) = SafeTensors.Read(File);
        Assert.Equal(tree.Paths().Order(), tensors.Keys.Order());
        Assert.Equal("ä \"quoted\"", metadata["note"]);
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void DataStartAligned()
    {
        SafeTensors.Save(File, Sample());
        long header = BinaryPrimitives.ReadInt64LittleEndian(System.IO.File.ReadAllBytes(File));
        Assert.Equal(0, header % 8);
    }

    [Fact]
    public void EveryTruncationIsOneLine()
    {
        SafeTensors.Save(File, Sample());
        byte[] whole = System.IO.File.ReadAllBytes(File);
        for (int length = 0; length < whole.Length; length += 3) Refused(whole[..length]);
        Refused([.. whole, 0]);
    }

    [Fact]
    public void FuzzedFilesAreReadOrRefused()
    {
        SafeTensors.Save(File, Sample());
        byte[] whole = System.IO.File.ReadAllBytes(File);
        for (int i = 0; i < 2000; i++)
        {
            var random = new SeededRandom(5, i);
            byte[] bytes = [.. whole];
            for (int k = 0; k <= random.Below(4); k++)
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            System.IO.File.WriteAllBytes(File, bytes);
            try
            {
                SafeTensors.Read(File);
            }
            catch (EngineException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"w\": 3}")]
    [InlineData("{\"w\": {}}")]
    [InlineData("{\"w\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"w\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, -4]}}")]
    [InlineData("{\"w\": {\"dtype\": \"F8\", \"shape\": [1], \"data_offsets\": [0, 1]}}")]
    [InlineData("{\"w\": {\"dtype\": null, \"shape\": [1], \"data_offsets\": [0, 1]}}")]
    [InlineData("{\"w\": {\"dtype\": \"F32\", \"shape\": \"2\", \"data_offsets\": [0, 8]}}")]
    [InlineData("{\"w\": {\"dtype\": \"F32\", \"shape\": [2147483647, 2147483647, 2147483647], "
        + "\"data_offsets\": [0, 8]}}")]
    [InlineData("{\"w\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8, 9]}}")]
    [InlineData("{\"__metadata__\": {\"a\": 1}}")]
    [InlineData("{\"__metadata__\": 7}")]
    [InlineData("{\"v\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}, "
        + "\"w\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}")]
    [InlineData("{\"v\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}")]
    [InlineData("{\"v\": {\"dtype\": \"BOOL\", \"shape\": [8], \"data_offsets\": [0, 8]}}")]
    [InlineData("{\"v\": {\"dtype\": \"F64\", \"shape\": [1], \"data_offsets\": "
        + "[9223372036854775800, 9223372036854775807]}}")]
    public void WrongHeadersAreOneLine(string header)
    {
        Write(header, [9, 9, 9, 9, 9, 9, 9, 9]);
        Refused(System.IO.File.ReadAllBytes(File));
    }

    [Theory]
    [InlineData("-1, -2", 8)]
    [InlineData("-1, 0", 0)]
    public void NegativeSizesAreRefusedWhenAFileIsOpened(string shape, int bytes)
    {
        const string start = "{\"w\": {\"dtype\": \"F32\", \"shape\": [";
        Write($"{start}{shape}], \"data_offsets\": [0, {bytes}]}}}}", new byte[bytes]);
        string message = Assert.Throws<EngineException>(() => SafeTensorsFile.Open(File)).Message;
        Assert.Contains($"{File} is damaged", message);
        Assert.Contains("'w' has a negative size", message);
    }

    [Fact]
    public void ATensorNamedAsTheMetadataIsNotWritten()
    {
        var tensors = new Dictionary<string, Tensor> { ["__metadata__"] = Tensor.Ones([1]) };
        using var stream = new MemoryStream();
        Assert.Contains("'__metadata__' is the name of a file's metadata",
            Assert.Throws<EngineException>(() => SafeTensors.Save(stream, tensors)).Message);
        Assert.Throws<EngineException>(() => SafeTensors.Save(File, tensors));
        Assert.Equal(0, stream.Length);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Fact]
    public void ATensorTooLargeToWriteIsRefusedBeforeItIsComputed()
    {
        Tensor large = Tensor.Zeros([1 << 16, 1 << 14]);
        var tensors = new Dictionary<string, Tensor> { ["large"] = large };
        using var stream = new MemoryStream();
        string message =
            Assert.Throws<EngineException>(() => SafeTensors.Save(stream, tensors)).Message;
        Assert.Contains("'large' of (65536, 16384) takes 4294967296 bytes", message);
        Assert.DoesNotContain('\n', message);
        Assert.Equal(0, stream.Length);
    }

    [Fact]
    public void AnotherModelIsRefused()
    {
        Mlp small = Mlp.Create(Key.From(0), [2, 3, 1]);
        SafeTensors.Save(File, small);
        string Error(ITree like) =>
            Assert.Throws<EngineException>(() => SafeTensors.Load(File, like)).Message;
        Assert.Contains("needs float32 (4, 2)", Error(Mlp.Create(Key.From(0), [2, 4, 1])));
        Assert.Contains("holds no 'Layers.2.Weight'", Error(Mlp.Create(Key.From(0), [2, 3, 1, 1])));
        Assert.Contains("which the model lacks", Error(small with { Layers = small.Layers[..1] }));
        Assert.Contains(
            "needs float64", Error(Mlp.Create(Key.From(0), [2, 3, 1], type: DType.Float64)));
    }

    [Fact]
    public void NamesAreMapped()
    {
        Mlp model = Mlp.Create(Key.From(0), [2, 3, 1]);
        Dictionary<string, Tensor> state = StateDict.Of(model);
        Assert.Contains("layers.1.weight", state.Keys);
        SafeTensors.Save(File, state);
        Mlp back = SafeTensors.Load(
            File, Mlp.Create(Key.From(1), [2, 3, 1]), StateDict.PyTorchName);
        Assert.True(Tree.AllClose(model, back, 0, 0));
        Assert.Contains("holds no 'Layers.0.Weight', which the model needs. Was",
            Assert.Throws<EngineException>(() => SafeTensors.Load(File, model)).Message);
    }

    [Fact]
    public void TensorsOfAnOpenFileAreReadOneByOne()
    {
        const int large = 1 << 22;
        SafeTensors.Save(File, new Dictionary<string, Tensor>
        {
            ["large"] = Tensor.Full([large], 2).Eval(),
            ["small"] = Tensor.From([1f, 2]),
        });
        long before = GC.GetTotalAllocatedBytes(precise: true);
        Tensor small;
        using (SafeTensorsFile file = SafeTensorsFile.Open(File))
        {
            small = file.Read("small");
            Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < large);
            Assert.Equal(2f * large, file.Read("large").Sum().Item<float>());
            Assert.Equal(["large", "small"], file.Names.Order());
            Assert.Contains("holds no 'x'. It holds large, small.",
                Assert.Throws<EngineException>(() => file.Read("x")).Message);
            file.Dispose();
            Assert.Throws<ObjectDisposedException>(() => file.Read("small"));
        }
        // The file is free again: it can be opened for writing alone.
        using (new FileStream(File, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) { }
        Assert.Equal([1f, 2], small.ToArray<float>());
    }

    [Fact]
    public void HalfPrecisionBecomesSingle()
    {
        const string header = """
            {"h": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]},
             "b": {"dtype": "BF16", "shape": [2], "data_offsets": [4, 8]}}
            """;
        Write(header, [0, 0x3C, 0, 0xC0, 0x80, 0x3F, 0x20, 0xC0]);
        Dictionary<string, Tensor> tensors = SafeTensors.Read(File).Tensors;
        Assert.Equal([1f, -2], tensors["h"].ToArray<float>());
        Assert.Equal([1f, -2.5f], tensors["b"].ToArray<float>());
    }

    [Fact]
    public void MissingFilesAndFoldersAreOneLine()
    {
        string nowhere = Path.Combine(folder, "no", "model.safetensors");
        Assert.Contains(
            "cannot be read",
            Assert.Throws<EngineException>(() => SafeTensors.Read(nowhere)).Message);
        Assert.Contains(
            "cannot be written",
            Assert.Throws<EngineException>(() => SafeTensors.Save(nowhere, Sample())).Message);
    }

    private void Write(string header, byte[] data)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        System.IO.File.WriteAllBytes(
            File, [.. length, .. Encoding.ASCII.GetBytes(header), .. data]);
    }

    private void Refused(byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File, bytes);
        var e = Assert.Throws<EngineException>(() => SafeTensors.Read(File));
        Assert.Contains("damaged or no safetensors file", e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    private static AllTypes Sample() => new(
        Tensor.From(new[] { 1f, float.NaN, -0f, float.PositiveInfinity }, [2, 2]),
        Tensor.From(new[] { Math.PI, double.Epsilon, 3 }),
        Tensor.From(new[] { int.MinValue, 7 }),
        Tensor.Scalar(long.MaxValue),
        Tensor.From(new[] { true, false, true }, [3, 1]),
        Tensor.From(Array.Empty<float>(), [0, 3]));
}
