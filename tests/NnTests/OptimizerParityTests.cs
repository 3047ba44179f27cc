// Update rules against PyTorch's weights after 20 steps (Fixtures/optimizers.py), LAMB against a
// loop, and each differentiated through, mapped over and compiled.
using Engine.Nn;

namespace Engine.NnTests;

public class OptimizerParityTests
{
    private static readonly double[] C = [0.7, -1.3, 2.1, 0.2], W = [0.9, -0.4, 1.7, -2.5];

    public static TheoryData<string> Names => [.. Cases.Keys];

    private static readonly Dictionary<string, (Optimizer Rule, double[] Weights)> Cases = new()
    {
        ["sgd"] = (Optim.Sgd(0.1, 0.8, nesterov: true, weightDecay: 0.1),
            [-0.5286498900433008, 0.8252333981628297, -1.0238248028422838, -0.2530635776842465]),
        ["adam"] = (Optim.Adam(0.05),
            [-0.061489409712180594, 0.5498243789795997, 0.6718458738526124, -1.5338228715079305]),
        ["adam decay"] = (Optim.Adam(0.05, 0.8, 0.99, 1e-3, weightDecay: 0.3),
            [-0.017908375203281195, 0.4936104959078954, 0.6689787819685341, -1.5554254982273374]),
        ["adamw"] = (Optim.AdamW(0.05, weightDecay: 0.3),
            [-0.15754006367619905, 0.5252600296087306, 0.3590423458494349, -1.0396675271428906]),
        ["rmsprop"] = (Optim.RmsProp(0.02, decay: 0.9),
            [0.352260351988608, 0.1436172345227355, 1.096786429614625, -1.9523110698636161]),
        ["rmsprop all"] = (
            Optim.RmsProp(0.02, decay: 0.9, momentum: 0.7, centered: true, weightDecay: 0.1),
            [-0.5887381931444657, 0.8551526422281461, -0.9117639991713202, -0.5651743673683348]),
        ["adagrad"] = (Optim.Adagrad(0.3, initial: 0.1, weightDecay: 0.2),
            [-0.4575577723977516, 0.7629165543821407, -0.52166880518009, -0.782579480083755]),
        ["lamb"] = (Optim.Lamb(0.05, weightDecay: 0.1), NaiveLamb(0.05, 0.1)),
    };

    private static Tensor Objective(Tensor w) =>
        (Tensor.From(C) * w.Sin() + 0.5 * w.Square()).Sum();

    private static Tensor Run(Optimizer rule, Tensor w, int steps)
    {
        OptimizerState state = rule.Init(w);
        for (int n = 0; n < steps; n++)
            (w, state) = rule.Step(w, Grad.Of((Tensor p) => Objective(p))(w), state);
        return w;
    }

    private static double[] NaiveLamb(double rate, double decay)
    {
        double[] w = [.. W], m = new double[4], v = new double[4];
        for (int n = 1; n <= 20; n++)
        {
            var step = new double[4];
            for (int i = 0; i < 4; i++)
            {
                double g = C[i] * Math.Cos(w[i]) + w[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                step[i] = m[i] / (1 - Math.Pow(0.9, n))
                    / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, n))) + 1e-6) + decay * w[i];
            }
            double trust = Math.Sqrt(w.Sum(x => x * x) / step.Sum(x => x * x));
            for (int i = 0; i < 4; i++) w[i] -= rate * trust * step[i];
        }
        return w;
    }

    [Theory, MemberData(nameof(Names))]
    public void WeightsAfterTwentySteps(string name)
    {
        var (rule, expected) = Cases[name];
        Naive.Near(expected, Run(rule, Tensor.From(W), 20), 1e-12);
    }

    [Theory, MemberData(nameof(Names))]
    public void StepsTransform(string name)
    {
        Optimizer rule = Cases[name].Rule;
        foreach (int order in (int[])[1, 2])
        {
            var check = GradCheck.Run((Tensor w) => Run(rule, w, 3), Tensor.From(W), order, 1e-5);
            Assert.True(check.Error < 2e-4, $"{check}");
        }
        Tensor other = Tensor.From(W) * 0.5;
        Tensor both = Vmap.Of((Tensor w) => Run(rule, w, 3))(Tensor.Stack([Tensor.From(W), other]));
        Assert.True(Tree.AllClose(Run(rule, other, 3), both[1], 1e-12));
        var step = Compile.Step(((Tensor W, OptimizerState S) s, Tensor c) =>
        {
            Tensor gradient = Grad.Of((Tensor p) => Objective(p) + 0 * c)(s.W);
            return (rule.Step(s.W, gradient, s.S), c);
        });
        (Tensor w, OptimizerState state) = (Tensor.From(W), rule.Init(Tensor.From(W)));
        for (int n = 0; n < 20; n++) ((w, state), _) = step((w, state), Tensor.Scalar(0.0));
        Naive.Near(Cases[name].Weights, w, 1e-12);
    }

    [Theory, MemberData(nameof(Names))]
    public void FrozenLeavesStayAndSingleStaysSingle(string name)
    {
        Optimizer rule = Cases[name].Rule;
        var model = new Parts(
            Tensor.From([1f, 2]), Tensor.From([3f]), Tensor.From([1]), Tensor.From([true]));
        Parts g = Grad.Of((Parts p) => (p.Weight * p.Frozen).Sum(), p => p == "Weight")(model);
        Parts next = rule.Step(model, g, rule.Init(model)).Model;
        Assert.Same(model.Frozen, next.Frozen);
        Assert.Equal(DType.Float32, next.Weight.DType);
        Assert.NotEqual(model.Weight.ToArray<float>(), next.Weight.ToArray<float>());
    }

    [Fact]
    public void AZeroGradientLeavesDerivativesFinite()
    {
        foreach (var (rule, _) in Cases.Values)
        {
            Tensor Loss(Tensor w) => (w * Tensor.From([1.0, 0])).Square().Sum();
            Tensor g = Grad.Of((Tensor start) =>
            {
                Tensor w = start;
                OptimizerState state = rule.Init(w);
                for (int n = 0; n < 3; n++)
                    (w, state) = rule.Step(w, Grad.Of((Tensor p) => Loss(p))(w), state);
                return w.Sum();
            })(Tensor.From([0.8, 0.8]));
            Assert.All(
                g.ToDoubles(), v => Assert.True(double.IsFinite(v), $"{rule.GetType().Name}"));
        }
    }

    [Fact]
    public void ChainsChangeTheGradientFirst()
    {
        Tensor w = Tensor.From([1.0, 1]), g = Tensor.From([3.0, 4]);
        Optimizer clipped = Optim.Chain(
            all => all.Map((Tensor leaf) => leaf * 2),
            Optim.Chain(all => Optim.ClipByGlobalNorm(all, 1), Optim.Sgd(0.1)));
        Naive.Near([0.94, 0.92], clipped.Step(w, g, clipped.Init(w)).Model, 1e-6);
        Optimizer other = Optim.Chain(
            all => Optim.ClipByGlobalNorm(all, 1),
            Optim.Chain(all => all.Map((Tensor leaf) => leaf * 2), Optim.Sgd(0.1)));
        Naive.Near([0.88, 0.84], other.Step(w, g, other.Init(w)).Model, 1e-6);
        var model = new Parts(w, w, Tensor.From([1]), Tensor.From([true]));
        Parts frozen = Grad.Of((Parts p) => (p.Weight * 10).Sum(), p => p == "Weight")(model);
        Assert.Same(w, clipped.Step(model, frozen, clipped.Init(model)).Model.Frozen);
    }

    [Fact]
    public void LambOfZeroWeightsTakesTheDirectionAsItIs()
    {
        Optimizer rule = Optim.Lamb(0.1);
        Tensor zero = Tensor.From([0.0, 0]), g = Tensor.From([2.0, -3]);
        Naive.Near([-0.1, 0.1], rule.Step(zero, g, rule.Init(zero)).Model, 1e-6);
    }
}
