// Meta-SGD (Li et al., 2017): MAML that learns a rate for every parameter together with the start.
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>A start, and the inner rate of each of its elements.</summary>
public sealed partial record Rated<T>(T Model, T Rates) : ITree where T : ITree;

/// <summary>
/// Meta-SGD: w' = w - rates * dL_support/dw element by element, repeated innerSteps times (equation
/// 2 of the paper, which takes one step); L_query(w') is lowered by start and rates. The rates may
/// become negative.
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="InnerSteps">Gradient steps in adaptation.</param>
/// <param name="FirstOrder">
/// Whether inner gradients count as constants; the rates are learned all the same.
/// </param>
/// <param name="Where">Which leaves adapt, by path; all by default.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record MetaSgd<T>(
    Objective<T> Objective, int InnerSteps = 1, bool FirstOrder = false,
    Func<string, bool>? Where = null, bool Remat = false, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<Rated<T>> Method => new(
        (p, task, at) => Objective.Query(
            Trajectory(p, task, InnerSteps, at.FirstOrder).Last(), task),
        (p, task, steps) => Trajectory(p, task, steps[^1])
            .After(steps, adapted => Objective.Forward(adapted, task.QueryX)),
        FirstOrder ? Claim.FirstOrder : Claim.Exact, Objective.BatchNorm, Chunk);

    /// <summary>A start with one rate for all its parameters.</summary>
    public Rated<T> Begin(T model, double rate) =>
        new(model, model.Map((Tensor w) => w.DType.IsFloat() ? Optim.ZerosLike(w) + rate : w));

    /// <summary>
    /// A start whose rates are drawn uniformly from <paramref name="low"/> to
    /// <paramref name="high"/>, one for each parameter, by default as in the paper's section 4.
    /// </summary>
    public Rated<T> Begin(T model, Key key, double low = 0.005, double high = 0.1)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split(Math.Max(1, model.Leaves().Count));
        int i = 0;
        return new(model, model.Map((Tensor w) => keys[i++] is var own && w.DType.IsFloat()
            ? own.Uniform(w.Shape, low, high, w.DType).To(w.Device) : w));
    }

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(
        Rated<T> p, Episode task, int steps, bool firstOrder = false)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Inner.Trajectory(
            p.Model, (w, _) => Objective.Support(w, task),
            Inner.Stateless<T>((w, g) => w.Zip(g, p.Rates, (a, b, rate) =>
                b.IsSymbolicZero ? a : a - rate * b)),
            steps, Where, FirstOrder || firstOrder, Remat);
    }
}
