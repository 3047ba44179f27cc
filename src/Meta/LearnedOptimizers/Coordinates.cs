// A model as a list of numbers: learned optimisers do the same to each of them, whatever leaf it is
// of. One product for all coordinates is faster than one for each leaf.
namespace Engine.Meta;

internal static class Coordinates
{
    /// <summary>All float leaves one after the other, (coordinates).</summary>
    public static Tensor Of<T>(T model) where T : ITree =>
        Tensor.Concat([.. Floats(model).Select(leaf => leaf.Reshape(-1))]);

    /// <summary>
    /// The model with its float leaves taken from coordinates. Leaves whose gradients are symbolic
    /// zeros do not adapt and stay.
    /// </summary>
    public static T Into<T>(T model, T gradient, Tensor coordinates) where T : ITree
    {
        Tensor[] leaves = [.. model.Leaves()];
        IReadOnlyList<Tensor> gradients = gradient.Leaves();
        Tensor[] parts = coordinates.Split(Counts(model));
        int next = 0;
        for (int i = 0; i < leaves.Length; i++)
        {
            if (!leaves[i].DType.IsFloat()) continue;
            Tensor part = parts[next++];
            if (!gradients[i].IsSymbolicZero)
                leaves[i] = part.Reshape(leaves[i].Shape.Sizes).Cast(leaves[i].DType);
        }
        return model.WithLeaves(leaves);
    }

    /// <summary>How many coordinates each float leaf has.</summary>
    public static int[] Counts<T>(T model) where T : ITree =>
        [.. Floats(model).Select(leaf => checked((int)leaf.Count))];

    private static IEnumerable<Tensor> Floats<T>(T model) where T : ITree =>
        model.Leaves().Where(leaf => leaf.DType.IsFloat());
}
