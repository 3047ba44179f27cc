// The adaptation experiments on digits: the sampled protocol of ADDA, 2,000 of MNIST and 1,800 of
// USPS, and the embedded pair.
namespace Engine.Cli;

internal static class DigitsTable
{
    private const string Usps = "{0}/usps16@0..7291:1800", UspsTest = "{0}/usps16@7291..9298";
    public const string Files = "usps16 and embed/mnist10k";

    private static readonly (string Method, double? ToUsps, double? ToMnist)[] Methods =
    [
        ("none", 0.752, 0.571), ("dan", 0.962, 0.860), ("jan", null, null),
        ("coral", 0.964, 0.878), ("dann", 0.771, 0.730), ("cdan", 0.939, 0.969),
        ("cdan+e", 0.956, 0.980), ("mcd", 0.942, 0.941), ("adda", 0.894, 0.901),
        ("separation", null, null), ("im", null, null), ("dann+im", null, null),
        ("cdan+e+im", null, null), ("mcc", 0.967, 0.861), ("self-training", null, null),
        ("kmm", null, null), ("importance", null, null),
    ];

    /// <summary>All experiments: three pairs of sets, every method.</summary>
    public static IEnumerable<TransferExperiment> All =>
    [
        .. Methods.Select(m => Of(
            "font-mnist", m.Method, null, null, "fontdigits", "mnist:1000", null)),
        .. Methods.Select(m => Of(
            "mnist-usps", m.Method, m.ToUsps, Files, "mnist", Usps, UspsTest)),
        .. Methods.Select(m => Of(
            "usps-mnist", m.Method, m.ToMnist, Files, Usps, "{0}/embed/mnist10k:2000", null)),
    ];

    /// <summary>A pair of sets by its name, such as "mnist-usps".</summary>
    public static DomainPair Pair(string name, string data, long seed)
    {
        TransferExperiment experiment = All.First(e => e.Name == $"digits-{name}-none");
        return experiment.Pairs(experiment.Options with { Seed = seed }, data).Single();
    }

    private static TransferExperiment Of(
        string pair, string method, double? published, string? needs, string source,
        string target, string? test) => new(
            $"digits-{pair}-{method}", new() { Method = method, Size = 28, Steps = 1_000 },
            published, needs, (options, data) =>
            {
                string In(string spec) => spec.Replace("{0}", data, StringComparison.Ordinal);
                AdaptOptions own = options with
                {
                    Source = In(source),
                    Target = In(target),
                    TargetTest = test is null ? null : In(test),
                };
                return [new(pair, AdaptData.Open(own).Draw)];
            });
}
