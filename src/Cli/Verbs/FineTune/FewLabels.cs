// The data of one seed of engine finetune.
using Engine.Data;

namespace Engine.Cli;

/// <summary>Few examples of each class to tune on, and all others to test on.</summary>
internal sealed record FewLabels(LabelledSet Tuned, LabelledSet Tested)
{
    /// <summary>The examples of a seed, as the network of a start takes them.</summary>
    /// <exception cref="CliException">There are too few, or the network takes others.</exception>
    public static FewLabels Load(FineTuneOptions options, IStart start, long seed)
    {
        LabelledSet all = start.Prepare(
            DomainSpec.Parse("--data", options.Data).Load("--data", options.Vectors, seed).Chosen);
        if (all.Labels.Distinct().Take(2).Count() < 2)
            throw CliException.Use($"--data: {all.Name} has examples of fewer than two classes; "
                + "there is nothing to tell apart.");
        try
        {
            var (few, others) = all.PerClass(options.Few, seed);
            return others.Count > 0 ? new(few, others) : throw CliException.Use(
                $"--few: {options.Few} of each class are all that {all.Name} has; ask for fewer, "
                + "so that some are left to test on.");
        }
        catch (ArgumentException e)
        {
            throw CliException.Use($"--few: {e.Message}", e);
        }
    }
}
