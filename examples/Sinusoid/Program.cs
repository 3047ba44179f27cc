// Sinusoids by exact MAML (Finn et al., 2017, section 5.1): a network that fits a new sine wave
// from ten points and one gradient step. Prints a plot: the wave, the start, and one step.
//   dotnet run -c Release --project examples/Sinusoid [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
var family = new SinusoidTasks(shots: 10, queries: 10);
Episode Draw(long seed, long first, int count) => Episode.From(family.Sample(seed, first, count));

Mlp start = Mlp.Create(Key.From(0), [1, 40, 40, 1]);
var maml = new Maml<Mlp>(Objective.Regression, InnerSteps: 1, InnerRate: 0.01);
Console.WriteLine(OrderCheck.Measure(maml.Method, start, Draw(0, 0, 1).Task(0)));

var training = new MetaTraining<Mlp>(
    maml.Method, Optim.Adam(1e-3), (first, count) => Draw(0, first, count), metaBatch: 25);
TrainingState<Mlp> state = training.Start(start);
for (int step = 0; step < (shortRun ? 200 : 15_000); step++) (state, _) = training.Step(state);

Evaluation test = Evaluation.Run(
    maml.Method, state.Model, (first, count) => Draw(1, first, count), tasks: 600, [0, 1, 5, 10],
    Loss.Mse);
for (int i = 0; i < test.Steps.Count; i++)
    Console.WriteLine($"after {test.Steps[i],2} steps: mean squared error {test.Mean[i]:F3} "
        + $"+- {test.Interval95[i]:F3}");

// One wave of the test, on a grid of points.
RegressionArrays wave = family.Sample(seed: 1, first: 3, tasks: 1);
Episode task = Episode.From(wave).Task(0);
Mlp adapted = maml.Adapt(state.Model, task.SupportX, task.SupportY);
float[] x = [.. Enumerable.Range(0, 72).Select(i => -5 + 10 * i / 71f)];
float[] Curve(Mlp m) => m.Forward(Tensor.From(x, [x.Length, 1])).ToArray<float>();
Plot(
    ('.', [.. x.Select(v => (float)(wave.Amplitudes[0] * Math.Sin(v - wave.Phases[0])))]),
    ('-', Curve(state.Model)), ('*', Curve(adapted)));
Console.WriteLine(". the wave   - before   * after one step");

static void Plot(params (char Mark, float[] Values)[] curves)
{
    const int rows = 19;
    float top = curves.SelectMany(c => c.Values).Max(Math.Abs) + 1e-6f;
    char[][] screen = [.. Enumerable.Range(0, rows).Select(_ =>
        new string(' ', curves[0].Values.Length).ToCharArray())];
    foreach (var (mark, values) in curves)
        for (int i = 0; i < values.Length; i++)
            screen[(int)((1 - values[i] / top) / 2 * (rows - 1) + 0.5)][i] = mark;
    foreach (char[] row in screen) Console.WriteLine(new string(row));
}
