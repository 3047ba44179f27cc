// Sets that options name: each is read once, however many options and seeds draw from it, so that
// it is known which examples two of them have in common.
using Engine.Data;

namespace Engine.Cli;

/// <summary>Reads sets, each once.</summary>
internal sealed class SetReader(Func<string, DomainSpec, LabelledSet> read)
{
    private readonly Dictionary<(string Set, string? Domain), LabelledSet> known = [];

    /// <summary>Reads sets as they are in their files.</summary>
    public static SetReader Of(VectorFiles vectors) =>
        new((option, spec) => spec.Read(option, vectors));

    /// <summary>The same sets with other values, such as resized ones; also made once.</summary>
    public SetReader Then(Func<LabelledSet, LabelledSet> change) =>
        new((option, spec) => change(Read(option, spec)));

    /// <summary>What an option names, ready to be drawn from.</summary>
    /// <exception cref="CliException">It names too much.</exception>
    /// <exception cref="DataException">It cannot be read.</exception>
    public OpenSet Open(string option, string text)
    {
        DomainSpec spec = DomainSpec.Parse(option, text);
        return new(option, spec, spec.Within(option, Read(option, spec)));
    }

    private LabelledSet Read(string option, DomainSpec spec)
    {
        if (!known.TryGetValue((spec.Set, spec.Domain), out LabelledSet? set))
            known[(spec.Set, spec.Domain)] = set = read(option, spec);
        return set;
    }
}

/// <summary>A set that an option names.</summary>
/// <param name="Option">The option.</param>
/// <param name="Spec">What was typed for it.</param>
/// <param name="All">What samples are drawn from.</param>
internal sealed record OpenSet(string Option, DomainSpec Spec, LabelledSet All)
{
    /// <summary>The chosen examples, and those that the sample leaves.</summary>
    public (LabelledSet Chosen, LabelledSet Others) Draw(long seed) => Spec.Count is { } count
        ? All.Sample(count, seed) : (All, All.Range(0, 0));

    /// <summary>Refuses examples to test on that were trained on.</summary>
    /// <param name="tested">What this option gives.</param>
    /// <param name="other">The option that gives what is trained on.</param>
    /// <param name="trained">What that is.</param>
    /// <exception cref="CliException">They have examples in common.</exception>
    public void RefuseShared(LabelledSet tested, OpenSet other, LabelledSet trained)
    {
        if (Spec.Set == other.Spec.Set && Spec.Domain is null != other.Spec.Domain is null)
            throw CliException.Use($"{Option}: all of {Spec.Set} holds its domain "
                + $"{Spec.Domain ?? other.Spec.Domain}, so that examples of {other.Option} would "
                + "be tested on; name a domain in both.");
        int shared = tested.CountIn(trained);
        if (shared > 0)
            throw CliException.Use($"{Option}: {shared:N0} of its {tested.Count:N0} examples are "
                + $"those of {other.Option} as well, and what is trained on tests nothing; name "
                + "parts that lie apart by @FIRST..END"
                + (Option.EndsWith("-test", StringComparison.Ordinal)
                    ? ", or leave it out: then it is what is not trained on." : "."));
    }
}
