// Every learner that adapts by gradients or closed forms, on models of the tests' own.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Parity.Learners;

/// <summary>A learner with a start and tasks.</summary>
public abstract record LearnerCase(string Name)
{
    private static readonly Key Seed = Key.From(3);

    private static readonly Bumps Line = Bumps.Create(Seed);
    private static readonly TinyNet Net = TinyNet.Create(Seed, ways: 3);

    private static readonly Objective<Bumps> Regression =
        new((model, x) => model.Forward(x), Loss.Mse, BatchNormMode.None);

    private static readonly Objective<TinyNet> Classification = new(
        (model, x) => model.Forward(x), (logits, labels) => Loss.CrossEntropy(logits, labels),
        BatchNormMode.Transductive);

    public static IReadOnlyList<LearnerCase> All { get; } = [.. Regressors(), .. Classifiers()];

    public static LearnerCase Of(string name) => All.Single(c => c.Name == name);

    /// <summary>Whether the learner can compute its inner steps again to save memory.</summary>
    public bool Recomputes { get; init; } = true;

    private static IEnumerable<LearnerCase> Regressors()
    {
        static LearnerCase Of<P>(
            string name, Func<bool, Method<P>> method, P start, double rate = 0.01)
            where P : ITree => new LearnerCase<P>(
                name, method, start, Tasks.Sinusoids, Loss.Mse, Lower: true, rate);

        yield return Of("anil", remat => new Anil<Bumps, Linear>(
            (model, x) => model.Features(x), model => model.Head,
            new((head, x) => head.Forward(x), Loss.Mse, BatchNormMode.None), 2, 0.1,
            Remat: remat).Method, Line);
        yield return Of("anil-by-path", remat => (
            Anil.Of(Line, Regression, "Head", 2, 0.1) with { Remat = remat }).Method, Line);
        yield return Of("boil", remat => (
            Boil.Of(Line, Regression, "Head", 2, 0.1) with { Remat = remat }).Method, Line);

        MetaSgd<Bumps> metaSgd = new(Regression, 2);
        yield return Of("meta-sgd", remat => (metaSgd with { Remat = remat }).Method,
            metaSgd.Begin(Line, 0.05));
        yield return Of("anil-meta-sgd", remat => new MetaSgd<Linear>(
            new((head, x) => head.Forward(x), Loss.Mse, BatchNormMode.None), 2, Remat: remat)
            .Method.OnFeatures(
                (BodyWithRates p) => new Rated<Linear>(p.Model.Head, p.Rates),
                (p, x) => p.Model.Features(x)),
            new BodyWithRates(Line, Line.Head.Map((Tensor w) => Optim.ZerosLike(w) + 0.05)));

        yield return Of("cavia", remat => new Cavia<Linear>(
            (model, x, context) => model.Forward(Cavia.AsInputs(x, context).Tanh()), Loss.Mse, 3,
            2, 0.5, Remat: remat).Method, Linear.Create(Seed, 4, 1));

        TunedInner<Bumps, Tensor, OptimizerState> adam = new(
            Regression, rate => Inner.By<Bumps>(Optim.Adam(_ => rate, epsilon: 1e-2)), 3);
        yield return Of("tuned-adam", remat => (adam with { Remat = remat }).Method,
            adam.Begin(Line, Tensor.Scalar(0.05f)));
        var momentum = TunedInner.Rates(Regression, Optim.Sgd(1, momentum: 0.5), 3);
        yield return Of("tuned-rates", remat => (momentum with { Remat = remat }).Method,
            momentum.Begin(Line, TunedInner.ByLeaf(Line, 0.05)));

        LearnedLoss<Bumps> loss = new(Regression, 2, 0.5, OfClasses: false);
        yield return Of("learned-loss", remat => (loss with { Remat = remat }).Method,
            loss.Begin(Line, Seed, hidden: 8));
        yield return Of("learned-loss-alone",
            remat => (loss with { Remat = remat, LearnStart = false }).Method,
            loss.Begin(Line, Seed, hidden: 8));

        R2D2<Bumps> ridge = new(
            (model, x) => model.Features(x), task => task.SupportY, Loss.Mse, BatchNormMode.None);
        yield return Of("ridge", _ => ridge.Method, ridge.Begin(Line)) with
        {
            Recomputes = false,
        };
    }

    private static IEnumerable<LearnerCase> Classifiers()
    {
        static LearnerCase Of<P>(
            string name, Func<bool, Method<P>> method, P start, double rate = 0.02)
            where P : ITree => new LearnerCase<P>(
                name, method, start, Tasks.OfImages, Loss.Accuracy, Lower: false, rate);

        yield return Of("anil-images", remat => (
            Anil.Of(Classification, 2, 0.5) with { Remat = remat }).Method, Net);
        yield return Of("cavia-images", remat => (
            Cavia.Images<TinyNet>(3, 2) with { Remat = remat }).Method,
            Film<TinyNet>.Create(Seed, Net, 3, layer: 0));

        LearnedLoss<TinyNet> critic = new(
            Classification, 2, 0.5, OfClasses: true, AddRealLoss: true);
        yield return Of("critic", remat => (critic with { Remat = remat }).Method,
            critic.Begin(Net, Seed, critic: true, hidden: 8));

        yield return Of(
            "r2d2", _ => R2D2.Images<TinyNet>().Method, R2D2.Images<TinyNet>().Begin(Net)) with
        {
            Recomputes = false,
        };
        yield return Of(
            "lrd2", _ => LrD2.Images<TinyNet>().Method, LrD2.Images<TinyNet>().Begin(Net)) with
        {
            Recomputes = false,
        };

        MetaTransfer<TinyNet, Linear> transfer = MetaTransfer.Images<TinyNet>(3, 0.5);
        yield return Of("meta-transfer", remat => (transfer with { Remat = remat }).Method,
            transfer.Begin(Net, MetaTransfer.Head(Seed, Net, 3)));
    }

    public abstract GradCheckResult CheckGradient();

    public abstract double Distance(bool remat);

    public abstract (Evaluation Before, Evaluation After) Train(int steps);

    public abstract bool Improves(Evaluation before, Evaluation after);

    public abstract (IReadOnlyList<byte[]> Whole, IReadOnlyList<byte[]> Resumed) Resume();
}

/// <summary>A body, and the rates of its head.</summary>
public sealed partial record BodyWithRates(Bumps Model, Linear Rates) : ITree;

/// <param name="Name">What the tests call it.</param>
/// <param name="Method">The learner's method, with or without recomputed steps.</param>
/// <param name="Start">What training starts from.</param>
/// <param name="Draw">Tasks first .. first + count - 1.</param>
/// <param name="Score">Of predictions and targets.</param>
/// <param name="Lower">Whether lower scores are better.</param>
/// <param name="Rate">Of the outer optimiser, Adam.</param>
public sealed record LearnerCase<P>(
    string Name, Func<bool, Method<P>> Method, P Start, Func<long, int, Episode> Draw,
    Func<Tensor, Tensor, Tensor> Score, bool Lower, double Rate) : LearnerCase(Name)
    where P : ITree
{
    /// <summary>Leaves that the method keeps as they are stay where they are here too.</summary>
    public override GradCheckResult CheckGradient()
    {
        Method<P> method = Method(false);
        P start = Start.Map(Double);
        IReadOnlyList<string> paths = start.Paths();
        IReadOnlyList<Tensor> fixedLeaves = start.Leaves();
        Episode tasks = Tasks.InDouble(Draw(0, 2));
        return GradCheck.Run(
            (P p) => method.MetaLoss(p.WithLeaves([.. p.Leaves().Select((leaf, i) =>
                method.State?.Invoke(paths[i]) == true ? fixedLeaves[i] : leaf)]), tasks),
            start);
    }

    /// <summary>How far the meta-gradient with recomputed steps is from that without.</summary>
    public override double Distance(bool remat)
    {
        Episode tasks = Tasks.InDouble(Draw(0, 2));
        P start = Start.Map(Double);
        P a = Method(false).Step(start, tasks).Gradient;
        P b = Method(remat).Step(start, tasks).Gradient;
        return a.Leaves().Zip(b.Leaves()).Where(pair => !pair.First.IsSymbolicZero)
            .Max(pair => (pair.First - pair.Second).Abs().Max().Item());
    }

    public override (Evaluation Before, Evaluation After) Train(int steps)
    {
        MetaTraining<P> training = Training();
        TrainingState<P> state = training.Start(Start);
        for (int n = 0; n < steps; n++) (state, _) = training.Step(state);
        return (Test(Start), Test(state.Model));
    }

    public override bool Improves(Evaluation before, Evaluation after) => Lower
        ? after.Final < 0.95 * before.Final : after.Final > before.Final + 0.02;

    public override (IReadOnlyList<byte[]> Whole, IReadOnlyList<byte[]> Resumed) Resume()
    {
        MetaTraining<P> training = Training(), again = Training();
        var (whole, _) = training.Step(training.Start(Start));
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Checkpoint.Save(path, whole);
        TrainingState<P> resumed = Checkpoint.Load(path, again.Start(Start));
        File.Delete(path);
        for (int n = 0; n < 2; n++)
        {
            (whole, _) = training.Step(whole);
            (resumed, _) = again.Step(resumed);
        }
        return (Raw(whole), Raw(resumed));
    }

    private MetaTraining<P> Training() =>
        new(Method(false), Optim.Adam(Rate), Draw, metaBatch: 4);

    private Evaluation Test(P p) => Evaluation.Run(
        Method(false), p, (first, count) => Draw(1_000_000 + first, count), 100, [0, 1, 3],
        Score);

    private static Tensor Double(Tensor leaf) =>
        leaf.DType.IsFloat() ? leaf.Cast(DType.Float64) : leaf;

    private static ImmutableArray<byte[]> Raw(TrainingState<P> state) =>
        [.. state.Leaves().Select(leaf => leaf.ToRaw())];
}
