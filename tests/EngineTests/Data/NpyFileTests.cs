// npy and npz files: what is written is read, what NumPy may write is read, and whatever is wrong
// with a file is told in a line.
using System.IO.Compression;
using System.Text;
using Engine.Data;

namespace Engine.Tests.Data;

public sealed class NpyFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("engine-test-").FullName;

    private string Npy => Path.Combine(folder, "a.npy");

    private string Npz => Path.Combine(folder, "a.npz");

    private static Tensor[] Samples =>
    [
        Tensor.From(new[] { 1f, float.NaN, -0f, float.PositiveInfinity, 3, 4 }, [2, 3]),
        Tensor.From(new[] { Math.PI, double.Epsilon, 3 }),
        Tensor.From(new[] { int.MinValue, 7 }, [2, 1, 1]),
        Tensor.Scalar(long.MaxValue),
        Tensor.From(new[] { true, false, true }, [3, 1]),
        Tensor.From(Array.Empty<float>(), [0, 3]),
    ];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void EveryTypeComesBack()
    {
        foreach (Tensor sample in Samples)
        {
            NpyFile.Write(Npy, sample);
            Same(sample, NpyFile.Read(Npy));
            Assert.Single(Directory.GetFiles(folder));
        }
        NpyFile.Write(Npy, Samples[0].Transpose());
        Same(Samples[0].Transpose(), NpyFile.Read(Npy));
    }

    [Fact]
    public void HeadersAreNumPysAndElementsAligned()
    {
        NpyFile.Write(Npy, Samples[1]);
        byte[] bytes = File.ReadAllBytes(Npy);
        Assert.Equal(0, (bytes.Length - 24) % 64);
        Assert.StartsWith("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
            Encoding.ASCII.GetString(bytes, 10, 64));
        Assert.Equal((byte)'\n', bytes[^25]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ArchivesComeBack(bool compress)
    {
        var arrays = Samples.Select((sample, i) => (Name: $"group/a{i}", sample))
            .ToDictionary(a => a.Name, a => a.sample);
        NpzFile.Write(Npz, arrays, compress);
        Dictionary<string, Tensor> back = NpzFile.Read(Npz);
        Assert.Equal(arrays.Keys.Order(), back.Keys.Order());
        foreach (var (name, array) in arrays) Same(array, back[name]);
        Assert.Single(Directory.GetFiles(folder));
    }

    [Theory]
    [InlineData("<i4", false, new[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(">i4", false, new[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData("<i4", true, new[] { 1, 3, 5, 2, 4, 6 })]
    [InlineData(">i4", true, new[] { 1, 3, 5, 2, 4, 6 })]
    public void OrdersOfBytesAndOfAxes(string descr, bool fortran, int[] expected)
    {
        byte[] data = [.. Enumerable.Range(1, 6).SelectMany(i =>
            descr[0] == '>' ? (byte[])[0, 0, 0, (byte)i] : [(byte)i, 0, 0, 0])];
        foreach (int version in (int[])[1, 2, 3])
        {
            Tensor array = Read(Header(descr, fortran, "(2, 3)", version), data);
            Assert.Equal(Shape.Of(2, 3), array.Shape);
            Assert.Equal(expected, array.ToArray<int>());
        }
    }

    [Theory]
    [InlineData("()", 1)]
    [InlineData("(3,)", 3)]
    [InlineData("(0, 2)", 0)]
    public void FortranOrderOfOneAxisOrNoneIsTheSame(string shape, int count)
    {
        byte[] data = [.. Enumerable.Range(1, count).SelectMany(i => (byte[])[(byte)i, 0, 0, 0])];
        Tensor array = Read(Header("<i4", fortran: true, shape), data);
        Assert.Equal(Read(Header("<i4", fortran: false, shape), data).Shape, array.Shape);
        Assert.Equal(Enumerable.Range(1, count), array.ToArray<int>());
    }

    [Fact]
    public void AnErrorLeavesTheOldFile()
    {
        NpyFile.Write(Npy, Samples[0]);
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(Npy, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));
        Same(Samples[0], NpyFile.Read(Npy));
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void NarrowTypesAreWidened()
    {
        Assert.Equal([-1, 2], Read("|i1", [0xFF, 2]).ToArray<int>());
        Assert.Equal([255, 2], Read("|u1", [0xFF, 2]).ToArray<int>());
        Assert.Equal([-2, 3], Read("<i2", [0xFE, 0xFF, 3, 0]).ToArray<int>());
        Assert.Equal([65534, 3], Read(">u2", [0xFF, 0xFE, 0, 3]).ToArray<int>());
        Assert.Equal(
            [uint.MaxValue, 1L], Read("<u4", [255, 255, 255, 255, 1, 0, 0, 0]).ToArray<long>());
        Assert.Equal([1f, -2], Read("<f2", [0, 0x3C, 0, 0xC0]).ToArray<float>());
        Assert.Equal([7.5], Read(">f8", [0x40, 0x1E, 0, 0, 0, 0, 0, 0], "(1,)").ToArray<double>());
        Assert.Equal([true, false], Read("|b1", [1, 0]).ToArray<bool>());
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "cut short")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "cut short")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }", "too long")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "an axis")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2147483647, 2147483647), }",
        "need more")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "shape a tuple")]
    [InlineData("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2,), }", "order must be True")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "shape a tuple")]
    [InlineData("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "dtype")]
    [InlineData("{'descr': '<u8', 'fortran_order': False, 'shape': (2,)}", "dtype")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", "dtype")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "dtype")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", "other than 0 and 1")]
    [InlineData("", "order must be True")]
    public void WrongHeadersAreOneLine(string header, string message) =>
        Assert.Contains(message, Refused(Wrap(header), [1, 2, 3]));

    [Fact]
    public void OtherFilesAreOneLine()
    {
        Assert.Contains("does not start with", Refused(Encoding.ASCII.GetBytes("PK345678"), []));
        Assert.Contains("version 4", Refused(Wrap("", version: 4), []));
        Assert.Contains("claims", Refused([.. Wrap("", 2)[..8], 0, 0, 0, 0x7F], []));
        Assert.Contains("no such file", Error(() => NpyFile.Read(Path.Combine(folder, "no"))));
        Assert.Contains("cannot be read", Error(() => NpzFile.Read(folder)));
        Assert.Contains("cannot be written",
            Error(() => NpyFile.Write(Path.Combine(folder, "no", "a.npy"), Samples[0])));
        File.WriteAllText(Npz, "no archive");
        Assert.Contains("not an npz file", Error(() => NpzFile.Read(Npz)));
        File.Delete(Npz);
        using (ZipArchive archive = ZipFile.Open(Npz, ZipArchiveMode.Create))
            archive.CreateEntry("text.txt").Open().Dispose();
        Assert.Contains("array 'text.txt': not an npy file", Error(() => NpzFile.Read(Npz)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ADamagedElementOfAnArchiveIsRefused(bool compress)
    {
        byte[] pattern = [.. Enumerable.Range(0, 97).Select(i => (byte)(37 * i + 11))];
        Tensor array = Tensor.FromRaw(pattern.AsSpan(0, 96), [24], DType.Float32);
        NpzFile.Write(Npz, new Dictionary<string, Tensor> { ["a"] = array }, compress);
        byte[] whole = File.ReadAllBytes(Npz);
        Same(array, NpzFile.Read(new MemoryStream(whole), "a")["a"]);
        int start = whole.AsSpan().IndexOf(pattern.AsSpan(0, 96));
        if (compress && start < 0) start = 60; // within the deflated bytes
        Assert.True(start >= 0);
        for (int i = start; i < start + (compress ? 20 : 96); i++)
        {
            byte[] bytes = [.. whole];
            bytes[i] ^= 1;
            string message = Error(() => NpzFile.Read(new MemoryStream(bytes), "a"));
            if (!compress) Assert.Contains("array 'a' is damaged", message);
        }
    }

    [Fact]
    public void DamagedFilesAreReadOrRefused()
    {
        NpzFile.Write(Npz, new Dictionary<string, Tensor> { ["a"] = Samples[0] }, compress: true);
        byte[] whole = File.ReadAllBytes(Npz);
        for (int length = 0; length < whole.Length; length++)
            Assert.NotEmpty(Error(() => NpzFile.Read(new MemoryStream(whole[..length]), "a")));
        for (int i = 0; i < 2000; i++)
        {
            var random = new SeededRandom(5, i);
            byte[] bytes = [.. whole];
            for (int k = 0; k <= random.Below(4); k++)
                bytes[random.Below(bytes.Length)] = (byte)random.Below(256);
            try
            {
                NpzFile.Read(new MemoryStream(bytes), "a");
            }
            catch (DataException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    private static void Same(Tensor expected, Tensor actual)
    {
        Assert.Equal((expected.Shape, expected.DType), (actual.Shape, actual.DType));
        Assert.Equal(expected.ToRaw(), actual.ToRaw());
    }

    private static byte[] Header(string descr, bool fortran, string shape, int version = 1) => Wrap(
        $"{{'shape': {shape}, 'descr': '{descr}', "
        + $"'fortran_order': {(fortran ? "True" : "False")}}}",
        version);

    private static byte[] Wrap(string header, int version = 1)
    {
        byte[] text = Encoding.ASCII.GetBytes(header + "\n");
        byte[] length = version == 1 ? [(byte)text.Length, 0] : [(byte)text.Length, 0, 0, 0];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. text];
    }

    private static Tensor Read(byte[] header, byte[] data) =>
        NpyFile.Read(new MemoryStream([.. header, .. data]), "a");

    private static Tensor Read(string descr, byte[] data, string shape = "(2,)") =>
        Read(Header(descr, false, shape), data);

    private static string Refused(byte[] header, byte[] data) => Error(() => Read(header, data));

    private static string Error(Action call)
    {
        string message = Assert.Throws<DataException>(call).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
