// What every trainer of several domains is: a start and a pure step. And the one loop that runs it.
using System.Collections.Immutable;
using Engine.Meta;

namespace Engine.Transfer;

/// <summary>Training as a value.</summary>
/// <param name="Losses">The names of the losses that a step returns, in order.</param>
/// <param name="Start">The state before the first step: a tree, so it is saved in a line.</param>
/// <param name="Step">
/// From state and batch to the state after the step and the losses (K) before it; a pure function,
/// which <see cref="Run"/> compiles.
/// </param>
/// <typeparam name="S">The state.</typeparam>
/// <typeparam name="B">A batch: a tree.</typeparam>
public sealed record Training<S, B>(
    ImmutableArray<string> Losses, S Start, Func<S, B, (S State, Tensor Losses)> Step)
    where S : ITree where B : ITree
{
    /// <summary>
    /// The state after <paramref name="steps"/> steps, of which the first so many are done already:
    /// a run that goes on from a saved state ends with the bits of one that was never interrupted.
    /// </summary>
    /// <param name="batch">The batch of a step, from 0 on.</param>
    /// <param name="steps">All steps of the run.</param>
    /// <param name="watch">
    /// Is told the number of steps done, the state (valid only during the call; <see
    /// cref="Tree.Copy"/> keeps it) and the losses, in the order of <see cref="Losses"/>.
    /// </param>
    /// <param name="resume">A state to go on from, and how many steps it has behind it.</param>
    /// <exception cref="DivergenceException">
    /// A loss is not finite, or the state in the end.
    /// </exception>
    public S Run(
        Func<int, B> batch, int steps, Action<int, S, IReadOnlyList<double>>? watch = null,
        (S State, int Steps)? resume = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var step = Compile.Step(Step);
        // The compiled step takes the memory of the state that it is given.
        S state = Tree.Copy(resume is { } done ? done.State : Start);
        for (int i = resume?.Steps ?? 0; i < steps; i++)
        {
            (state, Tensor losses) = step(state, batch(i));
            double[] values = losses.ToDoubles();
            if (Array.FindIndex(values, value => !double.IsFinite(value)) is >= 0 and var at)
                throw new DivergenceException(i + 1, values[at]);
            watch?.Invoke(i + 1, state, values);
        }
        // Losses are those before a step: of the last one they say nothing.
        if (!state.Leaves().All(IsFinite)) throw new DivergenceException(steps, double.NaN);
        return state;
    }

    private static bool IsFinite(Tensor leaf) =>
        !leaf.DType.IsFloat() || leaf.ToDoubles().All(double.IsFinite);
}
