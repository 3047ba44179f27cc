// Hypergradients: the derivative of an outer loss, say that on validation data, by what an inner
// optimisation is given: weights of samples, strengths of penalties, rates. Few-shot learning is
// one case of it; this is for the others.
using System.Collections.Immutable;
using System.Diagnostics;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>How a derivative goes through an inner optimisation.</summary>
public abstract record Through
{
    private Through()
    {
    }

    /// <summary>
    /// Through every step: exact for any number of steps, whether or not they arrive. Memory grows
    /// with the steps, with <paramref name="Remat"/> only by the weights of each, for a third more
    /// time.
    /// </summary>
    public sealed record Unrolled(bool Remat = false) : Through;

    /// <summary>
    /// Through the last steps alone, exact for these (Shaban et al., 2019, "Truncated
    /// back-propagation for bilevel optimization"). Memory is that of these steps.
    /// </summary>
    public sealed record Truncated(int Last, bool Remat = false) : Through;

    /// <summary>
    /// By the condition that the inner gradient is zero at the end, with conjugate gradients
    /// (Pedregosa, 2016): exact once both have converged. Memory is that of one step. The inner
    /// Hessian plus <paramref name="Damping"/> must be positive definite.
    /// </summary>
    public sealed record ConjugateGradient(
        int Iterations = 10, double Tolerance = 1e-6, double Damping = 0) : Through;

    /// <summary>
    /// By the same condition, with terms of the Neumann series (Lorraine, Vicol and Duvenaud,
    /// 2020), for a rate below 2 over the inner Hessian's largest eigenvalue. Memory is that of one
    /// step.
    /// </summary>
    public sealed record Neumann(int Terms, double Rate) : Through;

    /// <summary>
    /// By the same condition, with the inverse of the inner Hessian taken for a number (Luketina et
    /// al., 2016): first order in the weights, no product with a Hessian. With rate 0 the outer
    /// loss's own derivative alone is left.
    /// </summary>
    public sealed record FirstOrder(double Rate) : Through;
}

/// <summary>What a run of the inner optimisation gives.</summary>
/// <param name="Loss">The outer loss at its end, a scalar.</param>
/// <param name="Gradient">Its derivative by the hyperparameters.</param>
/// <param name="Weights">Where it ended: the next may start there.</param>
public sealed partial record HyperStep<W, H>(Tensor Loss, H Gradient, W Weights) : ITree
    where W : ITree where H : ITree;

/// <summary>
/// The derivative of an outer loss by the hyperparameters of an inner optimisation.
/// </summary>
public static class Hypergradient
{
    /// <summary>
    /// (start, hyperparameters, batches, outer batch) to the outer loss after the inner steps, its
    /// derivative by the hyperparameters, and the weights. The parts are compiled: what changes
    /// from call to call must be in the arguments, as tensors captured by the losses are frozen.
    /// </summary>
    /// <param name="inner">The inner loss (weights, hyperparameters, batch), a scalar.</param>
    /// <param name="outer">The outer loss of the same, on the outer batch.</param>
    /// <param name="optimizer">
    /// The inner optimiser, which may depend on the hyperparameters: h => Optim.Sgd(_ => h.Rate).
    /// It starts anew in each call.
    /// </param>
    /// <param name="steps">How many inner steps; step k is taken on batch k.</param>
    /// <param name="through">
    /// How the derivative goes through them. Implicit ones take the inner loss on batch number
    /// <paramref name="steps"/>, the one after the last, for the loss whose minimum was reached.
    /// </param>
    /// <typeparam name="W">What the inner optimisation trains, all of it.</typeparam>
    /// <typeparam name="H">The hyperparameters: a tensor or a tree.</typeparam>
    /// <typeparam name="B">A batch.</typeparam>
    public static Func<W, H, Func<int, B>, B, HyperStep<W, H>> Of<W, H, B>(
        Func<W, H, B, Tensor> inner, Func<W, H, B, Tensor> outer, Func<H, Optimizer> optimizer,
        int steps, Through through)
        where W : ITree where H : ITree where B : ITree
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(outer);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(through);
        int kept = Kept(through, steps);
        var loop = new InnerLoop<W, H, B>(inner, optimizer);
        var end = Compile.Of((W w, OptimizerState state, H h, Batches<B> batches) =>
            kept == 0
                ? AtMinimum(inner, outer, w, h, batches, through)
                : ThroughSteps(loop, outer, w, state, h, batches, through));
        return (start, h, batches, validation) =>
        {
            var (w, state) = loop.Run(start, h, batches, steps - kept);
            // An implicit derivative reads one batch more.
            var last = Enumerable.Range(steps - kept, Math.Max(1, kept)).Select(batches);
            return end(w, state, h, new([.. last], validation));
        };
    }

    /// <summary>
    /// (start, hyperparameters) to the outer loss, its derivative and the weights, for losses that
    /// are the same at every step.
    /// </summary>
    /// <inheritdoc cref="Of{W, H, B}"/>
    public static Func<W, H, HyperStep<W, H>> Of<W, H>(
        Func<W, H, Tensor> inner, Func<W, H, Tensor> outer, Func<H, Optimizer> optimizer,
        int steps, Through through)
        where W : ITree where H : ITree
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(outer);
        var step = Of<W, H, NoState>(
            (w, h, _) => inner(w, h), (w, h, _) => outer(w, h), optimizer, steps, through);
        var none = new NoState();
        return (start, h) => step(start, h, _ => none, none);
    }

    /// <summary>How many of the last steps the derivative goes through.</summary>
    private static int Kept(Through through, int steps)
    {
        if (steps < 1)
            throw new EngineException($"Hypergradient: {steps} inner steps; give at least 1.");
        return through switch
        {
            Through.Unrolled => steps,
            Through.Truncated { Last: >= 1 and var last } => Math.Min(last, steps),
            Through.Truncated { Last: var last } => throw new EngineException(
                $"Hypergradient: truncated to the last {last} steps; give at least 1."),
            _ => 0,
        };
    }

    private static HyperStep<W, H> ThroughSteps<W, H, B>(
        InnerLoop<W, H, B> loop, Func<W, H, B, Tensor> outer, W start, OptimizerState state,
        H at, Batches<B> batches, Through through)
        where W : ITree where H : ITree where B : ITree
    {
        bool remat =
            through is Through.Unrolled { Remat: true } or Through.Truncated { Remat: true };
        var ((loss, end), gradient) = Grad.WithAux((H h) =>
        {
            var (w, s) = (start, state);
            foreach (B batch in batches.Inner)
                (w, s) = remat
                    ? Remat.Of<(W, OptimizerState, H, B), (W, OptimizerState)>(loop.Step)(
                        (w, s, h, batch))
                    : loop.Step((w, s, h, batch));
            return (outer(w, h, batches.Outer), w);
        })(at);
        return new(loss, gradient, end);
    }

    private static HyperStep<W, H> AtMinimum<W, H, B>(
        Func<W, H, B, Tensor> inner, Func<W, H, B, Tensor> outer, W end, H at, Batches<B> batches,
        Through through)
        where W : ITree where H : ITree where B : ITree
    {
        var minimum = Implicit.Minimum(
            (W w, (H Hyper, B Batch) given) => inner(w, given.Hyper, given.Batch),
            solve: _ => end, LinearSolverOf<W>(through));
        var (loss, gradient) = Grad.WithValue((H h) =>
            outer(minimum((h, batches.Inner[0])), h, batches.Outer))(at);
        return new(loss, gradient, end);
    }

    private static LinearSolver<W> LinearSolverOf<W>(Through through) => through switch
    {
        Through.ConjugateGradient by => (product, right) => ConjugateGradient.Solve(
            product, right, by.Iterations, by.Tolerance, by.Damping).Solution,
        Through.Neumann by => (product, right) =>
            Neumann.Solve(product, right, by.Terms, by.Rate),
        Through.FirstOrder by => (product, right) => Neumann.Solve(product, right, 1, by.Rate),
        _ => throw new UnreachableException(),
    };
}

/// <summary>
/// The batches that a derivative reads: some of the inner loss, one of the outer.
/// </summary>
internal sealed partial record Batches<B>(ImmutableArray<B> Inner, B Outer) : ITree
    where B : ITree;

/// <summary>Inner steps, none of which is kept for derivatives.</summary>
internal sealed class InnerLoop<W, H, B>
    where W : ITree where H : ITree where B : ITree
{
    private readonly Func<W, H, B, Tensor> loss;
    private readonly Func<H, Optimizer> optimizer;
    private readonly Func<(W, OptimizerState, H, B), (W, OptimizerState)> first;
    private readonly Func<(W, OptimizerState), (H, B), ((W, OptimizerState), Tensor)> next;

    public InnerLoop(Func<W, H, B, Tensor> loss, Func<H, Optimizer> optimizer)
    {
        (this.loss, this.optimizer) = (loss, optimizer);
        first = Compile.Of<(W, OptimizerState, H, B), (W, OptimizerState)>(Step);
        // The memory of one step serves the next: with many, nothing waits for the collector.
        next = Compile.Step(((W W, OptimizerState State) at, (H H, B B) given) =>
        {
            (W, OptimizerState State) made = Step((at.W, at.State, given.H, given.B));
            // A compiled step returns something besides its state: here a constant of its device.
            return (made, Tree.Zeros(made.State.Steps));
        });
    }

    public (W, OptimizerState) Step((W W, OptimizerState State, H H, B Batch) at)
    {
        W gradient = Grad.Of((W w) => loss(w, at.H, at.Batch))(at.W);
        return optimizer(at.H).Step(at.W, gradient, at.State);
    }

    /// <summary>The weights after some steps; the start stays as it is.</summary>
    public (W W, OptimizerState State) Run(W start, H h, Func<int, B> batches, int steps)
    {
        (W, OptimizerState) at = (start, optimizer(h).Init(start));
        for (int k = 0; k < steps; k++)
            at = k == 0
                ? first((start, at.Item2, h, batches(k)))
                : next(at, (h, batches(k))).Item1;
        return at;
    }
}
