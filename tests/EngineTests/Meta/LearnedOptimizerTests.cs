// The MLP optimiser and persistent evolution strategies: derivatives against finite differences,
// estimates against exact gradients, and that an optimiser learns to optimise.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class LearnedOptimizerTests
{
    private static readonly MlpOptimizer Optimizer = new(Scale: 0.05, Exponent: 0.1);

    /// <summary>Least squares with a matrix and a target of its own for each problem.</summary>
    private static OptimizationProblem<Tensor> Squares(DType type) => new(
        key => key.Fold(0).Normal(3, type),
        (w, problem, _) =>
        {
            Tensor a = problem.Fold(1).Normal([4, 3], type);
            return (a.MatMul(w) - problem.Fold(2).Normal(4, type)).Square().Mean();
        });

    [Fact]
    public void MetaGradientsThroughItAreExact()
    {
        Episode tasks = Episode.From(new SinusoidTasks(5, 5).Sample(3, 0, 2))
            .Map((Tensor x) => x.Cast(DType.Float64));
        Method<LearnedUpdate<Mlp>> method = Optimizer.Method(Objective.Regression, innerSteps: 3);
        var p = new LearnedUpdate<Mlp>(
            Mlp.Create(Key.From(1), [1, 4, 1], Activation.Tanh, DType.Float64), Network(6));
        // Normalised gradients change their sign within a few thousandths: a short step.
        GradCheckResult check = GradCheck.Run(
            (LearnedUpdate<Mlp> at) => method.MetaLoss(at, tasks), p, step: 2e-6);
        Assert.True(check.Error < 1e-6, $"{check}");
        Assert.True(OrderCheck.Measure(method, p, tasks.Task(0)).Confirmed);
    }

    [Fact]
    public void DerivativesThroughAPieceOfARunAreExact()
    {
        OptimizationProblem<Tensor> problem = Squares(DType.Float64);
        Tensor After(Mlp network)
        {
            InnerRule<Tensor, MlpOptimizerState> rule = Optimizer.Rule<Tensor>(network);
            var run = Unroll.Begin(problem, rule, Key.From(1));
            (_, run) = Unroll.Steps(problem, rule, run, 2, Key.From(2));
            return Unroll.Steps(problem, rule, run, 3, Key.From(3)).Loss;
        }

        GradCheckResult check = GradCheck.Run(After, Network(6), step: 1e-4);
        Assert.True(check.Error < 1e-6, $"{check}");
    }

    [Fact]
    public void PiecesMakeTheWholeRun()
    {
        OptimizationProblem<Tensor> problem = Squares(DType.Float64);
        InnerRule<Tensor, MlpOptimizerState> rule = Optimizer.Rule<Tensor>(Network(6));
        Run<Tensor, MlpOptimizerState> begin = Unroll.Begin(problem, rule, Key.From(1));
        var (first, half) = Unroll.Steps(problem, rule, begin, 2, Key.From(2));
        var (second, end) = Unroll.Steps(problem, rule, half, 4, Key.From(3));
        var (mean, whole) = Unroll.Steps(problem, rule, begin, 6, Key.From(4));
        Assert.True(Tree.AllClose(whole.Model, end.Model, 1e-12, 1e-14));
        Assert.True(Tree.AllClose(whole.State, end.State, 1e-12, 1e-14));
        Assert.Equal(6, end.Step.Item());
        Assert.Equal(mean.Item(), (2 * first.Item() + 4 * second.Item()) / 6, 1e-12);
    }

    [Fact]
    public void TheUpdateIsTheSameHoweverLargeALayerIs()
    {
        // The network sees what is normalised by leaf: units of a loss do not matter.
        InnerRule<Mlp, MlpOptimizerState> rule = Optimizer.Rule<Mlp>(Network(6));
        Mlp model = Mlp.Create(Key.From(1), [2, 3, 1], Activation.Tanh, DType.Float64)
            .Map((Tensor w) => w + 1);
        Mlp gradient = model.Map((Tensor w) => w.Cos() + 2);
        Mlp Step(double scale) => rule.Update(
            model, gradient.Map((Tensor g) => scale * g), Tensor.Scalar(1.0), rule.Start(model),
            0).Model;
        Mlp small = Step(10), large = Step(1000);
        Assert.True(Tree.AllClose(small, large, 1e-5, 1e-6));
        Assert.False(Tree.AllClose(small, model, 1e-5, 1e-6));
    }

    [Fact]
    public void LeavesThatDoNotAdaptStay()
    {
        Mlp model = Mlp.Create(Key.From(1), [2, 3, 1], Activation.Tanh, DType.Float64);
        Mlp after = Inner.Trajectory(
            model, (m, _) => m.Forward(Tensor.Ones([2, 2], DType.Float64)).Square().Mean(),
            Optimizer.Rule<Mlp>(Network(6)), 2,
            where: path => path == "Layers.0.Weight").Last();
        Assert.True(Tree.AllClose(model.Layers[1], after.Layers[1], 0, 0));
        Assert.False(Tree.AllClose(model.Layers[0], after.Layers[0], 1e-6, 1e-6));
    }

    /// <summary>m = 0.9 m + theta, so that the loss of a run is quadratic in theta.</summary>
    private static InnerRule<Tensor, NoState> Drift(Tensor theta) =>
        new(_ => new NoState(), (m, _, _, state, _) => (0.9 * m + theta, state));

    private static readonly OptimizationProblem<Tensor> Target = new(
        _ => Tensor.From([2.0, -1]), (m, _, _) => 0.5 * (m - Tensor.From([1.0, 3])).Square().Sum());

    [Fact]
    public void EstimatesFromPiecesAverageToTheGradientOfTheWholeRun()
    {
        const int length = 6, piece = 2, particles = 20_000;
        Tensor theta = Tensor.From([0.1, -0.2]);
        Tensor Whole(Tensor t) => Unroll.Steps(
            Target, Drift(t), Unroll.Begin(Target, Drift(t), Key.From(0)), length, Key.From(0)).Loss;
        double[] exact = Grad.Of<Tensor>(Whole)(theta).ToDoubles();
        Assert.True(GradCheck.Run(Whole, theta).Error < 1e-9);

        // The particles begin at different places of a run, so that one step sees all pieces; the
        // first runs end early and are passed over.
        var pes = new Pes<Tensor, Tensor, NoState>(Target, Drift, length, piece, particles, 0.1);
        PesState<Tensor, Tensor, NoState> state = pes.Start(theta, Key.From(1));
        for (int n = 0; n < length / piece - 1; n++)
            state = pes.Step(theta, state, Key.From(2 + n)).State;
        Tensor[] steps = new Tensor[4];
        for (int n = 0; n < steps.Length; n++)
        {
            PesStep<Tensor, Tensor, NoState> step = pes.Step(theta, state, Key.From(10 + n));
            (steps[n], state) = (step.Gradient, step.State);
        }
        double[] estimate = Tensor.Stack(steps).Mean(0).ToDoubles();

        // Truncated differentiation of the same pieces, which forgets what was before each.
        var run = Unroll.Begin(Target, Drift(theta), Key.From(0));
        double[] truncated = [0, 0];
        for (int n = 0; n < length / piece; n++)
        {
            Run<Tensor, NoState> from = run;
            double[] part = Grad.Of((Tensor t) =>
                Unroll.Steps(Target, Drift(t), from, piece, Key.From(0)).Loss)(theta).ToDoubles();
            for (int i = 0; i < 2; i++) truncated[i] += part[i] / (length / piece);
            (_, run) = Unroll.Steps(Target, Drift(theta), from, piece, Key.From(0));
        }
        for (int i = 0; i < 2; i++)
        {
            Assert.InRange(Math.Abs(estimate[i] / exact[i] - 1), 0, 0.03);
            Assert.True(Math.Abs(truncated[i] / exact[i] - 1) > 0.3, $"{truncated[i]} {exact[i]}");
        }
    }

    [Fact]
    public void ItLearnsToOptimiseByPieces()
    {
        OptimizationProblem<Tensor> problem = Squares(DType.Float32);
        var optimizer = new MlpOptimizer(Scale: 0.02, Exponent: 0.1);
        var pes = new Pes<Mlp, Tensor, MlpOptimizerState>(
            problem, optimizer.Rule<Tensor>, Length: 20, Piece: 5, Particles: 16, Sigma: 0.03);
        Optimizer outer = Optim.Adam(1e-2);
        Mlp network = MlpOptimizer.Create(Key.From(0), hidden: 8);
        var step = Compile.Of(
            (Mlp w, OptimizerState moments, PesState<Mlp, Tensor, MlpOptimizerState> at, Key key) =>
            {
                var made = pes.Step(w, at, key);
                var (next, kept) = outer.Step(w, made.Gradient, moments);
                return (next, kept, made.State);
            });

        double Loss(Mlp w) => Vmap.Of((Key key) =>
        {
            InnerRule<Tensor, MlpOptimizerState> rule = optimizer.Rule<Tensor>(w);
            var (_, end) = Unroll.Steps(
                problem, rule, Unroll.Begin(problem, rule, key), 20, key);
            return problem.Loss(end.Model, key, key);
        })(Key.From(77).Batch(64)).Mean().Item();

        double before = Loss(network);
        OptimizerState moments = outer.Init(network);
        PesState<Mlp, Tensor, MlpOptimizerState> state = pes.Start(network, Key.From(1));
        for (int n = 0; n < 200; n++)
            (network, moments, state) = step(network, moments, state, Key.From(2).Fold(n));
        double after = Loss(network);
        Assert.True(after < 0.6 * before, $"{before} {after}");
    }

    [Theory]
    [InlineData(20, 3, 1, 0.1)]
    [InlineData(20, 0, 1, 0.1)]
    [InlineData(4, 5, 1, 0.1)]
    [InlineData(4, 2, 0, 0.1)]
    [InlineData(4, 2, 1, 0)]
    public void NumbersThatDoNotGoTogetherAreRefused(
        int length, int piece, int particles, double sigma) => Assert.Contains(
            "give pieces that divide the length",
            Assert.Throws<EngineException>(() => new Pes<Tensor, Tensor, NoState>(
                Target, Drift, length, piece, particles, sigma)
                .Start(Tensor.From([0.0, 0]), Key.From(0))).Message);

    private static Mlp Network(int hidden) =>
        MlpOptimizer.Create(Key.From(3), hidden, Activation.Tanh, DType.Float64);
}
