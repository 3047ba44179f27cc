// A report with made-up figures, for tests and for looking at.
using Engine.Cli;
using Engine.Data;

namespace Engine.Tests.Cli;

internal static class SampleReport
{
    public static ReportData Make()
    {
        var random = new SeededRandom(3);
        var loss = Enumerable.Range(1, 3_000).Select(i => (
            X: 16.0 * i,
            Y: 0.35 + (1.3 * Math.Exp(-i / 500.0)) + (0.25 * random.Uniform() * random.Uniform())));
        var batch = new EpisodeSampler(ClassSplit.ByScript().Test, 5, 1, 5).Sample(1, 0, 1);
        EpisodeImage Image(float[] pixels, long[] labels, int i, int? predicted) =>
            new(pixels[(i * 784)..((i + 1) * 784)], (int)labels[i], predicted);
        return new ReportData
        {
            Title = "5-way 1-shot on glyphs of unseen scripts",
            Subtitle = "Exact MAML, Conv4 with 32 filters, transductive batch statistics; "
                + "<600> test tasks & sample figures.",
            Headlines =
            [
                new("accuracy after training", "83.1 ± 0.7 %", "3 inner steps"),
                new("before training", "31.0 ± 0.6 %"),
                new("from a random start", "38.2 ± 0.7 %", "fine-tuned, same steps"),
                new("training", "148 s", "48,000 tasks, 324 tasks/s"),
            ],
            Curves =
            [
                new("Query loss in training", "tasks seen", "cross-entropy (nats)", [.. loss]),
            ],
            Steps =
            [
                new("trained",
                    [(0, 0.201, 0.004), (1, 0.792, 0.007), (2, 0.824, 0.007), (3, 0.831, 0.007)]),
                new("random start",
                    [(0, 0.2, 0.004), (1, 0.31, 0.006), (2, 0.35, 0.007), (3, 0.382, 0.007)]),
            ],
            Chance = 0.2,
            Episode = new ExampleEpisode(
                1, 28, 28,
                [.. batch.ClassIds.Select(c => ClassSplit.ByScript().Test.Classes[c].Name)],
                [.. Enumerable.Range(0, 5).Select(
                    i => Image(batch.SupportX, batch.SupportY, i, null))],
                [
                    .. Enumerable.Range(0, 25).Select(i => Image(
                        batch.QueryX, batch.QueryY, i, i % 9 == 4 ? (i / 5 + 1) % 5 : i / 5)),
                ]),
            Settings =
            [
                ("ways", "5"), ("shots", "1"), ("queries", "5"), ("meta-batch", "16"),
                    ("inner steps", "1"),
                ("inner rate", "0.4"), ("outer rate", "0.001 (Adam)"), ("order", "exact"),
                    ("seed", "0"),
            ],
        };
    }
}
