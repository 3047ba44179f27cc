// Which things are for training, validation and test: the one way in which classes and series are
// divided at random.
namespace Engine.Data;

internal static class Partition
{
    /// <summary>The part that a thing is in.</summary>
    public const int Train = 0, Validation = 1, Test = 2;

    /// <summary>
    /// Whole groups drawn at random until test and validation have at least their share of the
    /// things; a thing without a group is a group of its own. The same for the same seed.
    /// </summary>
    public static int[] ByGroup(
        IReadOnlyList<string> groups, long seed, double validationShare, double testShare)
    {
        var members = groups
            .Select((group, i) => (Thing: i, Group: group.Length > 0 ? group : $"\0{i}"))
            .GroupBy(p => p.Group, p => p.Thing)
            .ToList();
        var part = new int[groups.Count];
        int test = 0, validation = 0;
        foreach (int g in new SeededRandom(seed).Choose(members.Count, members.Count))
        {
            int to = test < testShare * part.Length ? Test
                : validation < validationShare * part.Length ? Validation : Train;
            foreach (int thing in members[g]) part[thing] = to;
            if (to == Test) test += members[g].Count();
            if (to == Validation) validation += members[g].Count();
        }

        return part;
    }

    /// <summary>
    /// Things drawn at random within each group, which keeps at least one for training. The same
    /// for the same seed.
    /// </summary>
    public static int[] WithinGroups(
        IReadOnlyList<string> groups, long seed, double validationShare, double testShare)
    {
        var part = new int[groups.Count];
        int number = 0;
        foreach (var members in groups.Select((g, i) => (g, i)).GroupBy(p => p.g, p => p.i))
        {
            int[] things = [.. members];
            int test = Math.Min((int)Math.Ceiling(testShare * things.Length), things.Length - 1);
            int validation = Math.Min(
                (int)Math.Ceiling(validationShare * things.Length), things.Length - 1 - test);
            int[] order = new SeededRandom(seed, number++).Choose(things.Length, things.Length);
            for (int i = 0; i < test + validation; i++)
                part[things[order[i]]] = i < test ? Test : Validation;
        }

        return part;
    }
}
