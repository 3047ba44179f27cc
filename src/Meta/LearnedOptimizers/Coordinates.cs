// A model as a list of numbers: learned optimisers do the same to each of them, whatever leaf it is
// of. One product for all coordinates is faster than one for each leaf.
namespace Engine.Meta;

internal static class Coordinates
{
    /// <summary>All float leaves of a tree as one column, (coordinates, 1).</summary>
    public static Tensor Column<T>(T tree) where T : ITree => tree.Ravel().ExpandDims(1);

    /// <summary>
    /// The model with its coordinates taken from a column. Leaves whose gradients are symbolic
    /// zeros do not adapt and stay.
    /// </summary>
    public static T Moved<T>(T model, T gradient, Tensor column) where T : ITree => model.Zip(
        gradient, model.Unravel(column.Squeeze(1)),
        (old, slope, next) => slope.IsSymbolicZero ? old : next);

    /// <summary>How many coordinates each float leaf has.</summary>
    public static int[] Counts<T>(T model) where T : ITree =>
        [.. model.Leaves().Where(leaf => leaf.DType.IsFloat()).Select(leaf => (int)leaf.Count)];
}
