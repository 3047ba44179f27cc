// What acting in environments gives.
namespace Engine.Meta;

/// <summary>
/// Whole episodes of many tasks, one after the other along the axis of transitions. Where a task's
/// episodes do not fill it, the rest is zero.
/// </summary>
/// <param name="Observations">(tasks, transitions, observation): what each action answers.</param>
/// <param name="Actions">(tasks, transitions, action).</param>
/// <param name="Parameters">
/// (tasks, transitions, parameters): the distributions from which the actions were drawn.
/// </param>
/// <param name="Rewards">(tasks, transitions).</param>
/// <param name="Starts">
/// (tasks, transitions), int64: where in the axis the episode of a transition begins.
/// </param>
/// <param name="Taken">(tasks, transitions): 1 for a transition, 0 for the rest.</param>
/// <param name="Returns">
/// (tasks, episodes): the sums of rewards of as many episodes as were asked for. Those that only
/// fill the axis are not among them: they are rather short ones.
/// </param>
public sealed partial record Trajectories(
    Tensor Observations, Tensor Actions, Tensor Parameters, Tensor Rewards, Tensor Starts,
    Tensor Taken, Tensor Returns) : ITree;
