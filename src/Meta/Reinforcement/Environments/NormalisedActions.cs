// Actions in [-1, 1] whatever an environment's bounds are, as rllab's normalize and Gymnasium's
// RescaleAction: a policy that starts with deviation 1 then explores all of the bounds.
using Engine.Data;

namespace Engine.Meta;

/// <summary>
/// An environment whose actions in [-1, 1] stand for what lies between the bounds of another's; an
/// action beyond them is cut off.
/// </summary>
public sealed class NormalisedActions : IEnvironment
{
    private readonly IEnvironment inner;
    private readonly double[] scaled;

    /// <summary>That environment, with actions in [-1, 1].</summary>
    /// <exception cref="EngineException">Its actions are not a bounded box.</exception>
    public NormalisedActions(IEnvironment inner)
    {
        ArgumentNullException.ThrowIfNull(inner);
        this.inner = inner;
        Actions = Of(inner.Actions);
        scaled = new double[Actions.Size];
    }

    /// <summary>The space of actions that stands for another.</summary>
    public static Space Of(Space actions)
    {
        ArgumentNullException.ThrowIfNull(actions);
        if (actions.Choices > 0 || actions.Low.Any(double.IsInfinity)
            || actions.High.Any(double.IsInfinity))
            throw new EngineException($"NormalisedActions: actions are {actions}. Only a box with "
                + "finite bounds can be normalised.");
        return Space.Box(actions.Size, -1, 1);
    }

    /// <inheritdoc/>
    public Space Observations => inner.Observations;

    /// <inheritdoc/>
    public Space Actions { get; }

    /// <inheritdoc/>
    public void Reset(SeededRandom random, Span<double> observation) =>
        inner.Reset(random, observation);

    /// <inheritdoc/>
    public Outcome Step(ReadOnlySpan<double> action, Span<double> observation)
    {
        if (action.Length != scaled.Length)
            throw new EngineException($"NormalisedActions: an action of {action.Length} numbers "
                + $"where {scaled.Length} belong.");
        for (int i = 0; i < scaled.Length; i++)
        {
            double low = inner.Actions.Low[i], high = inner.Actions.High[i];
            scaled[i] = Math.Clamp(low + (action[i] + 1) * 0.5 * (high - low), low, high);
        }
        return inner.Step(scaled, observation);
    }
}
