// The sets of a run of engine adapt: read and resized once, drawn anew for each seed.
using Engine.Data;
using Engine.Transfer;

namespace Engine.Cli;

internal sealed class AdaptData
{
    private readonly OpenSet source, target;
    private readonly OpenSet? sourceTest, targetTest;
    private readonly Func<OpenSet, OpenSet> sized;
    private readonly int fewest;

    private AdaptData(AdaptOptions options)
    {
        SetReader reader = SetReader.Of(options.Vectors);
        source = reader.Open("--source", options.Source);
        target = reader.Open("--target", options.Target);
        if (options.SourceTest is { } st) sourceTest = reader.Open("--source-test", st);
        if (options.TargetTest is { } tt) targetTest = reader.Open("--target-test", tt);
        Shape shape = source.All.Shape;
        if (options.Size is not null && shape.Rank != 3)
            throw CliException.Use($"--size: {source.All.Name} has vectors; leave it out.");
        SetReader resized = reader.Then(set => set.Shape.Rank != 3 || shape.Rank != 3 ? set
            : set.Resize(options.Size ?? shape[1], options.Size ?? shape[2]));
        sized = set => resized.Open(set.Option, set.Spec.Text);
        // It halves what is kept of the source, and weighs one half by what it learns of the other.
        fewest = options.Validator == "deep-embedded" ? 4 : 1;
    }

    /// <summary>Reads what options name.</summary>
    /// <exception cref="CliException">The sets do not fit together.</exception>
    public static AdaptData Open(AdaptOptions options)
    {
        var data = new AdaptData(options);
        CheckPair(data.sized(data.source).All, data.sized(data.target).All);
        return data;
    }

    /// <summary>The sets of a seed.</summary>
    /// <exception cref="CliException">
    /// A part is empty, or what is tested on is trained on as well.
    /// </exception>
    public DomainSets Draw(long seed)
    {
        // Where values are changed nothing tells any more which examples are the same.
        DomainSets plain = Divide(seed, set => set);
        sourceTest?.RefuseShared(plain.SourceTest, source, plain.Source);
        sourceTest?.RefuseShared(plain.SourceTest, target, plain.Target);
        (targetTest ?? target).RefuseShared(plain.TargetTest, source, plain.Source);
        targetTest?.RefuseShared(plain.TargetTest, target, plain.Target);
        DomainSets sets = Divide(seed, sized);
        CheckPair(sets.Source, sets.Target);
        CheckKind("--source-test", sets.SourceTest, sets.Source);
        CheckKind("--target-test", sets.TargetTest, sets.Target);
        return sets;
    }

    private DomainSets Divide(long seed, Func<OpenSet, OpenSet> view)
    {
        LabelledSet from = view(source).Draw(seed).Chosen, fromTest;
        if (sourceTest is not null) fromTest = view(sourceTest).Draw(seed).Chosen;
        else (from, fromTest) = from.Split(0.9, seed);
        CheckLeft(
            "--source", "--source-test", from, fromTest, fewest, "a tenth of them to validate on");
        var (to, toTest) = view(target).Draw(seed);
        if (targetTest is not null) toTest = view(targetTest).Draw(seed).Chosen;
        else if (toTest.Count == 0) (to, toTest) = to.Split(0.5, seed);
        CheckLeft("--target", "--target-test", to, toTest, 1, "half of them to test on");
        return new(from, fromTest, to, toTest);
    }

    private static void CheckLeft(
        string option, string testOption, LabelledSet kept, LabelledSet test, int fewest,
        string what)
    {
        if (kept.Count > 0 && test.Count >= fewest) return;
        int all = kept.Count + test.Count;
        throw CliException.Use($"{option}: {all} example{(all == 1 ? "" : "s")} of {kept.Name} "
            + $"{(all == 1 ? "is" : "are")} too few to keep {what}; give more, or name others by "
            + $"{testOption}.");
    }

    private static void CheckPair(LabelledSet source, LabelledSet target) =>
        CliException.CheckUse(() =>
        {
            DomainBatches.Check(source, target);
            return true;
        });

    private static void CheckKind(string option, LabelledSet test, LabelledSet trained)
    {
        if (test.Shape != trained.Shape)
            throw CliException.Use($"{option}: {test.Name} has examples of {test.Shape}, but what "
                + $"is trained on has {trained.Shape}; name a set of the same kind.");
        if (!test.Classes.SequenceEqual(trained.Classes))
            throw CliException.Use($"{option}: {test.Name} has other classes than {trained.Name}, "
                + "or numbers them in another order; name a set of the same classes.");
    }
}
