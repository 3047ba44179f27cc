// Published texts and series as they come, where they are at hand.
using System.Text.Json;
using Engine.Data;

namespace Engine.Tests.Data;

public class SharedDataTests
{
    private const string Intents = "text/banking77_train.csv.gz";
    private const string Domains = "text/clinc150_domains.json.gz";

    [DataFact(Intents)]
    public void Banking77IsRead()
    {
        var texts = TextClasses.ReadCsv(DataFactAttribute.Find(Intents)!, label: "category");
        VectorClasses classes = TextClasses.ToVectors("banking77", texts);
        Assert.Equal((10_003, 77), (classes.VectorCount, classes.ClassCount));
        var tasks = new EpisodeSampler(classes, ways: 5, shots: 1, queries: 5);
        Episode task = Episode.From(tasks.Sample(0, 0, 1)).Task(0);
        Assert.Equal("(25, 4096)", $"{task.QueryX.Shape}");
        Assert.All(task.QueryX.Square().Sum(1).ToArray<float>(), x => Assert.Equal(1, x, 1e-5));
    }

    [DataFact(Domains)]
    public void Clinc150IsReadWithItsDomainsAsGroups()
    {
        string file = DataFactAttribute.Find("text/clinc150_data_full.json.gz")!;
        Assert.Equal(22_500, TextClasses.ReadJson(file).Length);
        var texts = TextClasses.ReadJson(file, "train");
        using Stream domains = new System.IO.Compression.GZipStream(
            File.OpenRead(DataFactAttribute.Find(Domains)!),
            System.IO.Compression.CompressionMode.Decompress);
        var domainOf = JsonSerializer.Deserialize<Dictionary<string, string[]>>(domains)!
            .SelectMany(d => d.Value.Select(label => (label.Replace(' ', '_'), d.Key)))
            .ToDictionary(pair => pair.Item1, pair => pair.Key);
        VectorClasses classes = TextClasses.ToVectors(
            "clinc150", texts, group: label => domainOf[label.Replace(' ', '_')]);
        Assert.Equal((15_000, 150), (classes.VectorCount, classes.ClassCount));
        Assert.Equal(10, classes.Classes.Select(c => c.Group).Distinct().Count());
    }

    /// <summary>Families of short series of other lengths, with the columns that hold them.</summary>
    [DataFact("series/datasets_ChickWeight.csv")]
    public void SeriesAreRead()
    {
        (string File, string Id, string Time, string Value, int Count)[] families =
        [
            ("datasets_ChickWeight", "Chick", "Time", "weight", 50),
            ("nlme_Oxboys", "Subject", "age", "height", 26),
            ("ggplot2_txhousing", "city", "date", "sales", 46),
            ("plm_Produc", "state", "year", "gsp", 48),
            ("gapminder_gapminder", "country", "year", "lifeExp", 142),
        ];
        foreach (var (file, id, time, value, count) in families)
        {
            SeriesSet set = SeriesFiles.Long(
                DataFactAttribute.Find($"series/{file}.csv")!,
                new() { Id = id, Time = time, Value = value });
            Assert.Equal((file, count), (file, set.Series.Length));
            var tasks = new SeriesTasks(
                set, new(Window: 2, Support: 3, Queries: 2), skipShort: true);
            Tensor targets = Episode.From(tasks.Sample(0, 0, 20)).QueryY;
            Assert.All(targets.ToArray<float>(), y => Assert.True(float.IsFinite(y)));
        }
    }
}
