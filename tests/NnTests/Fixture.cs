// Values that PyTorch computed in float64 (Fixtures/layers.py), by case.
using Engine.Data;

namespace Engine.NnTests;

internal static class Fixture
{
    private static readonly Lazy<Dictionary<string, Tensor>> All = new(() => Read("layers.npz"));

    public static string PathOf(string file) =>
        Path.Combine(AppContext.BaseDirectory, "Fixtures", file);

    public static Dictionary<string, Tensor> Read(string file) => NpzFile.Read(PathOf(file));

    /// <summary>One array of a case.</summary>
    public static Tensor Of(string name, string part) => All.Value[$"{name}/{part}"];

    /// <summary>The arrays of a case whose names begin so, by the rest of their names.</summary>
    public static Dictionary<string, Tensor> State(string name, string prefix) => All.Value
        .Where(array => array.Key.StartsWith($"{name}/{prefix}", StringComparison.Ordinal))
        .ToDictionary(array => array.Key[$"{name}/{prefix}".Length..], array => array.Value);

    public static void Near(Tensor expected, Tensor actual, double tolerance = 1e-12)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Naive.Near(expected.ToDoubles(), actual, tolerance);
    }
}
