// Weights of training samples as hyperparameters: four in ten labels of handwritten digits are
// wrong, and a few clean ones say, by hypergradients, which samples to trust (Ren et al., 2018,
// pose the problem; here the derivative is that of the minimum).
//   dotnet run -c Release --project examples/NoisyLabels [-- --short]
using Engine;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

bool shortRun = args.Contains("--short");
var (trainX, clean) = Digits(first: 0, perClass: shortRun ? 10 : 60);
var (validX, validY) = Digits(first: 60, perClass: 20);
var (testX, testY) = Digits(first: 80, perClass: 100);
int n = trainX.Shape[0];
Tensor wrong = Key.From(0).Uniform([n]) < 0.4;
Tensor other = clean + 1 + Key.From(1).Integers([n], 0, 9); // modulo 10 it is another digit
Tensor trainY =
    Tensor.Where(wrong, Tensor.Where(other >= 10, other - 10, other), clean).Eval();

var start = new Linear(Tensor.Zeros([10, 784]).Eval(), Tensor.Zeros(10).Eval());
Tensor Losses(Linear m) => -(m.Forward(trainX).LogSoftmax() * trainY.OneHot(10)).Sum(1);

// Trained on the weighted samples, with a small penalty that makes the minimum unique.
var step = Hypergradient.Of(
    inner: (Linear m, Tensor trust) =>
        (trust.Sigmoid() * Losses(m)).Mean() + 0.01 * m.Weight.Square().Sum(),
    outer: (Linear m, Tensor _) => Loss.CrossEntropy(m.Forward(validX), validY),
    _ => Optim.Sgd(0.2), steps: 100, new Through.ConjugateGradient());

Tensor trust = Tensor.Zeros([n]).Eval();
Optimizer adam = Optim.Adam(0.3);
OptimizerState state = adam.Init(trust);
HyperStep<Linear, Tensor> first = step(start, trust), last = first;
for (int i = 0; i < (shortRun ? 3 : 40); i++)
{
    last = step(start, trust);
    (trust, state) = adam.Step(trust, last.Gradient, state);
}

double Accuracy(Linear m) => 100 * Loss.Accuracy(m.Forward(testX), testY).Item();
double Mean(Tensor of) => ((trust.Sigmoid() * of.Cast(DType.Float32)).Sum()
    / of.Cast(DType.Float32).Sum()).Item();
Console.WriteLine($"test accuracy with all samples alike: {Accuracy(first.Weights):F1} %");
Console.WriteLine($"with learned weights:                 {Accuracy(last.Weights):F1} %");
Console.WriteLine($"mean weight of right labels {Mean(!wrong):F2}, of wrong ones {Mean(wrong):F2}");

static (Tensor X, Tensor Y) Digits(int first, int perClass)
{
    ImageClasses mnist = EmbeddedData.Mnist;
    var pixels = new float[10 * perClass * 784];
    for (int i = 0; i < 10 * perClass; i++)
        mnist.CopyImage(
            mnist.Classes[i / perClass].Images[first + i % perClass], pixels.AsSpan(i * 784, 784));
    long[] labels = [.. Enumerable.Range(0, 10 * perClass).Select(i => (long)(i / perClass))];
    return (Tensor.From(pixels, [10 * perClass, 784]), Tensor.From(labels));
}
