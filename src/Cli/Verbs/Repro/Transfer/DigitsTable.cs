// The adaptation experiments on digits that engine repro knows: a row each, with the options of
// engine adapt that repeat it. The sampled protocol of ADDA: 2,000 of MNIST, 1,800 of USPS.
namespace Engine.Cli;

/// <summary>An experiment of adaptation between sets of digits.</summary>
/// <param name="Name">What is typed: the pair and the method.</param>
/// <param name="Method">The method of engine adapt.</param>
/// <param name="Source">Source domain; {0} is the folder of data.</param>
/// <param name="Target">Target domain.</param>
/// <param name="TargetTest">What is tested on; null is what the target's sample leaves.</param>
/// <param name="Published">
/// The accuracy of the method's paper or of a survey in this or a larger protocol; null if none.
/// </param>
/// <param name="NeedsData">Whether files are needed that are not embedded.</param>
internal sealed record DigitsExperiment(
    string Name, string Method, string Source, string Target, string? TargetTest,
    double? Published, bool NeedsData)
{
    /// <summary>The options of engine adapt that it stands for.</summary>
    public AdaptOptions Options(ReproOptions options) => new()
    {
        Method = Method,
        Source = In(options.Data, Source),
        Target = In(options.Data, Target),
        TargetTest = TargetTest is { } test ? In(options.Data, test) : null,
        Size = 28,
        Steps = options.Iterations ?? (options.Quick ? 16 : 1_000),
        Seed = options.Seed,
        Seeds = options.Seeds ?? (options.Quick ? 1 : 3),
    };

    private static string In(string? folder, string spec) =>
        spec.Replace("{0}", folder, StringComparison.Ordinal);
}

internal static class DigitsTable
{
    private const string Usps = "{0}/usps16@0..7291:1800", UspsTest = "{0}/usps16@7291..9298";

    private static readonly (string Method, double? ToUsps, double? ToMnist)[] Methods =
    [
        ("none", 75.2, 57.1), ("dan", 96.2, 86.0), ("jan", null, null), ("coral", 96.4, 87.8),
        ("dann", 77.1, 73.0), ("cdan", 93.9, 96.9), ("cdan+e", 95.6, 98.0), ("mcd", 94.2, 94.1),
        ("adda", 89.4, 90.1), ("separation", null, null), ("im", null, null),
        ("dann+im", null, null), ("cdan+e+im", null, null), ("mcc", 96.7, 86.1),
        ("self-training", null, null), ("kmm", null, null), ("importance", null, null),
    ];

    /// <summary>All experiments: three pairs of sets, every method.</summary>
    public static IReadOnlyList<DigitsExperiment> All { get; } =
    [
        .. Methods.Select(m => new DigitsExperiment(
            $"digits-font-mnist-{m.Method}", m.Method, "fontdigits", "mnist:1000", null, null,
            NeedsData: false)),
        .. Methods.Select(m => new DigitsExperiment(
            $"digits-mnist-usps-{m.Method}", m.Method, "mnist", Usps, UspsTest, m.ToUsps,
            NeedsData: true)),
        .. Methods.Select(m => new DigitsExperiment(
            $"digits-usps-mnist-{m.Method}", m.Method, Usps, "{0}/embed/mnist10k:2000", null,
            m.ToMnist, NeedsData: true)),
    ];
}
