// Persistent evolution strategies (Vicol, Metz and Sohl-Dickstein, "Unbiased Gradient Estimation in
// Unrolled Computation Graphs with Persistent Evolution Strategies", 2021): pieces of long runs give
// the gradient of the whole run, because each particle remembers all perturbations it has lived
// with. Truncated differentiation forgets what earlier steps did to later losses.
namespace Engine.Meta;

/// <summary>
/// Particles, all on axis 0: a pair of runs by weights that are perturbed in opposite ways, and the
/// sum of the perturbations of the first since the runs began.
/// </summary>
public sealed partial record PesState<W, T, S>(Run<T, S> Plus, Run<T, S> Minus, W Sum) : ITree
    where W : ITree where T : ITree where S : ITree;

/// <summary>What a piece of all particles' runs says of the weights.</summary>
/// <param name="Loss">The mean loss of all runs in this piece.</param>
/// <param name="Gradient">The estimate of the gradient.</param>
/// <param name="State">The particles after it.</param>
public sealed partial record PesStep<W, T, S>(Tensor Loss, W Gradient, PesState<W, T, S> State)
    : ITree where W : ITree where T : ITree where S : ITree;

/// <summary>
/// The gradient of the mean loss of whole runs by an optimiser's weights, estimated from pieces of
/// them. Over one run's pieces the estimates average to the gradient of the loss smoothed by the
/// perturbations, without bias.
/// </summary>
/// <param name="Problem">The problems of the runs.</param>
/// <param name="Rule">The optimiser by its weights.</param>
/// <param name="Length">Steps of a run, after which a particle begins another.</param>
/// <param name="Piece">Steps of a piece; a divisor of the length.</param>
/// <param name="Particles">Pairs of runs.</param>
/// <param name="Sigma">Standard deviation of the perturbations.</param>
public sealed record Pes<W, T, S>(
    OptimizationProblem<T> Problem, Func<W, InnerRule<T, S>> Rule, int Length, int Piece,
    int Particles, double Sigma) where W : ITree where T : ITree where S : ITree
{
    /// <summary>
    /// Particles at the beginning. Their first runs end early, one piece after the other, so that
    /// later all parts of a run are seen at once.
    /// </summary>
    /// <exception cref="EngineException">Numbers that do not go together.</exception>
    public PesState<W, T, S> Start(W weights, Key key)
    {
        if (Piece < 1 || Length < Piece || Length % Piece != 0 || Particles < 1 || !(Sigma > 0))
            throw new EngineException($"Pes: runs of {Length} steps in pieces of {Piece}, "
                + $"{Particles} particles, sigma {Sigma}; give pieces that divide the length, at "
                + "least one particle and a positive sigma.");
        Tensor done = Tensor.From<long>(
            [.. Enumerable.Range(0, Particles).Select(i => (long)i * Piece % Length)]);
        PesState<W, T, S> state = Vmap.Of((Key k, Tensor steps) =>
        {
            Run<T, S> run = Begin(weights, k) with { Step = steps };
            return new PesState<W, T, S>(run, run, Zero(weights));
        })(key.Batch(Particles), done);
        Tree.Eval(state);
        return state;
    }

    /// <summary>One piece of every particle's runs.</summary>
    public PesStep<W, T, S> Step(W weights, PesState<W, T, S> state, Key key)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(key);
        var (loss, gradient, next) = Vmap.Of((PesState<W, T, S> particle, Key k) =>
        {
            Key[] keys = k.Split(3);
            W push = Perturbation(weights, keys[0]);
            var (up, plus) = Unroll.Steps(
                Problem, Rule(weights.Zip(push, (w, e) => w + e)), particle.Plus, Piece, keys[1]);
            var (down, minus) = Unroll.Steps(
                Problem, Rule(weights.Zip(push, (w, e) => w - e)), particle.Minus, Piece, keys[1]);
            W sum = particle.Sum.Zip(push, (a, e) => a + e);
            Tensor slope = (up - down) / (2 * Sigma * Sigma);
            return (0.5 * (up + down), sum.Map((Tensor e) => slope.Cast(e.DType) * e),
                Renewed(new(plus, minus, sum), weights, keys[2]));
        })(state, key.Batch(Particles));
        return new(loss.Mean(), gradient.Map((Tensor g) => g.Mean(0)), next);
    }

    /// <summary>A particle whose runs are over begins a pair of new ones.</summary>
    private PesState<W, T, S> Renewed(PesState<W, T, S> particle, W weights, Key key)
    {
        Tensor over = particle.Plus.Step >= Length;
        Run<T, S> run = Begin(weights, key);
        return particle.Zip(
            new PesState<W, T, S>(run, run, Zero(weights)),
            (old, fresh) => Tensor.Where(over, fresh, old));
    }

    private Run<T, S> Begin(W weights, Key key) => Unroll.Begin(Problem, Rule(weights), key);

    private W Perturbation(W weights, Key key)
    {
        Key[] keys = key.Split(weights.Leaves().Count);
        int i = 0;
        return weights.Map((Tensor leaf) => Sigma * keys[i++].Normal(leaf.Shape, leaf.DType));
    }

    private static W Zero(W weights) => weights.Map(Nn.Optim.ZerosLike);
}
