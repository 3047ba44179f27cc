// Texts as hashed n-grams, labelled texts from files, and episodes of vectors.
using Engine.Data;

namespace Engine.Tests.Data;

public class TextClassesTests
{
    private static double[] Dense(HashedNgrams ngrams, string text)
    {
        var dense = new double[ngrams.Length];
        SparseVector vector = ngrams.Of(text);
        foreach (var (place, value) in vector.Places.Zip(vector.Values)) dense[place] += value;
        return dense;
    }

    private static double Cosine(HashedNgrams ngrams, string a, string b) =>
        Dense(ngrams, a).Zip(Dense(ngrams, b), (x, y) => x * y).Sum();

    [Fact]
    public void VectorsHaveLengthOneAndKnowWhatIsAlike()
    {
        var ngrams = new HashedNgrams();
        const string lost = "My card has not arrived yet!";
        Assert.Equal(1, Cosine(ngrams, lost, lost), 1e-6);
        Assert.Equal(1, Cosine(ngrams, lost, "  my CARD, has not arrived   yet"), 1e-6);
        Assert.InRange(Cosine(ngrams, lost, "cards have not arrived"), 0.3, 0.9);
        Assert.InRange(Cosine(ngrams, lost, "what is the exchange rate?"), -0.15, 0.15);
        Assert.Empty(ngrams.Of(" ?! ").Places);
    }

    [Fact]
    public void CountsAreSublinearAndOrderMattersToBigramsAlone()
    {
        // Two words that share no place: the ratio of their weights is 1 + ln 3.
        var words = new HashedNgrams(1 << 20, Words: 1, LongestCharacters: 0);
        double[] values = [.. Dense(words, "a b b b").Where(v => v != 0).Select(Math.Abs).Order()];
        Assert.Equal(2, values.Length);
        Assert.Equal(1 + Math.Log(3), values[1] / values[0], 1e-6);
        Assert.Equal(1, Cosine(words, "dog bites man", "man bites dog"), 1e-6);
        Assert.Equal(
            3 / 5.0, Cosine(words with { Words = 2 }, "dog bites man", "man bites dog"), 1e-6);
    }

    [Fact]
    public void CharactersLinkFormsOfOneWord()
    {
        var characters = new HashedNgrams(1 << 20, Words: 0, 3, 3);
        // " ca car ard rd " and " ca car ard rds ds ": 3 of 4 and of 5.
        Assert.Equal(3 / Math.Sqrt(20), Cosine(characters, "card", "cards"), 1e-6);
        Assert.Equal(0, Cosine(new(1 << 20, 1, 3, 0), "card", "cards"), 1e-6);
    }

    [Fact]
    public void SignsCancelWhatSharesAPlace()
    {
        // Texts without a letter in common. The squares are what 64 places make of chance; without
        // signs the cosines themselves would be far above 0.
        var few = new HashedNgrams(Length: 64);
        var random = new SeededRandom(1);
        string Text(char first) => string.Join(' ', Enumerable.Range(0, 12).Select(_ =>
            string.Concat(Enumerable.Range(0, 6).Select(_ => (char)(first + random.Below(13))))));
        double[] cosines =
            [.. Enumerable.Range(0, 200).Select(_ => Cosine(few, Text('a'), Text('n')))];
        Assert.InRange(cosines.Average(), -0.03, 0.03);
        Assert.InRange(cosines.Average(c => c * c), 0.008, 0.03);
    }

    [Fact]
    public void HashesStayTheSameForEver()
    {
        SparseVector vector = new HashedNgrams(16, 1, 1, 0).Of("engine");
        Assert.Equal((8, 1f), (Assert.Single(vector.Places), Assert.Single(vector.Values)));
    }

    [Fact]
    public void EpisodesAreDrawnOfVectorsAsOfImages()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 60).Select(
            i => new LabelledText($"label{i % 6} text {i}", $"c{i % 6}"))];
        VectorClasses classes = TextClasses.ToVectors("intents", texts, new(128), l => $"g{l[^1] % 2}");
        Assert.Equal("intents: 6 classes, 60 vectors of 128", $"{classes}");
        Assert.Equal("c0 g0", $"{classes.Classes[0].Name} {classes.Classes[0].Group}");

        var sampler = new EpisodeSampler(classes, ways: 3, shots: 2, queries: 4);
        EpisodeArrays arrays = sampler.Sample(seed: 1, first: 5, tasks: 2);
        Episode episode = Episode.From(arrays);
        Assert.Equal([2, 6, 128], episode.SupportX.Shape.Sizes.ToArray());
        Assert.Equal([2, 12], episode.QueryY.Shape.Sizes.ToArray());
        var row = new float[128];
        for (int i = 0; i < arrays.SupportImages.Length; i++)
        {
            classes.CopySample(arrays.SupportImages[i], row);
            Assert.Equal(row, arrays.SupportX.AsSpan(i * 128, 128).ToArray());
            Assert.Contains(
                arrays.SupportImages[i], classes.ClassRows(arrays.ClassIds[i / 2]));
        }

        Assert.Equal(
            sampler.Sample(1, 6, 1).QueryX, arrays.QueryX[(12 * 128)..]);
        Assert.Equal("shots + queries: 2 + 9 exceeds the 10 samples of class 'c0' of intents; "
            + "choose at most 10 together.", Assert.Throws<ArgumentException>(
                () => new EpisodeSampler(classes, 3, 2, 9)).Message);
        Assert.Contains("samples of intents are 128, and only square images can be turned",
            Assert.Throws<ArgumentException>(
                () => new EpisodeSampler(classes, 3, 2, 4, rotations: true)).Message);
    }

    [Fact]
    public void SplitsKeepClassesOrGroupsApart()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 40).Select(
            i => new LabelledText($"t{i}", $"c{i % 20:00}"))];
        VectorClasses classes = TextClasses.ToVectors(
            "set", texts, new(64), label => $"g{label[^1] % 5}");
        var (train, validation, test) = classes.Split(seed: 0);
        Assert.Equal((12, 4, 4), (train.ClassCount, validation.ClassCount, test.ClassCount));
        VectorClasses[] parts = [train, validation, test];
        Assert.Equal(20, parts.SelectMany(p => p.Classes).Distinct().Count());
        (train, validation, test) = classes.Split(seed: 0, byGroup: true);
        Assert.Equal(5, ((VectorClasses[])[train, validation, test]).Sum(
            p => p.Classes.Select(c => c.Group).Distinct().Count()));
        Assert.Equal("set, test", test.Name);
    }

    [Fact]
    public void CsvAndJsonAreRead()
    {
        var csv = TextClasses.ReadCsv(
            new StringReader("text,category\n\"Hello, you\",greet\nBye,leave\n"), "b.csv", "text",
            "category", ',');
        Assert.Equal([new("Hello, you", "greet"), new("Bye", "leave")], csv.ToArray());
        const string json =
            """{"oos_train":[["x","oos"]],"train":[["hi","greet"]],"val":[["bye","leave"]]}""";
        Assert.Equal(["hi", "bye"], TextClasses.ReadJson(
            new StringReader(json), "c.json", []).Select(t => t.Text));
        Assert.Equal(["bye"], TextClasses.ReadJson(
            new StringReader(json), "c.json", ["val"]).Select(t => t.Text));
    }

    [Theory]
    [InlineData("text,label\nhi,\n", "u.csv, line 2, column 2 (label): the label is missing.")]
    [InlineData("text,label\n ,a\n", "u.csv, line 2, column 1 (text): the text is missing.")]
    [InlineData("text,kind\nhi,a\n", "u.csv, line 1: no column named 'label'; the columns are "
        + "text, kind.")]
    [InlineData("text,label\n", "u.csv: holds no texts.")]
    public void DamagedCsvIsRefused(string text, string expected) =>
        Assert.Equal(expected, Assert.Throws<DataException>(() => TextClasses.ReadCsv(
            new StringReader(text), "u.csv", "text", "label", ',')).Message);

    [Theory]
    [InlineData("{\"train\":", "u.json: is not JSON: ")]
    [InlineData("{\"train\":[[\"\\ud800\",\"b\"]]}", "u.json: is not JSON: ")]
    [InlineData("{\"\\udc00\":[[\"a\",\"b\"]]}", "u.json: is not JSON: ")]
    [InlineData("[]", "u.json: should be an object whose members are lists of [text, label].")]
    [InlineData("{\"val\":[]}", "u.json: has no list 'train'; it has val.")]
    [InlineData("{\"train\":[[\"a\",\"b\"],[\"c\",1]]}", "u.json: entry 1 of 'train' is not [text, "
        + "label].")]
    [InlineData("{\"train\":[]}", "u.json: holds no texts.")]
    public void DamagedJsonIsRefused(string json, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<DataException>(() => TextClasses.ReadJson(
            new StringReader(json), "u.json", ["train"])).Message);

    [Fact]
    public void VectorsAndNgramsThatCannotBeAreRefused()
    {
        Assert.Contains("give a length of at least 1", Assert.Throws<ArgumentException>(
            () => new HashedNgrams(Words: 0, LongestCharacters: 0).Of("a")).Message);
        Assert.Contains("vector 1 must have a value for each of its places",
            Assert.Throws<DataException>(() => VectorClasses.From(
                "v", 3, [new([0], [1]), new([2, 1], [1, 1])], [])).Message);
        Assert.Contains("class 'a' names a vector", Assert.Throws<DataException>(
            () => VectorClasses.From("v", 3, [new([], [])], [new("a", "", [1])])).Message);
    }
}
