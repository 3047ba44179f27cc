// One seed of engine repro sinusoid, from its random start to its test errors: the experiment of
// Finn, Abbeel and Levine (2017), section 5.1, by the settings of their code: 1-40-40-1 with
// rectifiers, weights from a truncated normal of deviation 0.01, Adam at 1e-3, 25 tasks of 10 + 10
// points, one inner step. The inner rate is 0.001 as in the code: the 0.01 of the paper does not
// give its table. Weights are cut off at 2, as by PyTorch's trunc_normal_, not at two deviations,
// as by TensorFlow's. Over 27 seeds each, the errors after one step with 5 shots were 0.592 to
// 0.787 (median 0.701) when cut off at 2, and 0.604 to 1.407 (median 0.710) at two deviations.
using System.Diagnostics;
using Engine.Data;
using Engine.Kernels;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Cli;

/// <summary>What came out of a seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="TrainingSeconds">How long it trained.</param>
/// <param name="Tests">Test errors, one for each of <see cref="SinusoidSeed.Shots"/>.</param>
internal sealed record SinusoidResult(
    long Seed, double TrainingSeconds, IReadOnlyList<Evaluation> Tests);

/// <summary>
/// Each seed computes on its own device with one thread, so that seeds run side by side and a
/// result does not depend on how many do.
/// </summary>
internal sealed class SinusoidSeed(long seed, DerivativeOrder order)
{
    public const double InnerRate = 0.001;
    public const int MetaBatch = 25;
    public const int TestTasks = 8000;
    private const int TestPoints = 100;
    private const double InitialDeviation = 0.01;

    private readonly Device device = new(new CpuBackend(threads: 1));

    /// <summary>Support points of the test tasks.</summary>
    public static IReadOnlyList<int> Shots { get; } = [5, 10];

    /// <summary>Inner steps after which the test tasks are scored.</summary>
    public static IReadOnlyList<int> Steps { get; } = [1, 5, 10];

    private readonly Method<Mlp> method = new Maml<Mlp>(
        Objective.Regression, InnerSteps: 1, InnerRate,
        FirstOrder: order == DerivativeOrder.First).Method;

    /// <summary>Whether the meta-gradient at the start is exact.</summary>
    public OrderCheck CheckOrder() =>
        OrderCheck.Measure(method, Start(), DrawTraining(0, 1).Task(0));

    /// <summary>Trains and tests; calls back with the loss of each step.</summary>
    /// <exception cref="OperationCanceledException">The user asked for the end.</exception>
    public SinusoidResult Run(int iterations, Action<double> stepped, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        Mlp model = Train(iterations, stepped, stop);
        double seconds = clock.Elapsed.TotalSeconds;
        return new(seed, seconds, [.. Shots.Select(shots => Test(model, shots, stop))]);
    }

    internal static Mlp Network(long seed)
    {
        Mlp xavier = Mlp.Create(Key.From(seed), [1, 40, 40, 1]);
        Key[] keys = Key.From(seed).Split(xavier.Layers.Length);
        return xavier with
        {
            Layers = [.. xavier.Layers.Select((layer, i) => layer with
            {
                Weight = Init.TruncatedNormal(
                    keys[i], layer.Weight.Shape, InitialDeviation, bound: 2 / InitialDeviation)
                    .Eval(),
            })],
        };
    }

    private Mlp Train(int iterations, Action<double> stepped, CancellationToken stop)
    {
        var training = new MetaTraining<Mlp>(method, Optim.Adam(1e-3), DrawTraining, MetaBatch);
        TrainingState<Mlp> state = training.Start(Start());
        while (state.Step < iterations)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                (state, double loss) = training.Step(state);
                stepped(loss);
            }
            catch (DivergenceException e)
            {
                throw CliException.Fail($"seed {seed}: {e.Message}", e);
            }
        }

        return state.Model;
    }

    private Evaluation Test(Mlp model, int shots, CancellationToken stop)
    {
        var tasks = new SinusoidTasks(shots, TestPoints);
        return Evaluation.Run(
            method, model, (first, count) => Draw(tasks, shots, first, count), TestTasks, Steps,
            Loss.Mse, batch: 100, stop);
    }

    /// <summary>The random start, on this seed's device.</summary>
    private Mlp Start() => Network(seed).To(device);

    private Episode DrawTraining(long first, int count) =>
        Draw(new SinusoidTasks(shots: 10, queries: 10), 0, first, count);

    /// <summary>Tasks of a stream: 0 to train, the number of shots to test.</summary>
    private Episode Draw(SinusoidTasks tasks, int stream, long first, int count) =>
        Episode.From(tasks.Sample(unchecked((16 * seed) + stream), first, count)).To(device);
}
