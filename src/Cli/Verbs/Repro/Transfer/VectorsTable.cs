// The adaptation experiments on vectors: reviews of four kinds of goods, SURF histograms of four
// collections of photographs, and features of a network of photographs, paintings, cartoons and
// sketches. The result is the mean over all pairs of domains.
using Engine.Data;
using Engine.Transfer;

namespace Engine.Cli;

internal static class VectorsTable
{
    private static readonly string[] Goods = ["books", "dvd", "electronics", "kitchen"];

    private static readonly string[] Parts = ["train", "test"];

    /// <summary>Method and published accuracies: of reviews and of SURF, 12 pairs each.</summary>
    private static readonly (string Method, double? Reviews, double? Surf)[] Methods =
    [
        ("none", null, 0.450), ("dan", null, null), ("coral", 0.780, 0.467), ("dann", 0.763, null),
        ("cdan+e", null, null), ("im", null, null), ("mcc", null, null),
        ("kmm", null, null), ("importance", null, null),
    ];

    public static IEnumerable<TransferExperiment> All =>
    [
        .. Methods.Select(m => new TransferExperiment(
            $"amazon-{m.Method}",
            new() { Method = m.Method, Steps = 300, WeightDecay = 1e-4, Looks = 4 },
            m.Reviews, "amazon_books_train.svmlight.gz and its like", Amazon)),
        .. Methods.Select(m => new TransferExperiment(
            $"officecaltech-{m.Method}",
            new() { Method = m.Method, Steps = 300, WeightDecay = 1e-3, Looks = 4 },
            m.Surf, "officecaltech_surf800", OfficeCaltech)),
        .. Methods.Select(m => new TransferExperiment(
            $"pacs-{m.Method}",
            new() { Method = m.Method, Steps = 400, WeightDecay = 1e-4, Looks = 4 },
            null, "pacs_mnet025_feat256_u8 and pacs32", Pacs)),
    ];

    /// <summary>
    /// Reviews as logarithms of word counts; the target's training part is adapted to, its test
    /// part tested on.
    /// </summary>
    private static IReadOnlyList<DomainPair> Amazon(AdaptOptions options, string data)
    {
        var train = Goods.Select(g => Reviews(data, g, "train", options.Features)).ToArray();
        var test = Goods.Select(g => Reviews(data, g, "test", options.Features)).ToArray();
        return Each(Goods, (s, t) => seed =>
        {
            var (source, held) = train[s].Split(0.9, seed);
            return new(source, held, train[t], test[t]);
        });
    }

    /// <summary>
    /// Histograms of visual words, each of sum 1, standardised by domain as the protocol has it.
    /// All of the target is adapted to, without labels, and tested on.
    /// </summary>
    private static IReadOnlyList<DomainPair> OfficeCaltech(AdaptOptions options, string data)
    {
        string path = Path.Combine(data, "officecaltech_surf800");
        string[] names = [.. LabelledFiles.Domains(path)];
        LabelledSet[] domains =
            [.. names.Select(n => LabelledFiles.Load(path, n).Map(Shares).Standardised())];
        return Each(names, (s, t) => seed =>
        {
            var (source, held) = domains[s].Split(0.9, seed);
            return new(source, held, domains[t], domains[t]);
        });
    }

    /// <summary>
    /// Three kinds of pictures to the fourth, by features of a network trained on photographs. Half
    /// of the target is adapted to, the other half tested on.
    /// </summary>
    private static IReadOnlyList<DomainPair> Pacs(AdaptOptions options, string data)
    {
        LabelledSet[] domains = PacsDomains(data);
        return
        [
            .. domains.Select((domain, t) => new DomainPair($"to {domain.Name}", seed =>
            {
                LabelledSet[] others = [.. domains.Where((_, d) => d != t)];
                var (source, held) = LabelledSet.Together(
                    string.Join(", ", others.Select(o => o.Name)), others).Split(0.9, seed);
                var (target, test) = domains[t].Split(0.5, seed);
                return new(source, held, target, test);
            })),
        ];
    }

    private static DomainPair[] Each(
        string[] names, Func<int, int, Func<long, DomainSets>> draw) =>
    [
        .. from s in Enumerable.Range(0, names.Length)
           from t in Enumerable.Range(0, names.Length)
           where s != t
           select new DomainPair($"{names[s]} to {names[t]}", draw(s, t)),
    ];

    /// <summary>The four kinds of pictures, each as features of a network.</summary>
    public static LabelledSet[] PacsDomains(string data)
    {
        string features = Path.Combine(data, "pacs_mnet025_feat256_u8");
        string labels = Path.Combine(data, "pacs32");
        return
        [
            .. LabelledFiles.Domains(labels).Select(name => LabelledFiles.Load(
                features, name, labelsOf: labels, divisor: 255 / 6f).Named(name)),
        ];
    }

    /// <summary>All reviews of each kind of goods.</summary>
    public static LabelledSet[] AmazonDomains(string data) =>
    [
        .. Goods.Select(goods => LabelledSet.Together(
            goods,
            [.. Parts.Select(part => Reviews(data, goods, part, new AdaptOptions().Features))])),
    ];

    private static LabelledSet Reviews(string data, string goods, string part, int features) =>
        SvmLight.Read(
            Path.Combine(data, $"amazon_{goods}_{part}.svmlight.gz"), features, firstIndex: 0)
            .Map(Logarithms);

    private static void Logarithms(Span<float> values)
    {
        foreach (ref float value in values) value = MathF.Log(1 + value);
    }

    public static void Shares(Span<float> values)
    {
        float sum = 0;
        foreach (float value in values) sum += value;
        if (sum == 0) return;
        foreach (ref float value in values) value /= sum;
    }
}
