// What a report shows. Plain data: the report knows nothing of models or tensors.
namespace Engine.Cli;

/// <summary>A page about one run.</summary>
internal sealed record ReportData
{
    public required string Title { get; init; }

    /// <summary>One sentence under the title.</summary>
    public required string Subtitle { get; init; }

    /// <summary>The figures that matter most, first the most important.</summary>
    public IReadOnlyList<Headline> Headlines { get; init; } = [];

    /// <summary>What a reader must know before believing the figures.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Learning curves, a chart each.</summary>
    public IReadOnlyList<Curve> Curves { get; init; } = [];

    /// <summary>Charts that compare several series.</summary>
    public IReadOnlyList<Plot> Plots { get; init; } = [];

    /// <summary>Maps of samples.</summary>
    public IReadOnlyList<Scatter> Scatters { get; init; } = [];

    /// <summary>Tables of texts.</summary>
    public IReadOnlyList<TextTable> Tables { get; init; } = [];

    /// <summary>Images beside what was made of them.</summary>
    public IReadOnlyList<Pictures> Pictures { get; init; } = [];

    /// <summary>Confusion matrices.</summary>
    public IReadOnlyList<Matrix> Matrices { get; init; } = [];

    /// <summary>Accuracy after each number of inner steps; one series for each start.</summary>
    public IReadOnlyList<StepSeries> Steps { get; init; } = [];

    /// <summary>Accuracy of guessing, drawn as a line; null leaves it out.</summary>
    public double? Chance { get; init; }

    public ExampleEpisode? Episode { get; init; }

    /// <summary>Settings of the run, name and value.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];
}

/// <summary>
/// A figure with its unit in the text: "accuracy after training", "83.1 ± 0.7 %".
/// </summary>
internal sealed record Headline(string Label, string Value, string Note = "");

/// <summary>A learning curve.</summary>
/// <param name="Title">What is learned.</param>
/// <param name="XLabel">Name and unit of the horizontal axis.</param>
/// <param name="YLabel">Name and unit of the vertical axis.</param>
/// <param name="Points">In order of X.</param>
/// <param name="Percent">Whether Y is a share of 1, shown in per cent from 0 to 100.</param>
internal sealed record Curve(
    string Title, string XLabel, string YLabel, IReadOnlyList<(double X, double Y)> Points,
    bool Percent = false);

/// <summary>
/// Accuracies (0 to 1) by number of inner steps, with half widths of 95 % intervals.
/// </summary>
internal sealed record StepSeries(
    string Name, IReadOnlyList<(int Step, double Accuracy, double Ci95)> Points);

/// <summary>Images of one size, channels x height x width, values 0 to 1.</summary>
/// <param name="Channels">1 (ink: 1 is dark) or 3 (red, green, blue).</param>
/// <param name="Height">Pixels.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Classes">Names of the classes, by label.</param>
/// <param name="Support">Support images.</param>
/// <param name="Query">Query images.</param>
internal sealed record ExampleEpisode(
    int Channels, int Height, int Width, IReadOnlyList<string> Classes,
    IReadOnlyList<EpisodeImage> Support, IReadOnlyList<EpisodeImage> Query);

/// <summary>One image, its true label and, for query images, the predicted one.</summary>
internal sealed record EpisodeImage(float[] Pixels, int Label, int? Predicted = null);
