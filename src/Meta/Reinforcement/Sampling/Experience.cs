// What a policy learns from: actions, and how much better than expected each turned out.
using System.Collections.Immutable;

namespace Engine.Meta;

/// <summary>
/// Actions and their advantages, with the axes (tasks, transitions) of <see cref="Trajectories"/>
/// or, for one task, (transitions).
/// </summary>
/// <param name="Observations">(..., observation).</param>
/// <param name="Actions">(..., action).</param>
/// <param name="Parameters">
/// (..., parameters): the distributions from which the actions were drawn.
/// </param>
/// <param name="Advantages">(...).</param>
/// <param name="Starts">(...), int64: where the episode of a transition begins.</param>
/// <param name="Taken">(...): 1 for a transition, 0 for the rest.</param>
/// <param name="Score">
/// (tasks) or a scalar: the mean reward of a transition, in units of the rewards.
/// </param>
/// <param name="Scale">
/// (tasks) or a scalar: what the advantages were divided by, 1 if they are in units of the rewards.
/// </param>
public sealed partial record Experience(
    Tensor Observations, Tensor Actions, Tensor Parameters, Tensor Advantages, Tensor Starts,
    Tensor Taken, Tensor Score, Tensor Scale) : ITree
{
    /// <summary>The mean over one task's transitions.</summary>
    internal Tensor Mean(Tensor x) => (x * Taken).Sum() / Taken.Sum();
}

/// <summary>
/// What a meta-step learns from: the experience of which each inner step is made, and that of the
/// adapted policies.
/// </summary>
/// <param name="Before">One for each inner step.</param>
/// <param name="After">Of the policies after the last.</param>
/// <param name="Credit">
/// (tasks) or a scalar: by how much the adapted policy's score is above that of other tasks, on the
/// scale of its own advantages. It is to the credit of the policies before, whose actions found out
/// about the task. None if that is not to be learned.
/// </param>
public sealed partial record Rounds(
    ImmutableArray<Experience> Before, Experience After, Tensor? Credit = null) : ITree
{
    /// <summary>
    /// These rounds with the credit of each task: its score above the mean of all others', which do
    /// not depend on its actions, so that the gradient stays without bias. Scores are compared as
    /// rewards, and the difference is then scaled as the task's own advantages are.
    /// </summary>
    public Rounds WithCredit()
    {
        int tasks = After.Score.Shape[0];
        if (tasks < 2)
            throw new EngineException("Rounds: credit compares tasks; give at least two.");
        Tensor others = (After.Score.Sum() - After.Score) / (tasks - 1);
        return this with { Credit = ((After.Score - others) / After.Scale).Eval() };
    }
}
