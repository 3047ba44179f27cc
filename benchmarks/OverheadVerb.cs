// What the engine itself costs, apart from arithmetic: building a node, tracing and planning a
// step, and what transforms add.
using System.Diagnostics;
using Engine.Nn;
using static System.FormattableString;

namespace Engine.Benchmarks;

/// <summary>What --json writes for a figure.</summary>
internal sealed record OverheadRow(string Case, double Value, string Unit);

internal static class OverheadVerb
{
    private static readonly Lazy<(double Memory, double Time)> Remats = new(RematRatios);

    private static readonly (string Name, string Unit, Func<double> Measure)[] Figures =
    [
        ("building one node", "ns", NodeNanoseconds),
        ("x + y on 10 elements, evaluated alone", "us", AloneMicroseconds),
        .. ((string[])["sinusoid-1", "omniglot5-1", "omniglot5-5"]).Select(name =>
            ($"tracing and planning {name}", "ms",
                (Func<double>)(() => PlanMilliseconds(name, new())))),
        ("tracing and planning omniglot5-5, all tasks together", "ms",
            () => PlanMilliseconds("omniglot5-5", new(Chunk: int.MaxValue))),
        ("Hessian.Product over a gradient, MLP 784-256-256-10", "x", ProductRatio),
        ("Remat around 20 inner steps: memory over one step's", "x", () => Remats.Value.Memory),
        ("Remat around 20 inner steps: time over without", "x", () => Remats.Value.Time),
    ];

    /// <summary>Whether a figure's name contains a text.</summary>
    public static bool Has(string text) => Figures.Any(f => Contains(f.Name, text));

    public static void Run(string filter, FileInfo? json)
    {
        var rows = new List<OverheadRow>();
        foreach (var (name, unit, measure) in Figures.Where(f => Contains(f.Name, filter)))
        {
            rows.Add(new(name, measure(), unit));
            Console.WriteLine(Invariant($"{name,-58}{rows[^1].Value,10:F2} {unit}"));
            Json.Write(json, rows);
        }
    }

    private static bool Contains(string name, string text) =>
        name.Contains(text, StringComparison.OrdinalIgnoreCase);

    private static double NodeNanoseconds()
    {
        Tensor x = Tensor.From([1f, 2f]), y = x;
        return Best(20, () =>
        {
            y = x;
            for (int i = 0; i < 10_000; i++) y = y + x;
        }) * 1e9 / 10_000;
    }

    private static double AloneMicroseconds()
    {
        Tensor x = Tensor.Arange(10, DType.Float32).Eval(), y = Tensor.Arange(10, DType.Float32);
        y.Eval();
        return Best(20, () =>
        {
            for (int i = 0; i < 10_000; i++) (x + y).Eval();
        }) * 1e6 / 10_000;
    }

    /// <summary>
    /// The best of many newly compiled steps: what they share is compiled to machine code by then.
    /// </summary>
    private static double PlanMilliseconds(string name, Scale scale)
    {
        var times = new List<double>();
        for (int i = 0; i < 24; i++)
        {
            Prepared prepared = Cases.Find(name).Prepare(scale);
            prepared.Step();
            times.Add(Compile.Explain(prepared.Compiled).Traces[0].Time.TotalMilliseconds);
        }
        return times.Min();
    }

    private static double ProductRatio()
    {
        Mlp model = Mlp.Create(Key.From(0), [784, 256, 256, 10], Activation.Tanh);
        Mlp direction = Mlp.Create(Key.From(1), [784, 256, 256, 10], Activation.Tanh);
        Tensor x = Key.From(2).Normal([128, 784]).Eval();
        Tensor y = (Key.From(3).Uniform([128]) * 10).Cast(DType.Int64).Eval();
        Tensor LossOf(Mlp m) => Loss.CrossEntropy(m.Forward(x), y);
        var gradient = Compile.Of(Grad.Of((Mlp m) => LossOf(m)));
        var product = Compile.Of(Hessian.Product((Mlp m) => LossOf(m)));
        gradient(model);
        product(model, direction);
        return Best(30, () => product(model, direction)) / Best(30, () => gradient(model));
    }

    /// <summary>Exact MAML through 20 steps of a Conv4-32 on 25 images.</summary>
    private static (double Memory, double Time) RematRatios()
    {
        Conv4 model = Conv4.Create(Key.From(0), 1, 28, 32, 5);
        Tensor x = Key.From(1).Normal([25, 1, 28, 28]).Eval();
        Tensor y = (Key.From(2).Uniform([25]) * 5).Cast(DType.Int64).Eval();
        Tensor LossOf(Conv4 m) => Loss.CrossEntropy(m.Forward(x), y);
        Conv4 Adapt(Conv4 m) =>
            m.Zip(Grad.Of((Conv4 p) => LossOf(p))(m), (w, g) => w - 0.1 * g);
        Func<Conv4, Conv4> Gradient(Func<Conv4, Conv4> adapt, int steps) =>
            Compile.Of(Grad.Of((Conv4 m) =>
            {
                for (int i = 0; i < steps; i++) m = adapt(m);
                return LossOf(m);
            }));
        var one = Gradient(Adapt, 1);
        var plain = Gradient(Adapt, 20);
        var remat = Gradient(Remat.Of((Conv4 m) => Adapt(m)), 20);
        foreach (var f in (Func<Conv4, Conv4>[])[one, plain, remat]) f(model);
        double Bytes(Func<Conv4, Conv4> f) => Compile.Explain(f).Traces[0].PeakBytes;
        return (Bytes(remat) / Bytes(one),
            Best(5, () => remat(model)) / Best(5, () => plain(model)));
    }

    private static double Best(int times, Action action) =>
        Enumerable.Range(0, times).Min(_ => Time(action));

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
