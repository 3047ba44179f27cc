// MAML over domains: a task is to adapt on one domain and to be judged on another, of the same
// classes. The start that it finds is one from which gradient steps on a domain help on the others.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Makes tasks of domains, and trains by MAML on them.</summary>
public static class DomainMaml
{
    /// <summary>
    /// As many tasks as domains: in an order drawn by the batch's key, each domain is the support
    /// of a task whose query is the next domain, and the last one's is the first. So every domain
    /// is adapted on once and judged on once, and never both in one task.
    /// </summary>
    /// <exception cref="EngineException">There is one domain only.</exception>
    public static Episode Tasks(Domains domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        if (domains.Count < 2)
            throw Errors.Fail("DomainMaml", "one domain makes no task: support and query are of "
                + "different domains. Give at least 2.");
        Domains support = domains.Shuffled();
        static Tensor Next(Tensor x) => Tensor.Concat([x[1..], x[..1]], 0);
        return new(support.X, support.Y, Next(support.X), Next(support.Y));
    }

    /// <summary>
    /// The model for a domain that no training saw, and of which nothing is given: the start after
    /// the inner steps on examples of all source domains together.
    /// </summary>
    public static T Adapt<T>(Maml<T> maml, T start, Domains sources) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(maml);
        ArgumentNullException.ThrowIfNull(sources);
        Tensor[] each = [.. Enumerable.Range(0, sources.Count).Select(i => sources.X[i])];
        return maml.Adapt(start, Tensor.Concat(each, 0), sources.Y.Reshape(-1));
    }

    /// <summary>
    /// Start and step of training by MAML, exact or first-order as it says; the loss is that of the
    /// adapted models on the domains that they did not adapt on.
    /// </summary>
    public static Training<TrainedState<T>, Domains> Training<T>(
        Maml<T> maml, T model, Optimizer optimizer) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(maml);
        ArgumentNullException.ThrowIfNull(optimizer);
        Method<T> method = maml.Method;
        return new(["query"], new(model, optimizer.Init(model)), (state, domains) =>
        {
            MetaStep<T> made = method.Step(state.Model, Tasks(domains));
            var (next, moments) = optimizer.Step(state.Model, made.Gradient, state.Optimizer);
            return (new(next, moments), made.Loss.ExpandDims(0));
        });
    }
}
