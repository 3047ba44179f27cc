// A weight decay for each group of a classifier's weights, found by hypergradients on validation
// data instead of by a grid, which grows with the power of the groups. Digits are embedded by
// their pixels, by random convolutions, and by numbers that have nothing to do with them.
//   dotnet run -c Release --project examples/WeightDecay [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
string[] names = ["pixels", "convolutions", "noise"];
Conv2d convolution = Conv2d.Create(Key.From(1), 1, 4, 5, padding: 2);
var (trainX, trainY) = Digits(first: 0, perClass: 10);
var (validX, validY) = Digits(first: 10, perClass: 20);
var (testX, testY) = Digits(first: 80, perClass: shortRun ? 10 : 100);
int[] widths = [784, 4 * 14 * 14, 784];

// The decay of each column of the weights: that of its group.
Tensor Columns(Tensor logs) => Tensor.Concat(
    [.. widths.Select((width, group) => logs[group].Exp().BroadcastTo([width]))]);

var step = Hypergradient.Of(
    inner: (Linear m, Tensor logs) => Loss.CrossEntropy(m.Forward(trainX), trainY)
        + (Columns(logs) * m.Weight.Square()).Sum(),
    outer: (Linear m, Tensor _) => Loss.CrossEntropy(m.Forward(validX), validY),
    _ => Optim.Sgd(0.02, momentum: 0.9), steps: 200, new Through.ConjugateGradient());

var start = new Linear(Tensor.Zeros([10, widths.Sum()]).Eval(), Tensor.Zeros(10).Eval());
Tensor logs = Tensor.Full([names.Length], Math.Log(1e-3)).Eval();
Optimizer adam = Optim.Adam(0.2);
OptimizerState state = adam.Init(logs);
HyperStep<Linear, Tensor> first = step(start, logs), last = first;
for (int i = 0; i < (shortRun ? 3 : 60); i++)
{
    (logs, state) = adam.Step(logs, last.Gradient, state);
    last = step(last.Weights, logs); // what was trained is close to the new minimum
}

double Accuracy(Linear m) => 100 * Loss.Accuracy(m.Forward(testX), testY).Item();
Console.WriteLine($"test accuracy, decay 0.001 for all: {Accuracy(first.Weights):F1} %");
Console.WriteLine($"with a learned decay for each group: {Accuracy(last.Weights):F1} %");
foreach (var (name, log) in names.Zip(logs.ToArray<float>()))
    Console.WriteLine($"  {name}: {Math.Exp(log):G2}");

(Tensor X, Tensor Y) Digits(int first, int perClass)
{
    long[] labels = [.. Enumerable.Range(0, 10 * perClass).Select(i => (long)(i / perClass))];
    var pixels = new float[labels.Length * 784];
    for (int i = 0; i < labels.Length; i++)
        EmbeddedData.Mnist.CopyImage(
            EmbeddedData.Mnist.Classes[(int)labels[i]].Images[first + i % perClass],
            pixels.AsSpan(i * 784, 784));
    Tensor x = Tensor.From(pixels, [labels.Length, 1, 28, 28]);
    Tensor maps = convolution.Forward(x).Relu().MaxPool2d(2);
    Tensor noise = Key.From(first).Normal([labels.Length, 784]);
    return (Tensor.Concat([x.Flatten(1), maps.Flatten(1), noise], 1).Eval(), Tensor.From(labels));
}
