// Characters of scripts never seen, told apart after one picture of each: prototypical networks
// and exact MAML with the same small network, on the embedded glyphs.
//   dotnet run -c Release --project examples/FewShotGlyphs [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
ClassSplit split = ClassSplit.ByScript();
Func<long, int, Episode> Tasks(ImageClasses classes, int ways, long seed)
{
    var sampler = new EpisodeSampler(classes, ways, shots: 1, queries: 5);
    return (first, count) => Episode.From(sampler.Sample(seed, first, count));
}

Conv4 start = Conv4.Create(Key.From(0), channels: 1, size: 28, filters: 32, ways: 5);

var maml = new Maml<Conv4>(Objective.Conv4, InnerSteps: 1, InnerRate: 0.4);
Show("MAML", maml.Method, start, ways: 5, metaBatch: 8, steps: shortRun ? 2 : 500);

// A metric learner has no head, so it may train on more classes at a time than it is tested on.
var proto = new ProtoNet<Conv4>(Features.Of<Conv4>());
Show("ProtoNet", proto.Method, proto.Begin(start), ways: 20, metaBatch: 1,
    steps: shortRun ? 2 : 1000);

void Show<P>(string name, Method<P> method, P parameters, int ways, int metaBatch, int steps)
    where P : ITree
{
    Func<long, int, Episode> train = Tasks(split.Train, ways, seed: 0);
    Console.WriteLine($"{name}: {OrderCheck.Measure(method, parameters, train(0, 1).Task(0))}");
    var training = new MetaTraining<P>(method, Optim.Adam(2e-3), train, metaBatch);
    TrainingState<P> state = training.Start(parameters);
    for (int i = 0; i < steps; i++) (state, _) = training.Step(state);
    Evaluation test = Evaluation.Run(
        method, state.Model, Tasks(split.Test, ways: 5, seed: 1), tasks: shortRun ? 20 : 600, [3],
        Loss.Accuracy);
    Console.WriteLine($"{name}: {100 * test.Final:F1} +- {100 * test.Interval95[^1]:F1} % of "
        + $"{test.Tasks} tasks, {test.BatchNorm} statistics");
}
