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
    public void WrongHeadersAreOneLine(string header)
    {
        var bytes = new byte[8 + header.Length + 8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, header.Length);
        Encoding.ASCII.GetBytes(header, bytes.AsSpan(8));
        Refused(bytes);
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
