// Learning to generalise (MLDG: Li, Yang, Song and Hospedales, "Learning to Generalize:
// Meta-Learning for Domain Generalization", 2018): each step pretends that some of the source
// domains are unseen, and asks of a gradient step on the others that it helps there as well.
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// MLDG: with F and G the mean losses over the meta-train and the meta-test domains,
/// <c>min F(w) + beta * G(w - innerRate * dF/dw)</c> (algorithm 1 of the paper). Its gradient
/// has the derivative of the inner step in it, and so second derivatives of F.
/// </summary>
/// <param name="Objective">
/// Model and loss. A network with batch normalisation normalises each domain by itself, unless its
/// forward pass is given statistics: <c>(net, x) => net.Forward(x, statistics)</c>.
/// </param>
/// <param name="InnerRate">The rate of the inner step, the paper's alpha.</param>
/// <param name="Beta">What the meta-test loss weighs.</param>
/// <param name="MetaTest">How many domains are meta-test ones in each step.</param>
/// <param name="FirstOrder">Whether the inner gradient counts as a constant.</param>
public sealed record Mldg<T>(
    Objective<T> Objective, double InnerRate, double Beta = 1, int MetaTest = 1,
    bool FirstOrder = false) where T : ITree
{
    /// <summary>
    /// F and G of a batch, two scalars: the batch's key says which domains are which.
    /// </summary>
    /// <exception cref="EngineException">No domain is left for one of the two.</exception>
    public (Tensor Train, Tensor Test) Losses(T model, Domains domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        if (MetaTest < 1 || MetaTest >= domains.Count)
            throw Errors.Fail("Mldg", $"{MetaTest} of {domains.Count} domains cannot be meta-test "
                + "ones: there must be one at least, and one for meta-training.");
        Domains all = domains.Shuffled();
        Domains test = all with { X = all.X[..MetaTest], Y = all.Y[..MetaTest] };
        Domains train = all with { X = all.X[MetaTest..], Y = all.Y[MetaTest..] };
        return Losses(model, train, test);
    }

    /// <summary>F on these domains, and G on those: two scalars.</summary>
    public (Tensor Train, Tensor Test) Losses(T model, Domains train, Domains test)
    {
        T moved = Inner.Trajectory(
            model, (at, _) => Mean(at, train), Inner.Descent<T>(InnerRate), steps: 1,
            firstOrder: FirstOrder).Last();
        return (Mean(model, train), Mean(moved, test));
    }

    /// <summary>F + beta * G, a scalar: what training lowers.</summary>
    public Tensor Loss(T model, Domains domains)
    {
        var (train, test) = Losses(model, domains);
        return train + Beta * test;
    }

    /// <summary>Holds the gradient on a batch to differences of the loss.</summary>
    public OrderCheck CheckOrder(T model, Domains domains) => OrderCheck.Measure(
        FirstOrder ? Claim.FirstOrder : Claim.Exact, (T at, Domains all) => Loss(at, all), model,
        domains);

    /// <summary>Start and step of training; the losses are F and G.</summary>
    public Training<TrainedState<T>, Domains> Training(T model, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return new(
            ["meta-train", "meta-test"], new(model, optimizer.Init(model)), (state, domains) =>
            {
                var (result, gradient) = Grad.WithAux((T at) =>
                {
                    var (train, test) = Losses(at, domains);
                    return (train + Beta * test, Tensor.Stack([train, test]));
                })(state.Model);
                var (next, moments) = optimizer.Step(state.Model, gradient, state.Optimizer);
                return (new(next, moments), result.Aux);
            });
    }

    /// <summary>The mean over domains of the loss on each.</summary>
    private Tensor Mean(T model, Domains domains) =>
        Vmap.Of((Tensor x, Tensor y) => Objective.LossOn(model, x, y))(domains.X, domains.Y)
            .Mean();
}
