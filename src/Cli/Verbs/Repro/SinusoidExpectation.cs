// What engine repro sinusoid should measure. A figure is compared only with those of its own
// protocol: order of differentiation, meta-steps and shots.
using static Engine.Cli.DerivativeOrder;

namespace Engine.Cli;

/// <summary>
/// Mean squared errors after 1, 5 and 10 inner steps for one protocol, each in [Low, High], and who
/// measured them.
/// </summary>
internal sealed record SinusoidExpectation(
    string Name, DerivativeOrder Order, int Iterations, int Shots, double[] Low, double[] High,
    string Source)
{
    private const string Paper = "Finn et al., 2017";
    private const string Independent = "seeds of an independent program";

    private static readonly SinusoidExpectation[] All =
    [
        new("published", Exact, 70_000, 5, [0.67, 0.38, 0.35], [0.67, 0.38, 0.35], Paper),
        new("expected", Exact, 70_000, 5, [0.60, 0.29, 0.26], [0.70, 0.38, 0.34], Independent),
        new("expected", Exact, 70_000, 10, [0.37, 0.12, 0.10], [0.42, 0.16, 0.13], Independent),
        new("expected", Exact, 15_000, 5, [0.83, 0.47, 0.43], [0.83, 0.47, 0.43], Independent),
        new("expected", First, 70_000, 5, [0.73, 0.35, 0.31], [0.89, 0.52, 0.49], Independent),
    ];

    /// <summary>Those of the protocol that was asked for.</summary>
    public static IEnumerable<SinusoidExpectation> Of(ReproOptions options, int shots) =>
        All.Where(e => (e.Order, e.Iterations, e.Shots)
            == (options.Order, options.Iterations, shots));
}
