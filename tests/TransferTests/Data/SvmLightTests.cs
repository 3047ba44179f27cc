// Files of SVMlight's format: what is read, and how wrong lines are named.
using Engine.Data;

namespace Engine.Tests.Data;

public sealed class SvmLightTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    private LabelledSet Read(string text, int firstIndex = 1, string[]? classes = null)
    {
        File.WriteAllText(file, text);
        return SvmLight.Read(file, features: 4, firstIndex, classes);
    }

    [Fact]
    public void VectorsAndLabelsAreRead()
    {
        LabelledSet set = Read("+1 1:0.5 4:-2e1 # a comment\n\n-1 2:3\n1\n");
        Assert.Equal(["-1", "1"], set.Classes.ToArray());
        Assert.Equal([1, 0, 1], set.Labels.ToArray());
        Assert.Equal(
            [0.5f, 0, 0, -20, 0, 3, 0, 0, 0, 0, 0, 0], set.All().X.ToArray<float>());
    }

    [Fact]
    public void LabelsAreNumberedByValueOrAsAskedFor()
    {
        Assert.Equal(["2", "10"], Read("10 0:1\n2 1:1\n", firstIndex: 0).Classes.ToArray());
        LabelledSet set = Read("10 1:1\n2 1:1\n", classes: ["10", "2", "3"]);
        Assert.Equal([0, 1], set.Labels.ToArray());
    }

    [Fact]
    public void GzipIsReadAndACutFileRefused()
    {
        byte[] packed = IdxSamples.Gzip("1 1:1\n-1 2:1\n"u8.ToArray());
        File.WriteAllBytes(file, packed);
        Assert.Equal(2, SvmLight.Read(file, 4).Count);
        File.WriteAllBytes(file, packed[..^9]);
        Assert.Equal(
            $"{file}: the gzip data are corrupt or cut short; fetch the file again.",
            Assert.Throws<DataException>(() => SvmLight.Read(file, 4)).Message);
    }

    [Theory]
    [InlineData("1 1:1\n-1 5:1", "line 2: feature 5 is out of range; with 4 features from 1 on, "
        + "they are 1 to 4.")]
    [InlineData("1 0:1\n-1 1:1", "line 1: feature 0 is out of range; with 4 features from 1 on, "
        + "they are 1 to 4.")]
    [InlineData("1 1:1\n-1 2:x", "line 2: 'x' of feature 2 is no finite number.")]
    [InlineData("1 1:1\n-1 2:nan", "line 2: 'nan' of feature 2 is no finite number.")]
    [InlineData("1 1:1\n\n-1 2", "line 3: '2' is no feature; write index:value.")]
    [InlineData("1 2:1 1:1", "line 1: feature 1 comes after 2; indices must ascend.")]
    [InlineData("spam 2:1", "line 1: 'spam' is no label; a line begins with a number.")]
    public void AWrongLineIsNamed(string text, string what) => Assert.Equal(
        $"{file}, {what}", Assert.Throws<DataException>(() => Read(text)).Message);

    [Fact]
    public void OneClassOtherClassesOrNothingAreRefused()
    {
        void Refused(string what, string text, params string[] classes) => Assert.Equal(
            $"{file}{what}",
            Assert.Throws<DataException>(
                () => Read(text, classes: classes.Length > 0 ? classes : null)).Message);
        Refused(": holds no examples.", "# nothing\n");
        Refused(", line 2: label 0 is none of the classes -1, 1.", "1 1:1\n0 1:1\n", "-1", "1");
        Refused($": every example is of class '1' in {Path.GetFileName(file)}; give examples of at "
            + "least two classes.", "1 1:1\n1 2:1\n");
    }

    [DataFact("amazon_books_train.svmlight.gz")]
    public void AmazonReviewsAreRead()
    {
        LabelledSet books = SvmLight.Read(
            DataFactAttribute.Find("amazon_books_train.svmlight.gz")!, 5_000, firstIndex: 0);
        Assert.Equal(2_000, books.Count);
        Assert.Equal(1_000, books.Labels.Count(label => label == 1));
        float[] first = books.Rows([0]).All().X.ToArray<float>();
        Assert.Equal([6f, 8, 8, 2, 3, 0, 5, 3, 3, 1, 6, 0, 2], first[..13]);
    }
}
