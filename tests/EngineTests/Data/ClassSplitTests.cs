// Splits by lists, at random in numbers, and as published. Splits by script: EmbeddedDataTests.
using Engine.Data;

namespace Engine.Tests.Data;

public class ClassSplitTests
{
    private static ImageClasses Classes(int count, params SplitPart?[] parts) =>
        ImageClasses.FromBytes("set", 1, 1, 1, new byte[count], 1, Enumerable.Range(0, count)
            .Select(i => new ImageClass($"c{i}", "", [i], parts.ElementAtOrDefault(i))));

    private static string[] Names(ImageClasses set) => [.. set.Classes.Select(c => c.Name)];

    [Fact]
    public void ShuffledTakesNumbersOfClasses()
    {
        ImageClasses set = Classes(964);
        ClassSplit split = ClassSplit.Shuffled(set, train: 770, seed: 1, validation: 70);
        Assert.Equal((700, 70, 194), (
            split.Train.Classes.Length, split.Validation.Classes.Length,
            split.Test.Classes.Length));
        Assert.Equal(
            Names(set).Order(),
            Names(split.Train).Concat(Names(split.Validation)).Concat(Names(split.Test)).Order());

        // The same test and, together, the same training classes without validation.
        ClassSplit whole = ClassSplit.Shuffled(set, 770, 1);
        Assert.Empty(whole.Validation.Classes);
        Assert.Equal(Names(split.Test), Names(whole.Test));
        Assert.Equal(Names(split.Test), Names(ClassSplit.Shuffled(set, 770, 1, 5).Test));

        Assert.NotEqual(Names(whole.Test), Names(ClassSplit.Shuffled(set, 770, 2).Test));
        int[] places = [.. Names(whole.Test).Select(n => int.Parse(n[1..]))];
        Assert.InRange(places.Average(), 420, 540); // from everywhere
    }

    [Theory]
    [InlineData(0, 0, "train: 0 of the 5 classes of set leave none to train on or none to test; "
        + "choose 1 to 4.")]
    [InlineData(5, 0, "train: 5 of the 5 classes of set leave none")]
    [InlineData(3, 3, "validation: 3 of the 3 classes that are not for test leave none to train "
        + "on; choose 0 to 2.")]
    [InlineData(3, -1, "validation: -1 of the 3 classes")]
    public void ShuffledLeavesNoPartEmpty(int train, int validation, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(
            () => ClassSplit.Shuffled(Classes(5), train, 0, validation)).Message);

    [Fact]
    public void PublishedIsWhatTheClassesSay()
    {
        SplitPart train = SplitPart.Train, validation = SplitPart.Validation, test = SplitPart.Test;
        ClassSplit split = ClassSplit.Published(Classes(4, test, train, validation, train))!;
        Assert.Equal(["c1", "c3"], Names(split.Train));
        Assert.Equal(["c2"], Names(split.Validation));
        Assert.Equal(["c0"], Names(split.Test));
        Assert.Equal("set, test: 1 classes, 1 images of 1 x 1 x 1", split.Test.ToString());
        Assert.Empty(ClassSplit.Published(Classes(2, train, test))!.Validation.Classes);
        Assert.Null(ClassSplit.Published(Classes(2, train, train)));
        Assert.Null(ClassSplit.Published(Classes(3, train, test)));
        Assert.Null(ClassSplit.Published(Classes(2)));
    }

    [Fact]
    public void ListsNameClasses()
    {
        ClassSplit split = ClassSplit.ByName(Classes(4), ["c2"], ["c0", "c3"]);
        Assert.Equal(["c1"], Names(split.Train));
        Assert.Equal(["c2"], Names(split.Validation));
        Assert.Equal(["c0", "c3"], Names(split.Test));
        Assert.Equal(
            "'c9' must be a class of set, for either validation or test.",
            Assert.Throws<ArgumentException>(
                () => ClassSplit.ByName(Classes(4), ["c9"], [])).Message);
        Assert.Throws<ArgumentException>(() => ClassSplit.ByName(Classes(4), ["c1"], ["c1"]));
    }
}
