// LoRA (Hu et al., 2022): a weight W becomes W + alpha / rank * Up Down, and only the two thin
// factors are trained. Adapters are a tree beside the model: several of them are several values,
// switching is merging another one, and all at once is Vmap over stacked ones.
using System.Collections.Immutable;

namespace Engine.Transfer;

/// <summary>
/// The factors of one weight's change. Of a matrix (out, in) they are <paramref name="Down"/>
/// (rank, in) and <paramref name="Up"/> (out, rank); of a convolution's (out, in, kernel...) they
/// are (rank, in, kernel...) and (out, rank, 1...), a convolution of few filters and a 1x1 one.
/// </summary>
public sealed partial record LoraPair(string Path, Tensor Down, Tensor Up) : ITree;

/// <summary>
/// Adapters of some weights of a model. Training them is training this tree: the model stays an
/// argument of the step. The weights' changes are matrices as large as the weights, which a step
/// makes on the way.
/// </summary>
public sealed record Lora : ITree
{
    private Lora(ImmutableArray<LoraPair> pairs, int rank, double alpha) =>
        (Pairs, Rank, Alpha) = (pairs, rank, alpha);

    /// <summary>The factors of each adapted weight, in the model's order.</summary>
    public ImmutableArray<LoraPair> Pairs { get; private init; }

    /// <summary>The rank of each weight's change.</summary>
    public int Rank { get; }

    /// <summary>A change is scaled by this over the rank.</summary>
    public double Alpha { get; }

    /// <summary>
    /// Adapters that change nothing yet: Down is uniform in +-1 / sqrt(fan-in), Up is zero, as
    /// PEFT begins.
    /// </summary>
    /// <param name="key">Where Down is drawn from.</param>
    /// <param name="model">The model to adapt.</param>
    /// <param name="where">
    /// Chooses weights by path: of linear layers, of convolutions, of attention (whose packed
    /// projections are one matrix (3 features, features), as in PEFT), or matrices of layers of
    /// your own.
    /// </param>
    /// <param name="rank">The rank of each change, at least 1.</param>
    /// <param name="alpha">A change is scaled by alpha / rank.</param>
    /// <exception cref="EngineException">
    /// Nothing is chosen, a chosen leaf is no such weight, or a number is out of range.
    /// </exception>
    public static Lora Create<T>(
        Key key, T model, Func<string, bool> where, int rank, double alpha) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(key);
        Part chosen = Part.Of(model, where);
        LoraLayers layers = LoraLayers.Of(model);
        return Of(chosen.Paths.Zip(chosen.Values).Select((at, i) =>
        {
            var (path, weight) = at;
            layers.Check(path, weight);
            double bound = 1 / Math.Sqrt((double)weight.Count / weight.Shape[0]);
            return new LoraPair(
                path,
                key.Fold(i).Uniform(DownShape(weight, rank), -bound, bound, weight.DType),
                Tensor.Zeros(UpShape(weight, rank), weight.DType));
        }), rank, alpha).Map((Tensor leaf) => leaf);
    }

    /// <summary>Adapters of given factors.</summary>
    /// <exception cref="EngineException">
    /// There are none, two are of one weight, or a number is out of range.
    /// </exception>
    public static Lora Of(IEnumerable<LoraPair> pairs, int rank, double alpha)
    {
        if (rank < 1 || !double.IsFinite(alpha) || alpha == 0)
            throw Errors.Fail("Lora", $"rank {rank} and alpha {alpha}: give a rank of at least 1, "
                + "and an alpha other than 0.");
        ImmutableArray<LoraPair> all = [.. pairs];
        if (all.IsEmpty || all.Select(pair => pair.Path).Distinct().Count() < all.Length)
            throw Errors.Fail("Lora", $"adapters of [{string.Join(", ", all.Select(p => p.Path))}]"
                + ": give at least one weight, each once.");
        return new(all, rank, alpha);
    }

    /// <summary>
    /// Several adapters of the same weights as one whose tensors have a first axis of that length,
    /// for <c>Vmap.Of((Lora l, Tensor x) => l.Merge(model).Forward(x), (0, Axis.Shared))</c>.
    /// </summary>
    /// <exception cref="EngineException">They are not of the same weights and rank.</exception>
    public static Lora Stack(params ReadOnlySpan<Lora> adapters)
    {
        if (adapters.Length == 0) throw Errors.Fail("Lora", "there are no adapters to stack.");
        Lora first = adapters[0];
        var leaves = new List<IReadOnlyList<Tensor>>();
        foreach (Lora adapter in adapters)
        {
            if (adapter.Rank != first.Rank || adapter.Alpha != first.Alpha
                || !adapter.Paths().SequenceEqual(first.Paths()))
                throw Errors.Fail("Lora", $"rank {first.Rank} and alpha {first.Alpha} of "
                    + $"[{string.Join(", ", first.Pairs.Select(p => p.Path))}] and rank "
                    + $"{adapter.Rank} and alpha {adapter.Alpha} of "
                    + $"[{string.Join(", ", adapter.Pairs.Select(p => p.Path))}] do not stack. "
                    + "Give adapters that were created alike.");
            leaves.Add(adapter.Leaves());
        }
        Lora stacked = first.WithLeaves([.. Enumerable.Range(0, leaves[0].Count).Select(
            i => Tensor.Stack([.. leaves.Select(l => l[i])]))]);
        Tree.Eval(stacked);
        return stacked;
    }

    /// <summary>The adapters of the chosen weights alone, perhaps none.</summary>
    internal Lora Only(Func<string, bool> where) =>
        this with { Pairs = [.. Pairs.Where(pair => where(pair.Path))] };

    /// <summary>The model with its weights changed: what is trained and used.</summary>
    /// <exception cref="EngineException">The adapters are of another model.</exception>
    public T Merge<T>(T model) where T : ITree => Add(model, Alpha / Rank);

    /// <summary>
    /// The model without the change that <see cref="Merge{T}"/> made; exact to the rounding of one
    /// sum and one difference.
    /// </summary>
    /// <inheritdoc cref="Merge{T}"/>
    public T Unmerge<T>(T model) where T : ITree => Add(model, -Alpha / Rank);

    private T Add<T>(T model, double scale) where T : ITree
    {
        Dictionary<string, LoraPair> left = Pairs.ToDictionary(pair => pair.Path);
        T merged = model.Map((path, weight) => left.Remove(path, out LoraPair? pair)
            ? weight + scale * Change(pair, weight) : weight);
        return left.Count == 0 ? merged : throw Errors.Fail("Lora", $"{typeof(T).Name} has no "
            + $"'{Pairs.First(p => left.ContainsKey(p.Path)).Path}', only "
            + $"[{string.Join(", ", model.Paths())}]. The adapter is of another model.");
    }

    private Tensor Change(LoraPair pair, Tensor weight)
    {
        Check(pair, weight, Rank);
        return pair.Up.Reshape(weight.Shape[0], Rank)
            .MatMul(pair.Down.Reshape(Rank, -1)).Reshape(weight.Shape);
    }

    internal static void Check(LoraPair pair, Tensor weight, int rank)
    {
        bool fits = weight.Rank >= 2 && pair.Down.DType == weight.DType
            && pair.Up.DType == weight.DType && pair.Down.Shape == DownShape(weight, rank)
            && pair.Up.Shape == UpShape(weight, rank);
        if (!fits)
            throw Errors.Fail("Lora", $"'{pair.Path}' is {weight.DType.Name()} {weight.Shape}, but "
                + $"its adapter of rank {rank} has {pair.Down.DType.Name()} {pair.Down.Shape} and "
                + $"{pair.Up.Shape}. The adapter is of another model.");
    }

    internal static Shape DownShape(Tensor weight, int rank) =>
        [rank, .. weight.Shape.Sizes[1..]];

    internal static Shape UpShape(Tensor weight, int rank) =>
        [weight.Shape[0], rank, .. Enumerable.Repeat(1, weight.Rank - 2)];

    // Written by hand, so that a leaf is called "First.Weight.Down" and not "Pairs.0.Down": leaves
    // can then be chosen by what they adapt.
    ITree ITree.Rebuild(TreeMap map)
    {
        map.Static(nameof(Rank), Rank);
        map.Static(nameof(Alpha), Alpha);
        ImmutableArray<LoraPair>.Builder? changed = null;
        for (int i = 0; i < Pairs.Length; i++)
        {
            LoraPair pair = map.Child(Pairs[i].Path, Pairs[i]);
            if (ReferenceEquals(pair, Pairs[i])) continue;
            changed ??= Pairs.ToBuilder();
            changed[i] = pair;
        }
        return changed is null ? this : this with { Pairs = changed.ToImmutable() };
    }
}
