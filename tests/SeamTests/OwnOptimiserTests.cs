// An optimiser of a user's own goes wherever a built-in one goes: compiled steps, many at once,
// schedules, chains, frozen leaves, checkpoints, derivatives through its steps.
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Seams;

public sealed partial record Affine(Tensor Weight, Tensor Bias) : ITree
{
    public Tensor Forward(Tensor x) => x.MatMul(Weight) + Bias;
}

/// <summary>A rule that forgets to cast the step's number.</summary>
public sealed record Careless : IUpdateRule<Tensor>
{
    public Tensor Init(Tensor leaf) => Optim.ZerosLike(leaf);

    public (Tensor Leaf, Tensor State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Tensor state) =>
        (leaf.Cast(DType.Float64) / n.Cast(DType.Float64), state);
}

public class OwnOptimiserTests
{
    private const double Rate = 0.05;

    private static readonly Tensor X = Key.From(1).Normal([8, 2], DType.Float64).Eval();
    private static readonly Tensor Y = Key.From(2).Normal([8, 3], DType.Float64).Eval();

    /// <summary>Made anew each time: a compiled step takes the memory of its old state.</summary>
    private static Affine Start => new(
        Key.From(3).Normal([2, 3], DType.Float64).Eval(),
        Key.From(4).Normal([3], DType.Float64).Eval());

    private static readonly Optimizer Rule = Optim.Of(new Adafactor(), Rate);

    private static Tensor LossOf(Affine model) => Loss.Mse(model.Forward(X), Y);

    private static (Affine Model, OptimizerState State) Run(Optimizer rule, Affine model, int steps)
    {
        OptimizerState state = rule.Init(model);
        var gradient = Grad.Of((Affine m) => LossOf(m));
        for (int n = 0; n < steps; n++) (model, state) = rule.Step(model, gradient(model), state);
        return (model, state);
    }

    [Fact]
    public void EqualsAComputationByHand()
    {
        Affine by = Start;
        double[] w = by.Weight.ToDoubles(), b = by.Bias.ToDoubles();
        double[] rows = new double[2], columns = new double[3], each = new double[3];
        for (int n = 1; n <= 4; n++)
        {
            Affine g = Grad.Of((Affine m) => LossOf(m))(by);
            double[] gw = g.Weight.ToDoubles(), gb = g.Bias.ToDoubles();
            double decay = 1 - Math.Pow(n, -0.8);
            double Square(int i, int j) => gw[3 * i + j] * gw[3 * i + j] + 1e-3;
            for (int i = 0; i < 2; i++)
                rows[i] = decay * rows[i]
                    + (1 - decay) * Enumerable.Range(0, 3).Average(j => Square(i, j));
            for (int j = 0; j < 3; j++)
            {
                columns[j] = decay * columns[j] + (1 - decay) * (Square(0, j) + Square(1, j)) / 2;
                each[j] = decay * each[j] + (1 - decay) * (gb[j] * gb[j] + 1e-3);
                b[j] -= Rate * gb[j] / Math.Sqrt(each[j]);
                for (int i = 0; i < 2; i++)
                    w[3 * i + j] -= Rate * gw[3 * i + j]
                        / Math.Sqrt(rows[i] * columns[j] / rows.Average());
            }
            by = new(Tensor.From(w, [2, 3]), Tensor.From(b));
        }
        var (model, state) = Run(Rule, Start, 4);
        Assert.True(Tree.AllClose(by, model, 1e-12, 1e-12), $"{model.Weight} {by.Weight}");
        var squares = Assert.IsType<Squares>(state.Leaves[0]);
        Assert.True(Tree.AllClose(
            new Squares(Tensor.From(rows), Tensor.From(columns)), squares, 1e-12, 1e-12));
    }

    [Fact]
    public void TrainsAsACompiledStep()
    {
        var step = Compile.Step(((Affine M, OptimizerState S) at, Tensor x) =>
        {
            var (loss, g) = Grad.WithValue((Affine m) => Loss.Mse(m.Forward(x), Y))(at.M);
            return (Rule.Step(at.M, g, at.S), loss);
        });
        Affine model = Start;
        OptimizerState state = Rule.Init(model);
        var losses = new List<double>();
        for (int n = 0; n < 40; n++)
        {
            ((model, state), Tensor loss) = step((model, state), X);
            losses.Add(loss.Item());
        }
        Assert.True(Tree.AllClose(Run(Rule, Start, 40).Model, model, 1e-10, 1e-10));
        Assert.True(losses[^1] < 0.7 * losses[0], string.Join(' ', losses));
        Assert.Single(Compile.Explain(step).Traces);
    }

    [Fact]
    public void IsDifferentiatedThroughTwoSteps()
    {
        foreach (int order in (int[])[1, 2])
        {
            GradCheckResult check = GradCheck.Run(
                (Affine m) => LossOf(Run(Rule, m, 2).Model), Start, order, 1e-4);
            Assert.True(check.Error < 1e-5, $"{check}");
        }
        GradCheckResult byRate = GradCheck.Run(
            (Tensor rate) => LossOf(Run(Optim.Of(new Adafactor(), _ => rate), Start, 2).Model),
            Tensor.Scalar(Rate));
        Assert.True(byRate.Error < 1e-6, $"{byRate}");
    }

    [Fact]
    public void RunsForManyModelsAtOnce()
    {
        Affine other = Start.Map((Tensor leaf) => 0.5 * leaf);
        Affine both = Start.Zip(other, (a, b) => Tensor.Stack([a, b]));
        Affine ends = Vmap.Of((Affine m) => Run(Rule, m, 3).Model)(both);
        Assert.True(Tree.AllClose(
            Run(Rule, other, 3).Model, ends.Map((Tensor leaf) => leaf[1]), 1e-12, 1e-12));
    }

    [Fact]
    public void TakesSchedulesChainsAndFrozenLeaves()
    {
        Optimizer rule = Optim.Chain(
            g => Optim.ClipByGlobalNorm(g, 1e-3),
            Optim.Of(new Adafactor(), Schedule.Linear(Rate, 0, 2)));
        Affine start = Start, g = Grad.Of((Affine m) => LossOf(m), path => path == "Weight")(start);
        OptimizerState before = rule.Init(start);
        var (model, state) = rule.Step(start, g, before);
        Assert.Same(start.Bias, model.Bias);
        Assert.Same(before.Leaves[1], state.Leaves[1]);
        Assert.NotEqual(start.Weight.ToDoubles(), model.Weight.ToDoubles());
        // Clipped to almost nothing, the squares are the rule's epsilon.
        Assert.Equal(1e-3, ((Squares)state.Leaves[0]).Rows.Mean().Item(), 1e-6);
        Assert.Equal(Rate / 2, rule.Step(model, g, state).State.Rate.Item(), 1e-12);
    }

    [Fact]
    public void ResumesFromACheckpointBitForBit()
    {
        MetaTraining<Mlp> training = new(
            new Maml<Mlp>(Objective.Regression, 1, 0.01).Method, Rule,
            (first, count) => Episode.From(new SinusoidTasks(5, 5).Sample(1, first, count)),
            metaBatch: 2);
        TrainingState<Mlp> start = training.Start(Mlp.Create(Key.From(1), [1, 8, 1]));
        TrainingState<Mlp> whole = start;
        for (int n = 0; n < 3; n++) (whole, _) = training.Step(whole);
        TrainingState<Mlp> resumed = Resumed.From(whole, start);
        for (int n = 0; n < 3; n++)
        {
            (whole, _) = training.Step(whole);
            (resumed, _) = training.Step(resumed);
        }
        Assert.Equal(6, resumed.Step);
        Resumed.Equal(whole, resumed);
    }

    [Fact]
    public void WrongStatesAndUpdatesAreExplained()
    {
        Affine g = Grad.Of((Affine m) => LossOf(m))(Start);
        var other = Assert.Throws<EngineException>(
            () => Rule.Step(Start, g, Optim.Adam(Rate).Init(Start)));
        Assert.Equal("Adafactor: the state keeps AdamState of a leaf, where this rule keeps "
            + "Squares. Make the state with Init(model).", other.Message);
        Optimizer careless = Optim.Of(new Careless(), Rate);
        Affine single = Start.Map((Tensor leaf) => leaf.Cast(DType.Float32));
        var changed = Assert.Throws<EngineException>(
            () => careless.Step(single, single, careless.Init(single)));
        Assert.Equal("Careless: the update made float64 (2, 3) of the leaf 'Weight', which is "
            + "float32 (2, 3). Keep shape and dtype.", changed.Message);
    }
}
