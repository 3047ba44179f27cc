// The IDX reader on good, wrong and hostile files.
using Engine.Data;

namespace Engine.Tests.Data;

public sealed class IdxFileTests
{
    [Theory]
    [InlineData(0x08, new byte[] { 0, 1, 255 }, new float[] { 0, 1, 255 })]
    [InlineData(0x09, new byte[] { 0, 1, 255 }, new float[] { 0, 1, -1 })]
    [InlineData(0x0B, new byte[] { 1, 0, 255, 254, 0, 7 }, new float[] { 256, -2, 7 })]
    [InlineData(0x0C, new byte[] { 0, 1, 0, 0, 255, 255, 255, 255, 0, 0, 0, 5 },
        new float[] { 65536, -1, 5 })]
    [InlineData(0x0D, new byte[] { 0x3F, 0xC0, 0, 0, 0xBF, 0x80, 0, 0, 0, 0, 0, 0 },
        new float[] { 1.5f, -1, 0 })]
    public void ReadsEveryTypePlainAndZipped(byte type, byte[] values, float[] expected)
    {
        var bytes = IdxSamples.Make(type, [3], values);
        foreach (var file in new[] { bytes, IdxSamples.Gzip(bytes) })
        {
            var idx = Read(file);
            Assert.Equal((IdxType)type, idx.Type);
            Assert.Equal([3], idx.Sizes.AsEnumerable());
            Assert.Equal(expected, idx.ToFloats());
        }
    }

    [Fact]
    public void ReadsFloat64()
    {
        var idx = Read(IdxSamples.Make(0x0E, [1, 1], [0x40, 0x04, 0, 0, 0, 0, 0, 0]));
        Assert.Equal([2.5f], idx.ToFloats());
        Assert.Equal("float64 (1, 1)", idx.ToString());
        Assert.Contains("whole numbers", Assert.Throws<DataException>(() => idx.ToInts()).Message);
    }

    [Fact]
    public void UnpacksBitsMostSignificantFirst()
    {
        var idx = Read(IdxSamples.Make(8, [2, 2], [0b1010_0000, 0b1000_0000, 0b0000_0001, 0]))
            .UnpackBits(width: 3, height: 3);
        Assert.Equal([2, 3, 3], idx.Sizes.AsEnumerable());
        Assert.Equal(
            new byte[] { 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0 },
                idx.Bytes.ToArray());
        var e = Assert.Throws<DataException>(() => idx.UnpackBits(3, 3));
        Assert.Contains("rows of 2 uint8", e.Message);
    }

    [Theory]
    [InlineData(new byte[0], "not an IDX file: it has 0 bytes")]
    [InlineData(new byte[] { 0, 0, 8 }, "not an IDX file: it has 3 bytes")]
    [InlineData(new byte[] { 0x50, 0x4B, 3, 4, 0, 0 }, "starts with 50 4b")]
    [InlineData(new byte[] { 0, 0, 7, 1, 0, 0, 0, 0 }, "type code 07")]
    [InlineData(new byte[] { 0, 0, 8, 0, 0, 0, 0, 0 }, "claims 0 axes")]
    [InlineData(new byte[] { 0, 0, 8, 2, 0, 0, 0, 1 }, "header of 2 axes needs 12 bytes")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0xFF, 0, 0, 0 }, "negative")]
    [InlineData(
        new byte[] { 0, 0, 8, 1, 0, 0, 0, 5, 1, 2 }, "needs 5 bytes after the header, has 2")]
    [InlineData(
        new byte[] { 0, 0, 8, 1, 0x7F, 0, 0, 0, 1 }, "needs 2130706432 bytes after the header")]
    [InlineData(new byte[] { 0, 0, 8, 1, 0, 0, 0, 1, 1, 2 }, "has more")]
    [InlineData(new byte[] { 0, 0, 14, 2, 0x7F, 0, 0, 0, 0x7F, 0, 0, 0 }, "the header is corrupt")]
    [InlineData(
        new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255 }, "corrupt or cut short")]
    public void WrongFilesAreNamedInOneLine(byte[] bytes, string expected)
    {
        var e = Assert.Throws<DataException>(() => Read(bytes));
        Assert.StartsWith("sample: ", e.Message);
        Assert.Contains(expected, e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void AHugeClaimTakesLittleMemory()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DataException>(
            () => Read([0, 0, 8, 3, 0, 1, 0, 0, 0, 0, 0x70, 0, 0, 0, 1, 0]));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8 << 20);
    }

    [Fact]
    public void MissingFilesAndFoldersAreNamed()
    {
        Assert.Contains("no such file", Error("nowhere/at-all.idx").Message);
        Assert.Contains("no such file", Error("nowhere.idx").Message);
        Assert.Contains("is a folder", Error(Path.GetTempPath()).Message);
        static DataException Error(string path) =>
            Assert.Throws<DataException>(() => IdxFile.Read(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DamagedFilesGiveDataExceptionsOnly(bool zipped)
    {
        var random = new SeededRandom(7, zipped ? 1 : 0);
        var values = new byte[300];
        for (int i = 0; i < values.Length; i++) values[i] = (byte)random.Below(256);
        var good = IdxSamples.Make(8, [3, 10, 10], values);
        if (zipped) good = IdxSamples.Gzip(good);

        int refused = 0;
        for (int trial = 0; trial < 3000; trial++)
        {
            var bad = good.ToArray();
            if (trial % 3 != 0) bad = bad[..random.Below(bad.Length + 1)];
            for (int flips = trial % 4; flips > 0 && bad.Length > 0; flips--)
            {
                // Half of the flips hit the header, where the decisions are made.
                int range = random.Below(2) == 0 ? Math.Min(24, bad.Length) : bad.Length;
                bad[random.Below(range)] ^= (byte)(1 << random.Below(8));
            }

            try
            {
                var idx = Read(bad);
                Assert.Equal(
                    idx.Bytes.Length,
                    idx.Sizes.Aggregate(IdxFile.ElementSize(idx.Type), (p, s) => p * s));
            }
            catch (DataException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 3000);
    }

    private static IdxFile Read(byte[] bytes) => IdxFile.Read(new MemoryStream(bytes), "sample");
}
