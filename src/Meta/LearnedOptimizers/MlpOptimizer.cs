// A learned optimiser whose update of a parameter is a small network of what is known of that
// parameter (Metz et al., "Understanding and correcting pathologies in the training of learned
// optimizers", 2019): gradient, averages of it, the parameter itself, time.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// What the optimiser remembers: averages of each coordinate's gradient, (coordinates, decays), and
/// of its square, (coordinates, 1), both before the correction of their bias towards zero; and the
/// steps taken, a scalar.
/// </summary>
public sealed partial record MlpOptimizerState(Tensor Averages, Tensor Square, Tensor Steps)
    : ITree;

/// <summary>A model's start and the network that updates it, both learned.</summary>
public sealed partial record LearnedUpdate<T>(T Start, Mlp Network) : ITree where T : ITree;

/// <summary>
/// The update w - scale * d * exp(exponent * m), where a network makes the direction d and the
/// logarithm m of its size for each coordinate alike.
/// </summary>
/// <param name="Scale">How large the first steps are.</param>
/// <param name="Exponent">What m is multiplied by; small, so that sizes change slowly.</param>
public sealed record MlpOptimizer(double Scale = 1e-3, double Exponent = 1e-3)
{
    private const double SquareDecay = 0.999;
    private const double Epsilon = 1e-5;

    /// <summary>The decays of the averages of gradients.</summary>
    public static ImmutableArray<double> Decays { get; } = [0.1, 0.5, 0.9, 0.99, 0.999, 0.9999];

    /// <summary>The times, in steps, around which the features of time change.</summary>
    public static ImmutableArray<double> Times { get; } =
        [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000];

    /// <summary>
    /// Inputs of the network: gradient and averages, twice, the parameter, and the features of
    /// time.
    /// </summary>
    public static int Features => 2 * (1 + Decays.Length) + 1 + Times.Length;

    /// <summary>A network of two hidden layers.</summary>
    public static Mlp Create(
        Key key, int hidden = 32, Activation activation = Activation.Relu,
        DType type = DType.Float32) =>
        Mlp.Create(key, [Features, hidden, hidden, 2], activation, type);

    /// <summary>The update by a network of <see cref="Create"/>'s sizes.</summary>
    public InnerRule<T, MlpOptimizerState> Rule<T>(Mlp network) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(network);
        return new(Begin, (model, gradient, _, state, _) =>
        {
            Tensor g = Coordinates.Column(gradient), w = Coordinates.Column(model);
            Tensor decays = Tensor.From(Decays.AsSpan()).Cast(g.DType).To(g.Device);
            Tensor averages = decays * state.Averages + (1 - decays) * g;
            Tensor square = SquareDecay * state.Square + (1 - SquareDecay) * g.Square();
            Tensor steps = state.Steps + 1;

            // 1 - decay^n: the weight that an average has received after n steps.
            Tensor Received(Tensor decay) => 1 - (steps * decay.Log()).Exp();
            Tensor slopes = Tensor.Concat([g, averages / Received(decays)], 1);
            Tensor spread = square / (1 - (steps * Math.Log(SquareDecay)).Exp()) + Epsilon;
            Tensor features = Tensor.Concat(
                [
                    ByLeaf(model, Tensor.Concat([slopes, w], 1)), slopes * spread.Rsqrt(),
                    Time(steps).BroadcastTo([g.Shape[0], Times.Length]),
                ], 1);
            Tensor made = network.Forward(features);
            Tensor step = Scale * made[.., ..1] * (Exponent * made[.., 1..]).Exp();
            return (
                Coordinates.Moved(model, gradient, w - step),
                new(averages, square, steps));
        });
    }

    /// <summary>
    /// Start and network learned by the loss after adaptation to a task, through all its steps:
    /// exact, for short unrolls. For long ones <see cref="Pes{W, T, S}"/> is made.
    /// </summary>
    public Method<LearnedUpdate<T>> Method<T>(
        Objective<T> objective, int innerSteps, bool remat = false) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(objective);
        IEnumerable<T> Trajectory(
            LearnedUpdate<T> p, Episode task, int steps, bool firstOrder = false) =>
            Inner.Trajectory(
                p.Start, (model, _) => objective.Support(model, task), Rule<T>(p.Network), steps,
                firstOrder: firstOrder, remat: remat);
        return new(
            (p, task, at) => objective.Query(
                Trajectory(p, task, innerSteps, at.FirstOrder).Last(), task),
            (p, task, steps) => Trajectory(p, task, steps[^1])
                .After(steps, model => objective.Forward(model, task.QueryX)),
            Claim.Exact, objective.BatchNorm);
    }

    private static MlpOptimizerState Begin<T>(T model) where T : ITree
    {
        Tensor zero = Optim.ZerosLike(Coordinates.Column(model));
        return new(
            zero.BroadcastTo([zero.Shape[0], Decays.Length]), zero,
            Tensor.Zeros(Shape.Of(), zero.DType).To(zero.Device));
    }

    /// <summary>
    /// Each column over its root mean square within a leaf, so that the network sees the same
    /// numbers however large a layer's weights and gradients are.
    /// </summary>
    private static Tensor ByLeaf<T>(T model, Tensor columns) where T : ITree => Tensor.Concat(
        [
            .. columns.Split(Coordinates.Counts(model)).Select(leaf =>
                leaf * (leaf.Square().Mean(0, keepDims: true) + Epsilon).Rsqrt()),
        ]);

    private static Tensor Time(Tensor steps)
    {
        Tensor times = Tensor.From(Times.AsSpan()).Cast(steps.DType).To(steps.Device);
        return (steps / times - 1).Tanh();
    }
}
