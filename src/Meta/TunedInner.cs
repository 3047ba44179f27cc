// MAML whose inner steps are those of any update rule with settings of its own - rates, momentum,
// decay - and all settings are learned with the start, by derivatives through the steps.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>A start, and the settings of the inner steps from it.</summary>
public sealed partial record Tuned<T, H>(T Model, H Settings) : ITree
    where T : ITree where H : ITree;

/// <summary>
/// Adaptation by a rule that is made of learned settings. A scalar rate of any optimiser:
/// <c>rate => Inner.By&lt;T&gt;(Optim.Adam(_ => rate))</c>; a rate for each leaf:
/// <see cref="TunedInner.Rates"/>; settings of your own: any record that is a tree.
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="Rule">The update rule that settings make.</param>
/// <param name="InnerSteps">Steps in adaptation.</param>
/// <param name="FirstOrder">
/// Whether inner gradients count as constants; the settings are learned all the same.
/// </param>
/// <param name="Where">Which leaves adapt, by path; all by default.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
/// <typeparam name="T">The model.</typeparam>
/// <typeparam name="H">The settings: a tree, or a tensor.</typeparam>
/// <typeparam name="S">What the rule remembers from step to step.</typeparam>
public sealed record TunedInner<T, H, S>(
    Objective<T> Objective, Func<H, InnerRule<T, S>> Rule, int InnerSteps, bool FirstOrder = false,
    Func<string, bool>? Where = null, bool Remat = false, int Chunk = 0)
    where T : ITree where H : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Tuned<T, H>> Method => new(
        (p, task, at) => Objective.Query(
            Trajectory(p, task, InnerSteps, at.FirstOrder).Last(), task),
        (p, task, steps) => Trajectory(p, task, steps[^1])
            .After(steps, adapted => Objective.Forward(adapted, task.QueryX)),
        FirstOrder ? Claim.FirstOrder : Claim.Exact, Objective.BatchNorm, Chunk);

    /// <summary>A start with settings.</summary>
    public Tuned<T, H> Begin(T model, H settings) => new(model, settings);

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(
        Tuned<T, H> p, Episode task, int steps, bool firstOrder = false)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Inner.Trajectory(
            p.Model, (w, _) => Objective.Support(w, task), Rule(p.Settings), steps, Where,
            FirstOrder || firstOrder, Remat);
    }
}

/// <summary>Makes learners of rates.</summary>
public static class TunedInner
{
    /// <summary>
    /// A rate for each leaf of a model, or for each element, for any optimiser, which is given with
    /// rate 1: what it would take off a leaf is taken off that leaf's rate times. The settings are
    /// a tree like the model, of scalars (<see cref="ByLeaf"/>) or of the leaves' shapes.
    /// </summary>
    public static TunedInner<T, T, OptimizerState> Rates<T>(
        Objective<T> objective, Optimizer optimizer, int innerSteps) where T : ITree =>
        new(objective, rates => Inner.By<T>(optimizer).Scaled(rates), innerSteps);

    /// <summary>A scalar in the place of each leaf of a model, of its dtype.</summary>
    public static T ByLeaf<T>(T model, double rate) where T : ITree =>
        model.Map((Tensor leaf) => leaf.DType.IsFloat()
            ? Tensor.Full(Shape.Of(), rate, leaf.DType).To(leaf.Device)
            : leaf);
}
