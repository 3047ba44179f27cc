// The data of one seed of engine finetune.
using Engine.Data;

namespace Engine.Cli;

/// <summary>Few examples of each class to tune on, and all others to test on.</summary>
internal sealed record FewLabels(LabelledSet Tuned, LabelledSet Tested)
{
    /// <summary>The examples of a seed, as the network of a start takes them.</summary>
    /// <inheritdoc cref="Open" path="/exception"/>
    public static FewLabels Load(FineTuneOptions options, IStart start, long seed) =>
        Open(options, start)(seed);

    /// <summary>Reads the data once, and draws the examples of a seed.</summary>
    /// <exception cref="CliException">
    /// There are too few, the network takes others, or it has learnt their labels already.
    /// </exception>
    public static Func<long, FewLabels> Open(FineTuneOptions options, IStart start)
    {
        const string Option = "--data";
        SetReader reader = SetReader.Of(options.Vectors);
        OpenSet plain = reader.Open(Option, options.Data);
        // What is not sampled is made ready once; of a sample, what it leaves out is never needed.
        var whole = new Lazy<LabelledSet>(() => start.Prepare(plain.All));
        return seed =>
        {
            LabelledSet tested = plain.Draw(seed).Chosen;
            foreach (var (text, drawn) in start.Learned)
            {
                DomainSpec spec = DomainSpec.Parse("--source", text);
                if (spec.Set != plain.Spec.Set) continue;
                OpenSet source = reader.Open("the start's source", text);
                plain.RefuseShared(tested, source, source.Draw(drawn).Chosen);
            }

            return Of(
                plain.Spec.Count is null ? whole.Value : start.Prepare(tested), options.Few, seed);
        };
    }

    private static FewLabels Of(LabelledSet all, int count, long seed)
    {
        if (all.Labels.Distinct().Take(2).Count() < 2)
            throw CliException.Use($"--data: {all.Name} has examples of fewer than two classes; "
                + "there is nothing to tell apart.");
        try
        {
            var (few, others) = all.PerClass(count, seed);
            return others.Count > 0 ? new(few, others) : throw CliException.Use(
                $"--few: {count} of each class are all that {all.Name} has; ask for fewer, "
                + "so that some are left to test on.");
        }
        catch (ArgumentException e)
        {
            throw CliException.Use($"--few: {e.Message}", e);
        }
    }
}
