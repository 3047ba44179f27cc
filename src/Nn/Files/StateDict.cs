// Models from and to named tensors, such as PyTorch's state dicts. Layouts are PyTorch's
// throughout, so only names differ.
using System.Text.RegularExpressions;

namespace Engine.Nn;

/// <summary>
/// Fills models from named tensors and back. Names are made of a tree's paths by a function, such
/// as <see cref="PyTorchName"/>.
/// </summary>
public static partial class StateDict
{
    private static readonly Dictionary<string, string> Names = new()
    {
        ["Scale"] = "weight",
        ["Shift"] = "bias",
        ["Mean"] = "running_mean",
        ["Variance"] = "running_var",
        ["InputWeight"] = "weight_ih",
        ["HiddenWeight"] = "weight_hh",
        ["InputBias"] = "bias_ih",
        ["HiddenBias"] = "bias_hh",
        ["PackedWeight"] = "in_proj_weight",
        ["PackedBias"] = "in_proj_bias",
        ["OutProjection"] = "out_proj",
    };

    /// <summary>
    /// The key that PyTorch's modules give a leaf of that path: parts in snake case, the leaves of
    /// normalisations, recurrent layers and attention by their names there ("Norm.Scale" is
    /// "norm.weight", "Cells.1.InputWeight" is "weight_ih_l1").
    /// </summary>
    public static string PyTorchName(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string name = string.Join('.', path.Split('.').Select(part =>
            Names.TryGetValue(part, out string? known)
                ? known
                : WordStart().Replace(part, "_").ToLowerInvariant()));
        name = ForwardCell().Replace(name, "$2_l$1");
        return ReversedCell().Replace(name, "$2_l$1_reverse");
    }

    /// <summary>
    /// A tree with the structure of <paramref name="like"/> and the values of a state dict: each
    /// leaf's name must be there with its shape and dtype, and nothing else but counters
    /// ("num_batches_tracked").
    /// </summary>
    /// <exception cref="EngineException">A tensor is missing, left over or different.</exception>
    public static T Load<T>(
        T like, IReadOnlyDictionary<string, Tensor> state, Func<string, string>? names = null)
        where T : ITree
    {
        StateReader reader = Reader(state, names);
        T loaded = reader.Fill(like, like.Paths());
        reader.CheckNothingLeft();
        return loaded;
    }

    /// <summary>
    /// <see cref="Load{T}"/> of a model whose state dict also holds the running statistics of its
    /// batch normalisations.
    /// </summary>
    /// <exception cref="EngineException">A tensor is missing, left over or different.</exception>
    public static (T Model, NormStatistics Statistics) LoadWithStatistics<T>(
        T like, IReadOnlyDictionary<string, Tensor> state, Func<string, string>? names = null)
        where T : ITree
    {
        StateReader reader = Reader(state, names);
        T model = reader.Fill(like, like.Paths());
        NormStatistics statistics =
            reader.Fill(NormStatistics.For(like), StatisticsPaths(like));
        reader.CheckNothingLeft();
        return (model, statistics);
    }

    /// <summary>
    /// The tree <paramref name="like"/> with those leaves from a state dict whose paths are chosen,
    /// such as a pre-trained body under another head; the other leaves stay. Every chosen leaf must
    /// be there with its shape and dtype. The names that were not asked for are told.
    /// </summary>
    /// <exception cref="EngineException">
    /// A chosen tensor is missing or different, or no leaf is chosen.
    /// </exception>
    public static (T Model, IReadOnlyList<string> LeftOver) LoadPart<T>(
        T like, IReadOnlyDictionary<string, Tensor> state, Func<string, bool> where,
        Func<string, string>? names = null) where T : ITree
    {
        StateReader reader = Reader(state, names);
        T loaded = reader.FillPart(like, like.Paths(), where);
        return (loaded, reader.LeftOver);
    }

    /// <summary>
    /// <see cref="LoadPart{T}"/> with the running statistics whose paths, such as "Stem.Norm.Mean",
    /// are chosen too; the others are those of a new network.
    /// </summary>
    /// <exception cref="EngineException">
    /// A chosen tensor is missing or different, or no leaf is chosen.
    /// </exception>
    public static (T Model, NormStatistics Statistics, IReadOnlyList<string> LeftOver)
        LoadPartWithStatistics<T>(
            T like, IReadOnlyDictionary<string, Tensor> state, Func<string, bool> where,
            Func<string, string>? names = null) where T : ITree
    {
        StateReader reader = Reader(state, names);
        T model = reader.FillPart(like, like.Paths(), where);
        List<string> paths = StatisticsPaths(like);
        NormStatistics statistics = NormStatistics.For(like);
        if (paths.Exists(path => where(path)))
            statistics = reader.FillPart(statistics, paths, where);
        return (model, statistics, reader.LeftOver);
    }

    /// <summary>The leaves of a model, and of running statistics if given, by name.</summary>
    public static Dictionary<string, Tensor> Of<T>(
        T model, NormStatistics? statistics = null, Func<string, string>? names = null)
        where T : ITree
    {
        names ??= PyTorchName;
        var state = new Dictionary<string, Tensor>();
        foreach (var (path, leaf) in model.Paths().Zip(model.Leaves()))
            state.Add(names(path), leaf);
        if (statistics is null) return state;
        foreach (var (path, leaf) in StatisticsPaths(model).Zip(statistics.Leaves()))
            state.Add(names(path), leaf);
        return state;
    }

    /// <summary>Where a PyTorch module keeps the statistics: beside the scale and shift.</summary>
    private static List<string> StatisticsPaths<T>(T model) where T : ITree =>
        [.. NormStatistics.Paths(model).SelectMany(path =>
            path.Length == 0
                ? (string[])["Mean", "Variance"]
                : [path + ".Mean", path + ".Variance"])];

    private static StateReader Reader(
        IReadOnlyDictionary<string, Tensor> state, Func<string, string>? names) =>
        new("StateDict: the state", state, names ?? PyTorchName);

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex WordStart();

    [GeneratedRegex(@"(?<=^|\.)cells\.(\d+)\.(\w+)$")]
    private static partial Regex ForwardCell();

    [GeneratedRegex(@"(?<=^|\.)reversed\.(\d+)\.(\w+)$")]
    private static partial Regex ReversedCell();
}
