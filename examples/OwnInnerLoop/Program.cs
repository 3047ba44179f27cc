// A model and an inner loop of your own: a network that adapts its features by signs of gradients,
// with a learned step for each layer. The harness checks that the meta-gradient is exact.
//   dotnet run -c Release --project examples/OwnInnerLoop [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
var family = new SinusoidTasks(shots: 10, queries: 10);
Episode Draw(long first, int count) => Episode.From(family.Sample(seed: 0, first, count));

Wave wave = Wave.Create(Key.From(0), units: 40);
var start = new Learned(wave, wave.Map((Tensor w) => Tensor.Scalar(0.01f)));
var objective = new Objective<Wave>((m, x) => m.Forward(x), Loss.Mse, BatchNormMode.None);

// The step is smooth where the sign would jump, so that it has a derivative.
IEnumerable<Wave> Trajectory(Learned p, Episode task, int steps) => Inner.Trajectory(
    p.Start, (w, _) => objective.Support(w, task),
    Inner.Stateless<Wave>((w, g) => w.Zip(g, p.Rates, (a, b, rate) => a - rate * (10 * b).Tanh())),
    steps);

var method = new Method<Learned>(
    TaskLoss: (p, task, _) => objective.Query(Trajectory(p, task, 3).Last(), task),
    Predictions: (p, task, steps) => Trajectory(p, task, steps[^1])
        .After(steps, w => objective.Forward(w, task.QueryX)),
    Claim.Exact, BatchNormMode.None);
Console.WriteLine(OrderCheck.Measure(method, start, Draw(0, 1).Task(0)));

var training = new MetaTraining<Learned>(method, Optim.Adam(1e-3), Draw, metaBatch: 25);
TrainingState<Learned> state = training.Start(start);
for (int step = 0; step < (shortRun ? 100 : 5_000); step++) (state, _) = training.Step(state);
Evaluation test = Evaluation.Run(
    method, state.Model, (first, count) => Draw(1_000_000 + first, count), tasks: 600, [0, 1, 3],
    Loss.Mse);
Console.WriteLine($"mean squared error after 0, 1, 3 steps: "
    + string.Join(", ", test.Mean.Select(m => $"{m:F3}")));

/// <summary>A wave by random features of sine, whose frequencies are learned too.</summary>
internal sealed partial record Wave(Linear Features, Linear Output) : ITree
{
    public static Wave Create(Key key, int units)
    {
        Key[] keys = key.Split();
        return new(Linear.Create(keys[0], 1, units), Linear.Create(keys[1], units, 1));
    }

    public Tensor Forward(Tensor x) => Output.Forward(Features.Forward(x).Sin());
}

/// <summary>A start and a step for each of its leaves.</summary>
internal sealed partial record Learned(Wave Start, Wave Rates) : ITree;
