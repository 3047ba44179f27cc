// The few-shot classification experiments that engine repro knows: a row each, with the options of
// engine train that repeat it, and what others have published for it.
using System.Globalization;

namespace Engine.Cli;

/// <summary>A few-shot classification experiment.</summary>
/// <param name="Name">What is typed: data, ways, shots and method.</param>
/// <param name="Arguments">
/// The options of engine train that repeat it, but for data and seed.
/// </param>
/// <param name="Iterations">Meta-steps of a seed.</param>
/// <param name="Published">The accuracy in the method's paper; null if it has none.</param>
/// <param name="Expected">
/// Where the accuracy of this program's shorter training lies; null if nobody has measured it.
/// </param>
/// <param name="Omniglot">Whether it is on Omniglot; else on the embedded glyphs.</param>
/// <param name="Quick">Options of the quick form besides.</param>
internal sealed record ClassificationExperiment(
    string Name, string Arguments, int Iterations, double? Published,
    (double Low, double High)? Expected, bool Omniglot, string Quick);

internal static class ClassificationTable
{
    /// <summary>A method's settings and its figures on Omniglot, in per cent.</summary>
    /// <param name="Name">What names of experiments end with.</param>
    /// <param name="Arguments">Options of engine train.</param>
    /// <param name="Iterations">Meta-steps at 5 ways.</param>
    /// <param name="Published">Published 5-way and 20-way 1-shot accuracies.</param>
    /// <param name="Quick">Options of the quick form besides.</param>
    /// <param name="Five">
    /// Where its accuracy lay at 5 ways on Omniglot: half a point beyond the lowest and the highest
    /// of three seeds, a whole one where fewer were measured; docs/meta-learners.md has them.
    /// </param>
    /// <param name="Twenty">The same at 20 ways.</param>
    private sealed record Row(
        string Name, string Arguments, int Iterations, (double? Five, double? Twenty) Published,
        string Quick = "", (double Low, double High)? Five = null,
        (double Low, double High)? Twenty = null);

    // Accuracies of others are collected in the papers' tables; MAML's own are with 64 filters and
    // 60,000 meta-steps of 32 tasks.
    private static readonly Row[] Rows =
    [
        new("maml", "--method maml --schedule cosine", 5_000, (98.7, 95.8), Five: (97.2, 98.3)),
        new("fomaml", "--method maml --order first --schedule cosine", 5_000, (98.3, 89.4),
            Five: (79.2, 88.9)),
        new("anil", "--method anil --schedule cosine", 5_000, (null, 96.2), Five: (95.1, 96.9)),
        new("boil", "--method boil --schedule cosine", 5_000, (null, null), Five: (97.3, 99.3)),
        new("meta-sgd", "--method meta-sgd --schedule cosine", 5_000, (99.53, 95.93),
            Five: (98.0, 99.4)),
        new("maml++", "--method maml++", 5_000, (99.47, 97.65), Five: (97.8, 99.3)),
        new("maml++-inductive", "--method maml++ --query-statistics support", 5_000, (null, null),
            Five: (96.9, 98.9)),
        new("imaml", "--method imaml --schedule cosine", 5_000, (99.5, 96.2), Five: (83.2, 92.7)),
        new("reptile", "--method reptile", 5_000, (97.68, 89.43), Five: (96.4, 97.6)),
        new("cavia", "--method cavia --schedule cosine", 5_000, (null, null), Five: (90.3, 92.3)),
        new("meta-transfer", "--method meta-transfer --schedule cosine", 2_000, (null, null),
            Quick: "--pretrain-steps 20", Five: (84.5, 86.5)),
        new("tuned-inner", "--method tuned-inner --schedule cosine", 5_000, (null, null),
            Five: (97.3, 99.3)),
        new("learned-loss", "--method learned-loss --schedule cosine", 5_000, (null, null),
            Five: (97.2, 99.2)),
        new("mlp-optimizer", "--method mlp-optimizer --schedule cosine", 3_000, (null, null),
            Five: (96.9, 98.9)),
        new("meta-lstm", "--method meta-lstm --filters 16 --schedule cosine", 6_000,
            (null, null), Five: (94.5, 96.4)),
        new("meta-lstm-inductive",
            "--method meta-lstm --filters 16 --statistics inductive --schedule cosine", 6_000,
            (null, null), Five: (93.2, 95.2)),
        new("protonet", "--method protonet --schedule cosine", 20_000, (98.8, 96.0),
            Five: (98.0, 99.3), Twenty: (94.8, 96.8)),
        new("matching", "--method matching --schedule cosine", 6_000, (98.1, 93.8),
            Five: (98.0, 99.0)),
        new("relation", "--method relation --schedule cosine", 6_000, (99.6, 97.6),
            Five: (97.8, 98.9)),
        new("r2d2", "--method r2d2 --schedule cosine", 8_000, (null, null), Five: (97.8, 99.1)),
        new("lr-d2", "--method lr-d2 --schedule cosine", 8_000, (null, null), Five: (97.8, 99.8)),
    ];

    /// <summary>All experiments.</summary>
    public static IReadOnlyList<ClassificationExperiment> All { get; } =
    [
        .. from omniglot in (bool[])[true, false]
           from ways in (int[])[5, 20]
           where omniglot || ways == 5
           from row in Rows
           select new ClassificationExperiment(
               Name(omniglot, ways, row.Name),
               Arguments(row, ways), Iterations(row, ways),
               !omniglot ? null : ways == 5 ? row.Published.Five : row.Published.Twenty,
               !omniglot ? null : ways == 5 ? row.Five : row.Twenty, omniglot, row.Quick),
    ];

    /// <summary>
    /// Steps at 20 ways cost more; ProtoNet's do not, since it trains on tasks of 20 ways anyhow.
    /// </summary>
    private static int Iterations(Row row, int ways) =>
        ways == 5 || row.Name == "protonet" ? row.Iterations : row.Iterations / 2;

    private static string Name(bool omniglot, int ways, string method) => omniglot
        ? string.Create(CultureInfo.InvariantCulture, $"omniglot-{ways}w1s-{method}")
        : $"glyphs-{method}";

    private static string Arguments(Row row, int ways) => string.Create(
        CultureInfo.InvariantCulture, $"--ways {ways} --shots 1 {row.Arguments}");
}
