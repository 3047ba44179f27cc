// What an outer algorithm is to training: a step of the start by the experience of many tasks.
using Engine.Nn;

namespace Engine.Meta;

/// <summary>What a meta-step did.</summary>
/// <param name="LossBefore">The meta-loss of the policies that acted.</param>
/// <param name="LossAfter">The same after the step, on the same experience.</param>
/// <param name="Divergence">
/// How far the adapted policies moved, mean over tasks; 0 if no step was taken.
/// </param>
/// <param name="Length">Length of the step in the algorithm's measure; 0 if none was taken.</param>
public sealed record PolicyUpdate(
    double LossBefore, double LossAfter, double Divergence, double Length);

/// <summary>An outer algorithm.</summary>
public interface IPolicyUpdate<P> where P : ITree
{
    /// <summary>The state before the first step.</summary>
    OptimizerState Init(P model);

    /// <summary>The start after a step on the experience of many tasks.</summary>
    (P Model, OptimizerState State, PolicyUpdate Update) Step(
        P model, OptimizerState state, Rounds tasks);
}
