// The rate of a run of engine finetune: the one that was asked for, or the one that the rate finder
// suggested for the first seed, which all seeds then share. Its curve stays in the run's folder.
using System.Text.Json;
using System.Text.Json.Serialization;
using Engine.Transfer;

namespace Engine.Cli;

/// <summary>The rate that the finder suggested, and what it saw.</summary>
internal sealed record RateChoice(double Rate, RateCurve Curve)
{
    public const string Name = "rate.json";

    // The finder's last loss may have exploded.
    private static readonly JsonSerializerOptions WithNaN = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>What an earlier seed or session found; null if there is nothing yet.</summary>
    public static RateChoice? Read(RunFolder folder)
    {
        return File.Exists(folder.PathOf(Name))
            ? folder.ReadJson<RateChoice>(Name, "delete it to look for the rate again", WithNaN)
            : null;
    }

    /// <summary>What was found, or is found and kept now.</summary>
    /// <exception cref="CliException">No rate makes the loss fall.</exception>
    public static RateChoice ReadOrFind(RunFolder folder, Func<RateCurve> find)
    {
        if (Read(folder) is { } known) return known;
        try
        {
            RateCurve curve = find();
            var found = new RateChoice(curve.Suggested, curve);
            folder.Replace(Name, stream => JsonSerializer.Serialize(stream, found, WithNaN));
            return found;
        }
        catch (EngineException e)
        {
            throw CliException.Fail(
                $"the rate finder found no rate: {e.Message} Or give --rate.", e);
        }
    }
}
