// Meta-transfer learning (Sun et al., 2019): the convolutions of a pre-trained network are frozen;
// meta-learning finds a scale and a shift for each, and the start of the head, which alone adapts.
using System.Collections.Immutable;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A scale for each kernel of a convolution, (K, C / groups, 1, 1), and a shift for each of its
/// filters, (K).
/// </summary>
public sealed partial record ScaleShift(Tensor Scale, Tensor Shift) : ITree
{
    /// <summary>
    /// Scale 1 and shift 0 for each convolution in a model, in the order of its tree.
    /// </summary>
    public static ImmutableArray<ScaleShift> For<T>(T model) where T : ITree
    {
        var find = new OnConvolutions(static (_, convolution) => convolution);
        find.Child("", model);
        return [.. find.Found.Select(convolution =>
        {
            Tensor weight = convolution.Weight;
            Tensor Full(Shape shape, double value) =>
                Tensor.Full(shape, value, weight.DType).To(weight.Device).Eval();
            return new ScaleShift(
                Full([weight.Shape[0], weight.Shape[1], 1, 1], 1), Full(weight.Shape[0], 0));
        })];
    }

    /// <summary>
    /// The model with each convolution's weights scaled and its bias shifted (equation 5 of the
    /// paper): weight * scale and bias + shift.
    /// </summary>
    public static T Apply<T>(T model, ImmutableArray<ScaleShift> all) where T : ITree
    {
        var change = new OnConvolutions((i, convolution) => i >= all.Length
            ? convolution
            : convolution with
            {
                Weight = convolution.Weight * all[i].Scale,
                Bias = convolution.Bias is { } bias ? bias + all[i].Shift : all[i].Shift,
            });
        T changed = change.Child("", model);
        if (change.Found.Count != all.Length)
            throw new EngineException($"ScaleShift: the model has {change.Found.Count} "
                + $"convolutions, but there are {all.Length} scales and shifts. Make them with "
                + "ScaleShift.For(model).");
        return changed;
    }

    /// <summary>Changes the convolutions of a tree, which it numbers.</summary>
    private sealed class OnConvolutions(Func<int, Conv2d, Conv2d> change) : TreeMap
    {
        public List<Conv2d> Found { get; } = [];

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value)
        {
            if (value is not Conv2d convolution) return base.Child(name, value);
            Found.Add(convolution);
            return (T)(ITree)change(Found.Count - 1, convolution);
        }
    }
}

/// <summary>
/// A frozen body, the scales and shifts of its convolutions, and the start of the head.
/// </summary>
public sealed partial record Transferred<T, H>(
    T Body, ImmutableArray<ScaleShift> Layers, H Head) : ITree where T : ITree where H : ITree;

/// <summary>
/// Meta-transfer learning: the head adapts by gradient descent on the features of the scaled and
/// shifted body (equation 3 of the paper); the loss of a task is that of the adapted head on the
/// query set, which scales, shifts and the head's start lower (equations 4 and 6). The body stays
/// as it was pre-trained (<see cref="Classification{T}"/>). Training on the hardest classes again is
/// <see cref="HardTasks{P}"/>.
/// </summary>
/// <param name="Features">The body and inputs to features (n, F).</param>
/// <param name="Objective">
/// From head and features to predictions, and their loss; its mode is that of the body.
/// </param>
/// <param name="InnerSteps">Gradient steps in adaptation; the paper takes 100.</param>
/// <param name="InnerRate">Their rate, for a loss that is a mean; the paper's is 0.01.</param>
/// <param name="FirstOrder">Whether inner gradients count as constants.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
/// <typeparam name="T">The pre-trained model; a head of its own is not used.</typeparam>
/// <typeparam name="H">The head.</typeparam>
public sealed record MetaTransfer<T, H>(
    Func<T, Tensor, Tensor> Features, Objective<H> Objective, int InnerSteps, double InnerRate,
    bool FirstOrder = false, bool Remat = false, int Chunk = 0)
    where T : ITree where H : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Transferred<T, H>> Method =>
        new Maml<H>(Objective, InnerSteps, InnerRate, FirstOrder, Remat: Remat, Chunk: Chunk)
            .Method.OnFeatures(
                (Transferred<T, H> p) => p.Head,
                (p, x) => Features(ScaleShift.Apply(p.Body.StopGradient(), p.Layers), x)) with
        {
            State = path => Parts.Holds(nameof(Transferred<T, H>.Body), path),
        };

    /// <summary>A pre-trained body, scales 1 and shifts 0, and a new head.</summary>
    public Transferred<T, H> Begin(T body, H head) => new(body, ScaleShift.For(body), head);
}

/// <summary>Makes <see cref="MetaTransfer{T, H}"/> of image networks.</summary>
public static class MetaTransfer
{
    /// <summary>An image network's features and a linear head, with cross-entropy.</summary>
    public static MetaTransfer<T, Linear> Images<T>(int innerSteps, double innerRate)
        where T : IFeatureNetwork => new(
        (network, x) => network.Features(x),
        new((head, x) => head.Forward(x), (logits, labels) =>
            Nn.Loss.CrossEntropy(logits, labels), BatchNormMode.Transductive),
        innerSteps, innerRate);

    /// <summary>A head for an image network's features and that many classes.</summary>
    public static Linear Head<T>(Key key, T network, int ways) where T : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(network);
        Tensor weight = network.Head.Weight;
        return Linear.Create(key, weight.Shape[1], ways, type: weight.DType);
    }
}
