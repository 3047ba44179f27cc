// The methods the command knows by name; the first is the default. Deleting an entry removes a
// method. What some are usually trained with differs from MAML's: metric learners take larger
// tasks, one a step.
namespace Engine.Cli;

internal static class BuiltInMethods
{
    private static readonly RunOptions Metric =
        new() { TrainWays = 20, MetaBatch = 1, Rate = 5e-3 };

    public static IReadOnlyList<MethodEntry> All { get; } =
    [
        MethodEntry.Of<MamlOptions>("maml", "Finn et al., 2017"),
        MethodEntry.Of<AnilOptions>("anil", "Raghu et al., 2020"),
        MethodEntry.Of<BoilOptions>("boil", "Oh et al., 2021"),
        MethodEntry.Of<MetaSgdOptions>("meta-sgd", "Li et al., 2017"),
        MethodEntry.Of<MamlPlusPlusOptions>(
            "maml++", "Antoniou et al., 2019",
            new() { Iterations = 1500, Schedule = RateSchedule.Cosine }),
        MethodEntry.Of<ImplicitMamlOptions>("imaml", "Rajeswaran et al., 2019"),
        MethodEntry.Of<ReptileOptions>(
            "reptile", "Nichol et al., 2018",
            new()
            {
                TrainShots = 10, MetaBatch = 5, Rate = 1, Iterations = 2000,
                Schedule = RateSchedule.Linear,
            }),
        MethodEntry.Of<CaviaOptions>("cavia", "Zintgraf et al., 2019"),
        MethodEntry.Of<MetaTransferOptions>(
            "meta-transfer", "Sun et al., 2019", new() { Rate = 1e-3 }),
        MethodEntry.Of<TunedInnerOptions>("tuned-inner", "learned rates of any optimiser"),
        MethodEntry.Of<LearnedLossOptions>("learned-loss", "Bechtle et al., 2021"),
        MethodEntry.Of<MlpOptimizerOptions>(
            "mlp-optimizer", "Metz et al., 2019", new() { MetaBatch = 4, ClipNorm = 1 }),
        MethodEntry.Of<MetaLstmOptions>("meta-lstm", "Ravi and Larochelle, 2017",
            new() { MetaBatch = 4, Rate = 5e-3, ClipNorm = 0.25 }),
        MethodEntry.Of<ProtoNetOptions>("protonet", "Snell et al., 2017", Metric),
        MethodEntry.Of<MatchingOptions>("matching", "Vinyals et al., 2016", Metric),
        MethodEntry.Of<RelationOptions>("relation", "Sung et al., 2018", Metric),
        MethodEntry.Of<R2D2Options>("r2d2", "Bertinetto et al., 2019", Metric),
        MethodEntry.Of<LrD2Options>("lr-d2", "Bertinetto et al., 2019", Metric),
    ];
}
