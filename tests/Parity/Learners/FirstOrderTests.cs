// First order against its definition: the inner steps are taken once, their gradients are kept as
// numbers, and the loss is written out with these numbers in the place of the gradients.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

public class FirstOrderTests
{
    private const int Steps = 2;

    private static readonly Objective<Bumps> Regression =
        new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None);

    private static readonly Bumps Line = Bumps.Create(Key.From(3)).Map(Double);

    private static readonly Episode Lines = Tasks.InDouble(Tasks.Sinusoids(0, 1));

    private static readonly Episode Line0 = Lines.Task(0);

    [Fact]
    public void MetaSgd()
    {
        MetaSgd<Bumps> learner = new(Regression, Steps);
        static Bumps Step(Bumps w, Bumps g, Rated<Bumps> p) =>
            w.Zip(g, p.Rates, (a, b, rate) => a - rate * b);
        Rated<Bumps> start = learner.Begin(Line, 0.05);
        var gradients = Gradients(
            Line, w => Regression.Support(w, Line0), (w, g) => Step(w, g, start));
        IsFirstOrder(
            first => (learner with { FirstOrder = first }).Method, start, Lines,
            p => Regression.Query(
                gradients.Aggregate(p.Model, (w, g) => Step(w, g, p)), Line0));
    }

    [Fact]
    public void Anil()
    {
        Objective<Linear> ofHead = new((head, x) => head.Forward(x), Loss.Mse, BatchNormMode.None);
        Anil<Bumps, Linear> learner =
            new((model, x) => model.Features(x), model => model.Head, ofHead, Steps, 0.1);
        var gradients = Gradients(
            Line.Head, h => ofHead.LossOn(h, Line.Features(Line0.SupportX), Line0.SupportY),
            (h, g) => Descend(h, g, 0.1));
        IsFirstOrder(
            first => (learner with { FirstOrder = first }).Method, Line, Lines,
            p => ofHead.LossOn(
                gradients.Aggregate(p.Head, (h, g) => Descend(h, g, 0.1)),
                p.Features(Line0.QueryX), Line0.QueryY));
    }

    [Fact]
    public void Cavia()
    {
        static Tensor Forward(Linear model, Tensor x, Tensor context) =>
            model.Forward(Meta.Cavia.AsInputs(x, context).Tanh());
        Cavia<Linear> learner = new(Forward, Loss.Mse, 3, Steps, 0.5);
        Linear start = Linear.Create(Key.From(3), 4, 1, type: DType.Float64);
        Tensor zeros = Tensor.Zeros(3, DType.Float64);
        var gradients = Gradients(
            zeros, c => Loss.Mse(Forward(start, Line0.SupportX, c), Line0.SupportY),
            (c, g) => c - 0.5 * g);
        // The context is a number then: the model is learned as if it were given.
        Tensor context = gradients.Aggregate(zeros, (c, g) => c - 0.5 * g).Eval();
        IsFirstOrder(
            first => (learner with { FirstOrder = first }).Method, start, Lines,
            p => Loss.Mse(Forward(p, Line0.QueryX, context), Line0.QueryY));
    }

    /// <summary>Momentum, whose rate and decay are learned.</summary>
    [Fact]
    public void TunedInner()
    {
        TunedInner<Bumps, Numbers, OptimizerState> learner = new(
            Regression, n => Inner.By<Bumps>(Optim.Sgd(_ => n.Rate, n.A)), Steps);
        Tuned<Bumps, Numbers> start = learner.Begin(
            Line, new(Tensor.Scalar(0.05), Tensor.Scalar(0.6), Tensor.Scalar(0.0)));
        Bumps After(Tuned<Bumps, Numbers> p, IEnumerable<Bumps> gradients)
        {
            Bumps w = p.Model, velocity = w.Map((Tensor leaf) => 0 * leaf);
            foreach (Bumps g in gradients)
            {
                velocity = velocity.Zip(g, (v, b) => p.Settings.A * v + b);
                w = w.Zip(velocity, (a, v) => a - p.Settings.Rate * v);
            }
            return w;
        }

        var gradients = new List<Bumps>();
        for (int k = 0; k < Steps; k++)
            gradients.Add(Grad.Of((Bumps w) => Regression.Support(w, Line0))(
                After(start, gradients)));
        IsFirstOrder(
            first => (learner with { FirstOrder = first }).Method, start, Lines,
            p => Regression.Query(After(p, gradients), Line0));
    }

    [Fact]
    public void MetaTransfer()
    {
        Episode images = Tasks.InDouble(Tasks.OfImages(0, 1)), task = images.Task(0);
        TinyNet net = TinyNet.Create(Key.From(3), ways: 3);
        MetaTransfer<TinyNet, Linear> learner = Meta.MetaTransfer.Images<TinyNet>(Steps, 0.5);
        Transferred<TinyNet, Linear> start = learner
            .Begin(net, Meta.MetaTransfer.Head(Key.From(4), net, 3)).Map(Double);
        Tensor Features(Transferred<TinyNet, Linear> p, Tensor x) =>
            ScaleShift.Apply(start.Body, p.Layers).Features(x, (norm, y) => norm.Forward(y));
        Tensor LossOf(Linear head, Tensor features, Tensor labels) =>
            Loss.CrossEntropy(head.Forward(features), labels);
        var gradients = Gradients(
            start.Head, h => LossOf(h, Features(start, task.SupportX), task.SupportY),
            (h, g) => Descend(h, g, 0.5));
        IsFirstOrder(
            first => (learner with { FirstOrder = first }).Method, start, images,
            p => LossOf(
                gradients.Aggregate(p.Head, (h, g) => Descend(h, g, 0.5)),
                Features(p, task.QueryX), task.QueryY));
    }

    /// <summary>
    /// The first-order meta-gradient is that of the loss with numbers for inner gradients, whether
    /// the learner or the progress of training asks for it, and the exact one is another.
    /// </summary>
    private static void IsFirstOrder<P>(
        Func<bool, Method<P>> method, P start, Episode tasks, Func<P, Tensor> byHand)
        where P : ITree
    {
        P expected = Grad.Of((P p) => byHand(p))(start);
        P first = method(true).Step(start, tasks).Gradient;
        P annealed =
            method(false).Step(start, tasks, Progress.At(0.1, firstOrder: true)).Gradient;
        P exact = method(false).Step(start, tasks).Gradient;
        Assert.True(Tree.AllClose(expected, first, 1e-10, 1e-12));
        Assert.True(Tree.AllClose(expected, annealed, 1e-10, 1e-12));
        Assert.False(Tree.AllClose(expected, exact, 1e-3, 1e-6));
        Assert.Equal(Claim.FirstOrder, method(true).Claim);
    }

    /// <summary>The gradients of the inner steps, as numbers.</summary>
    private static List<T> Gradients<T>(T start, Func<T, Tensor> loss, Func<T, T, T> step)
        where T : ITree
    {
        var all = new List<T>();
        for (int k = 0; k < Steps; k++)
            all.Add(Grad.Of((T w) => loss(w))(all.Aggregate(start, step)));
        return all;
    }

    private static Linear Descend(Linear w, Linear g, double rate) =>
        w.Zip(g, (a, b) => a - rate * b);

    private static Tensor Double(Tensor leaf) =>
        leaf.DType.IsFloat() ? leaf.Cast(DType.Float64).Eval() : leaf;
}
