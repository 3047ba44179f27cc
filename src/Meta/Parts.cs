// Parts of a model by path, for learners that adapt one part and freeze the rest.
namespace Engine.Meta;

/// <summary>Chooses leaves of a model by the path of the part that they belong to.</summary>
public static class Parts
{
    /// <summary>
    /// Chooses the leaves of the part at <paramref name="path"/>, such as "Head".
    /// </summary>
    /// <exception cref="EngineException">The model has no such part.</exception>
    public static Func<string, bool> At<T>(T model, string path) where T : ITree
    {
        IReadOnlyList<string> all = model.Paths();
        if (!all.Any(leaf => Holds(path, leaf)))
            throw new EngineException($"Parts: the model has no part '{path}'; its leaves are "
                + $"[{string.Join(", ", all)}]. Give the beginning of one of these.");
        return leaf => Holds(path, leaf);
    }

    /// <summary>Chooses all leaves but those of the part at <paramref name="path"/>.</summary>
    /// <exception cref="EngineException">The model has no such part, or no other.</exception>
    public static Func<string, bool> AllBut<T>(T model, string path) where T : ITree
    {
        Func<string, bool> part = At(model, path);
        if (model.Paths().All(part))
            throw new EngineException($"Parts: '{path}' is the whole model. Give a part of it.");
        return leaf => !part(leaf);
    }

    /// <summary>Whether a leaf belongs to the part: "Head.Weight" to "Head".</summary>
    internal static bool Holds(string part, string leaf) =>
        leaf.StartsWith(part, StringComparison.Ordinal)
        && (leaf.Length == part.Length || leaf[part.Length] == '.');
}
