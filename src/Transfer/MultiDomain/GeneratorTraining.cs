// Trains the generator: against a critic that knows the target's images, with a classifier that
// must still see the class, and with a content loss that keeps the translator from painting another
// picture (after PixelDA: Bousmalis et al., "Unsupervised Pixel-Level Domain Adaptation with
// Generative Adversarial Networks", 2017, equations 1 to 4). The critic compares images of a class
// with images of that class, so that none is lost to another. No label of the target is seen: its
// images count for the class that the classifier takes them for.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// Tells images of the target (positive) from generated ones of the same class: a logit for all
/// images and one for each class (Miyato and Koyama, "cGANs with projection discriminator", 2018,
/// equation 3).
/// </summary>
public sealed partial record ImageCritic(
    Conv2d First, Conv2d Second, Linear Out, Linear OfClass) : ITree
{
    /// <summary>A critic of images (channels, size, size), the size a multiple of 4.</summary>
    public static ImageCritic Create(Key key, int classes, int channels = 1, int size = 28)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split(4);
        int features = 32 * (size / 4) * (size / 4);
        return new(
            Conv2d.Create(keys[0], channels, 16, kernel: 4, stride: 2, padding: 1),
            Conv2d.Create(keys[1], 16, 32, kernel: 4, stride: 2, padding: 1),
            Linear.Create(keys[2], features, 1), Linear.Create(keys[3], features, classes));
    }

    /// <summary>Images (N, C, H, W) of classes (N), integers, to logits (N).</summary>
    public Tensor Forward(Tensor images, Tensor classes)
    {
        Tensor h = Second.Forward(First.Forward(images).LeakyRelu(0.2)).LeakyRelu(0.2).Flatten(1);
        return (Out.Forward(h)
            + OfClass.Forward(h).TakeAlongAxis(classes.ExpandDims(1), 1)).Squeeze(1);
    }
}

/// <summary>What the parts of the losses weigh.</summary>
/// <param name="Task">Of the classifier's loss on generated images.</param>
/// <param name="Content">Of how much the translator changes of what it is given.</param>
/// <param name="Slope">
/// Of the critic's squared slope at target images, R1 (Mescheder et al., 2018, equation 9): without
/// it, critic and generator circle round one another; at 1, on digits, the critic's loss stays at 2
/// ln 2 and the generator learns nothing from it.
/// </param>
public sealed record GeneratorWeights(
    double Task = 0.5, double Content = 1, double Slope = 0.05);

/// <summary>
/// Generator, critic and classifier, an optimiser's state of each; the generator's mean over the
/// last steps, which is steadier than itself; and the classifier's statistics of each domain.
/// </summary>
public sealed partial record GeneratorState<N>(
    Generator Generator, Generator Average, ImageCritic Critic, N Classifier,
    OptimizerState OfGenerator, OptimizerState OfCritic, OptimizerState OfClassifier,
    NormStatistics Source, NormStatistics Target) : ITree where N : IFeatureNetwork;

/// <summary>Trains generators.</summary>
public static class GeneratorTraining
{
    // How much of the old average each step keeps.
    private const double Decay = 0.99;

    /// <summary>
    /// The training as a method of adaptation: its network is the classifier, which learns from
    /// source and generated images, so that a validator can say which state is best. Each domain is
    /// normalised by itself.
    /// </summary>
    /// <param name="classifier">Where the classifier begins; it is not changed.</param>
    /// <param name="generator">Where the generator begins.</param>
    /// <param name="critic">Where the critic begins.</param>
    /// <param name="adversaries">
    /// The update rule of generator and critic, a state each: <c>Optim.Adam(1e-3, beta1: 0.5)</c>.
    /// </param>
    /// <param name="optimizer">The update rule of the classifier.</param>
    /// <param name="weights">What the parts of the losses weigh.</param>
    public static Adaptation<GeneratorState<N>, N> Create<N>(
        N classifier, Generator generator, ImageCritic critic, Optimizer adversaries,
        Optimizer optimizer, GeneratorWeights? weights = null) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(adversaries);
        ArgumentNullException.ThrowIfNull(optimizer);
        weights ??= new();
        NormStatistics first = NormStatistics.For(classifier);
        return new(
            ["critic", "classifier", "adversarial", "task", "content"],
            new(generator, generator, critic, classifier, adversaries.Init(generator),
                adversaries.Init(critic), optimizer.Init(classifier), first, first),
            Step, state => new(state.Classifier, state.Target));

        (GeneratorState<N>, Tensor) Step(GeneratorState<N> state, DomainBatch batch)
        {
            Tensor made = state.Generator.Forward(batch.SourceX, batch.Key).Images;
            Tensor taken = state.Classifier.Forward(batch.TargetX).ArgMax(1);
            var (told, ofCritic) = Grad.WithValue((ImageCritic own) => CriticLoss(
                own, (batch.TargetX, taken), (made, batch.SourceY), weights.Slope))(state.Critic);
            var (critic, criticMoments) =
                adversaries.Step(state.Critic, ofCritic, state.OfCritic);

            var (seen, ofClassifier) = Grad.WithAux((N own) =>
            {
                var (logits, source) = own.Train(batch.SourceX, state.Source);
                Tensor loss = Adapt.SourceLoss(logits, batch)
                    + Adapt.SourceLoss(own.Forward(made), batch);
                return (loss / 2, source);
            })(state.Classifier);
            var (next, classifierMoments) =
                optimizer.Step(state.Classifier, ofClassifier, state.OfClassifier);

            var (result, ofGenerator) = Grad.WithAux((Generator own) =>
            {
                Tensor losses = GeneratorLosses(own, critic, next, batch);
                Tensor weigh = Tensor.From([1, weights.Task, weights.Content]);
                return ((weigh.Cast(losses.DType) * losses).Sum(), losses);
            })(state.Generator);
            var (generator, moments) =
                adversaries.Step(state.Generator, ofGenerator, state.OfGenerator);

            Generator average = state.Average.Zip(
                generator, (old, now) => Decay * old + (1 - Decay) * now);
            return (
                new(generator, average, critic, next, moments, criticMoments,
                    classifierMoments, seen.Aux,
                    next.Train(batch.TargetX, state.Target).Statistics),
                Tensor.Concat([Tensor.Stack([told, seen.Value]), result.Aux], 0));
        }
    }

    /// <summary>
    /// The critic's cross-entropy on target and generated images, (N, C, H, W) each, with classes
    /// (N), plus half the mean of its squared slope at the target's (R1), which has that weight. A
    /// scalar.
    /// </summary>
    public static Tensor CriticLoss(
        ImageCritic critic, (Tensor X, Tensor Y) target, (Tensor X, Tensor Y) generated,
        double slope)
    {
        ArgumentNullException.ThrowIfNull(critic);
        Tensor steepness = Grad.Of((Tensor x) => critic.Forward(x, target.Y).Sum())(target.X);
        return (-critic.Forward(target.X, target.Y)).Softplus().Mean()
            + critic.Forward(generated.X, generated.Y).Softplus().Mean()
            + slope / 2 * steepness.Square().Sum([1, 2, 3]).Mean();
    }

    /// <summary>
    /// The generator's three losses (3): adversarial, that the critic takes its images for the
    /// target's (in the form that does not saturate: Goodfellow et al., 2014, section 3); task, the
    /// classifier's on them; content, the error of the translated images against the warped ones,
    /// each image lighter or darker for free.
    /// </summary>
    public static Tensor GeneratorLosses<N>(
        Generator generator, ImageCritic critic, N classifier, DomainBatch batch)
        where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(generator);
        ArgumentNullException.ThrowIfNull(critic);
        ArgumentNullException.ThrowIfNull(batch);
        Generated made = generator.Forward(batch.SourceX, batch.Key);
        return Tensor.Stack(
            [
                (-critic.Forward(made.Images, batch.SourceY)).Softplus().Mean(),
                Adapt.SourceLoss(classifier.Forward(made.Images), batch),
                SeparationNetwork.RebuildError(made.Warped.Flatten(1), made.Images.Flatten(1)),
            ]);
    }
}
