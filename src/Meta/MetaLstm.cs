// Meta-LSTM (Ravi and Larochelle, "Optimization as a Model for Few-Shot Learning", 2017): an LSTM
// whose cell state is the learner's parameters is the optimiser. Its forget gate says how much of a
// parameter stays, its input gate is the rate at which the gradient comes in.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// All that Meta-LSTM learns. Every coordinate of the learner is updated by the same weights; each
/// has a state of its own.
/// </summary>
/// <param name="Start">The learner before adaptation, the first cell state.</param>
/// <param name="Reader">The first layer, which reads loss and gradient, (4) to (hidden).</param>
/// <param name="ForgetWeight">(1, hidden + 2), for the reader's output, cell and gate.</param>
/// <param name="ForgetBias">(1).</param>
/// <param name="InputWeight">(1, hidden + 2).</param>
/// <param name="InputBias">(1).</param>
public sealed partial record LstmOptimizer<T>(
    T Start, LstmCell Reader, Tensor ForgetWeight, Tensor ForgetBias, Tensor InputWeight,
    Tensor InputBias) : ITree where T : ITree;

/// <summary>
/// What the optimiser remembers of each coordinate: the first layer's state, and both gates before
/// the sigmoid, (coordinates, 1).
/// </summary>
public sealed partial record LstmOptimizerState(LstmState Reader, Tensor Forget, Tensor Input)
    : ITree;

/// <summary>Meta-LSTM over learners of type <typeparamref name="T"/>.</summary>
/// <param name="Objective">Learner and loss.</param>
/// <param name="InnerSteps">Updates in adaptation; 12 for one shot in the paper, else 25.</param>
/// <param name="Exact">
/// Whether derivatives go through the learner's gradients and losses. The paper takes both for
/// constants (section 3.4), the default.
/// </param>
/// <param name="Batch">
/// Support samples of an update, each batch following the last one; 0 for all. 5 in the paper.
/// </param>
/// <param name="Remat">Whether updates are computed again for the meta-gradient.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record MetaLstm<T>(
    Objective<T> Objective, int InnerSteps, bool Exact = false, int Batch = 0, bool Remat = false,
    int Chunk = 0) where T : ITree
{
    /// <summary>
    /// Whether a task's queries are predicted by running statistics of its support set, which every
    /// update moves by 0.9, as in the authors' code: no query influences another. Else they are
    /// normalised as the objective does it.
    /// </summary>
    public bool RunningStatistics { get; init; }

    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<LstmOptimizer<T>> Method => new(
        (p, task, at) => Objective.Query(
            Trajectory(p, task, InnerSteps, at.FirstOrder).Last(), task),
        Predictions,
        Exact ? Claim.Exact : Claim.FirstOrder,
        RunningStatistics ? BatchNormMode.Inductive : Objective.BatchNorm, Chunk);

    /// <summary>
    /// An optimiser as the authors' code begins: weights in +-0.01, forget gates near 1 and input
    /// gates near 0.01, which is gradient descent at that rate.
    /// </summary>
    /// <param name="key">Where the weights come from.</param>
    /// <param name="start">The learner to start at; it is learned too.</param>
    /// <param name="hidden">Units of the first layer.</param>
    public LstmOptimizer<T> Create(Key key, T start, int hidden = 20)
    {
        DType type = start.Leaves().First(leaf => leaf.DType.IsFloat()).DType;
        Key[] keys = key.Split(7);
        Tensor Draw(int i, Shape shape, double low, double high) =>
            keys[i].Uniform(shape, low, high, type).Eval();
        Tensor Small(int i, params int[] shape) => Draw(i, shape, -0.01, 0.01);
        var reader = new LstmCell(
            Small(0, 4 * hidden, 4), Small(1, 4 * hidden, hidden), Small(2, 4 * hidden), null);
        return new(
            start, reader, Small(3, 1, hidden + 2), Draw(4, [1], 4, 5),
            Small(5, 1, hidden + 2), Draw(6, [1], -5, -4));
    }

    /// <summary>
    /// The learner before adaptation to a task's support set and after each update.
    /// </summary>
    public IEnumerable<T> Trajectory(
        LstmOptimizer<T> p, Episode task, int steps, bool firstOrder = false) =>
        Inner.Trajectory(
            p.Start, (learner, step) => Loss(learner, task, step), MetaLstm.Rule(p), steps,
            firstOrder: firstOrder || !Exact, remat: Remat);

    /// <summary>The loss of the batch of support samples whose turn it is.</summary>
    private Tensor Loss(T learner, Episode task, int step)
    {
        int count = task.SupportX.Shape[0];
        if (Batch == 0 || Batch >= count) return Objective.Support(learner, task);
        int batches = (count + Batch - 1) / Batch, from = step % batches * Batch;
        Range turn = from..Math.Min(from + Batch, count);
        return Objective.LossOn(learner, task.SupportX[turn], task.SupportY[turn]);
    }

    private Tensor[] Predictions(
        LstmOptimizer<T> p, Episode task, ImmutableArray<int> steps)
    {
        if (!RunningStatistics)
        {
            return Trajectory(p, task, steps[^1])
                .After(steps, learner => Objective.Forward(learner, task.QueryX));
        }
        Func<T, Tensor, Normalize, Tensor> network = Objective.Normalized
            ?? throw new EngineException("MetaLstm: running statistics need a network whose batch "
                + "normalisations can be told what to use. Give the objective Normalized.");
        NormStatistics statistics = NormStatistics.For(p.Start);
        var predictions = new List<Tensor>();
        foreach (var (learner, step) in Trajectory(p, task, steps[^1]).Select((w, k) => (w, k)))
        {
            // An update is made of what the learner before it makes of the support set. The first
            // learner is not updated yet, but would have no statistics otherwise.
            NormStatistics moved = statistics.Train(
                normalize => network(learner, task.SupportX, normalize), 0.9).Statistics;
            NormStatistics known = step == 0 ? moved : statistics;
            if (steps.Contains(step))
                predictions.Add(known.Infer(
                    normalize => network(learner, task.QueryX, normalize)));
            statistics = moved;
        }
        return [.. predictions];
    }
}

/// <summary>The update of Meta-LSTM, and what goes with it.</summary>
public static class MetaLstm
{
    // Numbers below e^-10 are taken as they are, others by their logarithm (appendix A of
    // Andrychowicz et al., 2016, with p = 10).
    private const double P = 10;

    /// <summary>
    /// c = sigmoid(f) c + sigmoid(i) (-gradient), equation 3, where the gates f and i are linear in
    /// what the first layer makes of gradient and loss, in the parameter c and in their own last
    /// value before the sigmoid, as in the authors' code.
    /// </summary>
    public static InnerRule<T, LstmOptimizerState> Rule<T>(LstmOptimizer<T> p) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(p);
        return new(start => Begin(p, start), (learner, gradient, loss, state, _) =>
        {
            Tensor cell = Coordinates.Column(learner), slope = Coordinates.Column(gradient);
            Tensor seen = Tensor.Concat(
                [Readable(loss.Reshape(1, 1)).BroadcastTo([cell.Shape[0], 2]), Readable(slope)], 1);
            LstmState reader = p.Reader.Forward(seen, state.Reader);
            Tensor Gate(Tensor weight, Tensor bias, Tensor last) =>
                new Linear(weight, bias).Forward(Tensor.Concat([reader.Hidden, cell, last], 1));
            Tensor forget = Gate(p.ForgetWeight, p.ForgetBias, state.Forget);
            Tensor input = Gate(p.InputWeight, p.InputBias, state.Input);
            Tensor next = forget.Sigmoid() * cell - input.Sigmoid() * slope;
            return (Coordinates.Moved(learner, gradient, next), new(reader, forget, input));
        });
    }

    /// <summary>
    /// Two numbers for each: logarithm of the size and sign, or what is too small.
    /// </summary>
    internal static Tensor Readable(Tensor x)
    {
        Tensor size = x.Abs(), large = size > Math.Exp(-P);
        return Tensor.Concat(
            [
                Tensor.Where(large, Tensor.Where(large, size, 1).Log() / P, -1),
                Tensor.Where(large, x.Sign(), Math.Exp(P) * x),
            ], 1);
    }

    private static LstmOptimizerState Begin<T>(LstmOptimizer<T> p, T start) where T : ITree
    {
        Tensor zero = Optim.ZerosLike(Coordinates.Column(start));
        Tensor state = zero.BroadcastTo([zero.Shape[0], p.Reader.HiddenWeight.Shape[1]]);
        return new(new(state, state), zero, zero);
    }
}
