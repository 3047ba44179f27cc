// A learned optimiser on time series: Meta-LSTM (Ravi and Larochelle, 2017) learns how to train a
// small LSTM forecaster on a dozen months of one series, and is tested on series it never saw.
//   dotnet run -c Release --project examples/SeriesOptimiser [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
SeriesSplit split = SeriesSplit.BySeries(EmbeddedData.UsJobs, seed: 0);
var form = new SeriesForm(Window: 6, Support: 12, Queries: 6);
Func<long, int, Episode> Draw(SeriesSet series, long seed)
{
    var tasks = new SeriesTasks(series, form);
    return (first, count) => Episode.From(tasks.Sample(seed, first, count));
}

LstmForecaster start = LstmForecaster.Create(Key.From(0), hidden: 12);
var learner = new MetaLstm<LstmForecaster>(Objective.Forecast(), InnerSteps: 5);
LstmOptimizer<LstmForecaster> optimiser = learner.Create(Key.From(1), start);

// The scale of a task makes its mean absolute error a MASE: 1 is as good as repeating the last
// value.
void Show<P>(string name, Method<P> method, P parameters) where P : ITree
{
    Evaluation test = Evaluation.Run(
        method, parameters, Draw(split.Test, seed: 1), tasks: shortRun ? 20 : 400, [0, 5],
        (forecast, values) => Loss.Mae(forecast, values));
    Console.WriteLine($"{name}: MASE {test.Final:F3} +- {test.Interval95[^1]:F3}, median "
        + $"{test.Median[^1]:F3}");
}

TrainingState<P> Train<P>(Method<P> method, P parameters, int steps) where P : ITree
{
    var training = new MetaTraining<P>(
        method, Optim.Adam(3e-3), Draw(split.Train, seed: 0), metaBatch: 8, clipNorm: 1);
    TrainingState<P> state = training.Start(parameters);
    for (int i = 0; i < (shortRun ? 3 : steps); i++) (state, _) = training.Step(state);
    return state;
}

Show("gradient descent from a random start",
    new Maml<LstmForecaster>(Objective.Forecast(), InnerSteps: 5, InnerRate: 0.1).Method, start);
Show("Meta-LSTM untrained", learner.Method, optimiser);
Show("Meta-LSTM", learner.Method, Train(learner.Method, optimiser, steps: 1000).Model);
