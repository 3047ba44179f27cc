// Features without labels (SimCLR: Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for
// Contrastive Learning of Visual Representations", 2020): two views of an image, each changed at
// random, are to be told from those of all other images of the batch.
using Engine.Data;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Images without labels (N, C, H, W), and the randomness of their views.</summary>
public sealed partial record ImageBatch(Tensor X, Key Key) : ITree
{
    /// <summary>
    /// The batches of a run, whose labels are not read; a function of seed and step alone.
    /// </summary>
    public static Func<int, ImageBatch> Of(LabelledSet set, int size, long seed)
    {
        ArgumentNullException.ThrowIfNull(set);
        Key key = Key.From(seed);
        return step => new(set.Batch(seed, step, size).X, key.Fold(step));
    }
}

/// <summary>
/// The network, whose head is not used; the projection on which images are compared; the
/// optimiser's state and the running statistics.
/// </summary>
public sealed partial record InstanceState<N>(
    N Network, Mlp Projection, OptimizerState Optimizer, NormStatistics Statistics) : ITree
    where N : IFeatureNetwork
{
    /// <summary>The network, for its features.</summary>
    public Adapted<N> Read() => new(Network, Statistics);
}

/// <summary>Learning of features by telling images apart.</summary>
public static class InstanceDiscrimination
{
    /// <summary>Start and step of training; the loss is that of <see cref="Contrast"/>.</summary>
    /// <param name="key">Randomness of the projection's first weights.</param>
    /// <param name="network">Where training begins; its head stays as it is.</param>
    /// <param name="views">
    /// From images (N, C, H, W) and a key to changed images; <see cref="Warped"/> by default. What
    /// views change, features come to ignore.
    /// </param>
    /// <param name="optimizer">The update rule.</param>
    /// <param name="width">Width of the projection.</param>
    /// <param name="temperature">The smaller, the more the nearest images count.</param>
    public static Training<InstanceState<N>, ImageBatch> Training<N>(
        Key key, N network, Optimizer optimizer, Func<Tensor, Key, Tensor>? views = null,
        int width = 64, double temperature = 0.2) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        views ??= (x, random) => Warped(x, random);
        int features = network.Head.Weight.Shape[1];
        Mlp projection = Mlp.Create(key, [features, features, width]);
        return new(
            ["contrast"],
            new(
                network, projection, optimizer.Init(new Both<N, Mlp>(network, projection)),
                NormStatistics.For(network)),
            (state, batch) =>
            {
                Key[] random = batch.Key.Split();
                Tensor x = Tensor.Concat([views(batch.X, random[0]), views(batch.X, random[1])], 0);
                var model = new Both<N, Mlp>(state.Network, state.Projection);
                var (result, gradient) = Grad.WithAux((Both<N, Mlp> m) =>
                {
                    var (seen, statistics) = state.Statistics.Train(
                        normalize => m.First.Features(x, normalize));
                    return (Contrast(m.Second.Forward(seen), temperature), statistics);
                })(model);
                var (next, moments) = optimizer.Step(model, gradient, state.Optimizer);
                return (
                    new(next.First, next.Second, moments, result.Aux),
                    result.Value.ExpandDims(0));
            });
    }

    /// <summary>
    /// The loss of projections (2 N, width), of which row i and row N + i are two views of one
    /// image: the mean negative log-probability of an image's other view among all 2 N - 1 others,
    /// by cosines over a temperature (equation 1 of the paper).
    /// </summary>
    public static Tensor Contrast(Tensor projections, double temperature)
    {
        ArgumentNullException.ThrowIfNull(projections);
        Tensor image = Tensor.Arange(projections.Shape[0] / 2);
        return Loss.SupervisedContrastive(
            projections, Tensor.Concat([image, image], 0), temperature);
    }

    /// <summary>
    /// Images (N, C, H, W), each slanted, scaled, turned and moved at random, its strokes pushed a
    /// little, and its values multiplied by 0.7 to 1.3.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="key">The randomness.</param>
    /// <param name="strength">How far the affine map is from the identity, at most.</param>
    public static Tensor Warped(Tensor images, Key key, double strength = 0.2)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(key);
        int n = images.Shape[0], height = images.Shape[2], width = images.Shape[3];
        Key[] keys = key.Split(3);
        Tensor change = keys[0].Uniform([n, 6], -strength, strength, images.DType);
        Tensor matrices = Tensor.Eye(2, images.DType) + change[.., ..4].Reshape(n, 2, 2);
        Tensor shifts = 0.3 * Math.Min(height, width) * change[.., 4..];
        Tensor field = Warp.Smooth(
            keys[1].Normal([n, 2, 7, 7], images.DType) * (Math.Min(height, width) / 14.0),
            height, width);
        return Warp.Sample(images, Warp.Affine(matrices, shifts, height, width) + field)
            * keys[2].Uniform([n, 1, 1, 1], 0.7, 1.3, images.DType);
    }
}
