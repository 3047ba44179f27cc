// Successive halving (Jamieson and Talwalkar, 2016): train many settings briefly, keep the best
// share, train these longer, and so on, so that most of the time goes to good settings.
namespace Engine.Cli;

/// <summary>A round: how many settings are in it, and to how many steps each is trained.</summary>
internal sealed record Round(int Settings, int Steps);

internal static class Halving
{
    /// <summary>
    /// The rounds of a search, the last with a single setting trained to all the steps. Each has
    /// one in <paramref name="factor"/> of the settings of the one before, rounded up, and as many
    /// times its steps.
    /// </summary>
    public static IReadOnlyList<Round> Rounds(int trials, int steps, int factor)
    {
        var counts = new List<int> { trials };
        while (counts[^1] > 1) counts.Add((counts[^1] + factor - 1) / factor);
        return
        [
            .. counts.Select((count, i) => new Round(
                count,
                (int)Math.Max(1, Math.Round(steps / Math.Pow(factor, counts.Count - 1 - i))))),
        ];
    }
}
