// What must be as fast after a minute as at first: the training steps, and of each family of
// kernels one or two, from the table beside the peer or, where it has none, from here.
namespace Engine.Benchmarks;

/// <summary>Its name, and how to prepare a call.</summary>
internal sealed record SteadyCase(string Name, Func<Action> Prepare);

internal static class SteadyCases
{
    private const int Million = 1_000_000;

    public static IReadOnlyList<SteadyCase> All { get; } =
    [
        .. Cases.All.Select(c => new SteadyCase(c.Name, () => c.Prepare(new Scale()).Step)),
        .. ((string[])
        [
            "matrix product 64", "matrix product 512",
            "convolution N5 C64 14x14 K64, forward",
            "convolution N5 C64 14x14 K64, data gradient, backend",
            "convolution N5 C64 14x14 K64, weight gradient",
            "convolution N75 C3 84x84 K32, forward",
            "convolution N75 C3 84x84 K32, weight gradient",
            KernelCases.Chain.Name, KernelCases.Tanh.Name, KernelCases.MaxPool.Name,
            KernelCases.MaxPoolBackward.Name, KernelCases.BatchNorm.Name,
            KernelCases.CrossEntropy.Name, LayerKernels.Softmax.Name, LayerKernels.Lstm.Name,
            LayerKernels.Attention.Name, LayerKernels.GeluMlp.Name, KernelCases.AddAlone.Name,
        ]).Select(name => new SteadyCase(name, KernelTable.Find(name).Prepare)),
        // Rows of eight elements call their loop once each, more often than anything else does.
        Of("sigmoid of 8 columns of 250000x16", x => x[.., ..8].Sigmoid(), 250_000, 16),
        new("normal numbers, 1e6", () =>
        {
            var normal = Compile.Of((Key key) => key.Normal([Million]));
            var random = Key.From(1);
            return () => normal(random);
        }),
        Of("copy of 2000x1000, transposed", x => Tensor.Concat([x.Transpose()], 0), 2000, 1000),
        new("rows of 50000x64, 1e5 of them, and their gradient", () =>
        {
            Tensor table = KernelCases.Normal(50_000, 64), g = KernelCases.Normal(100_000, 64);
            Tensor rows = Integers(50_000, 100_000);
            var both = Compile.Of((Tensor t, Tensor i, Tensor c) =>
            {
                var (y, pullback) = Vjp.Of((Tensor all) => all.Take(i))(t);
                return (y, pullback(c));
            });
            return () => both(table, rows, g);
        }),
        Of("sum of each row of 4000x1000", x => x.Sum(1), 4000, 1000),
        Of("sum of each column of 4000x1000", x => x.Sum(0), 4000, 1000),
        new("where(i < j, i, 2 * j), int32, on 1e6", () =>
        {
            Tensor i = Integers(1000, Million).Cast(DType.Int32).Eval();
            Tensor j = i.Flip(0).Eval();
            var choose = Compile.Of((Tensor a, Tensor b) => Tensor.Where(a < b, a, 2 * b));
            return () => choose(i, j);
        }),
        Of("arg-max of each row of 4000x1000", x => x.ArgMax(1), 4000, 1000),
        Of("sort of each row of 1000x100", x => x.Sort(1), 1000, 100),
    ];

    public static SteadyCase Find(string name) => All.First(c => c.Name == name);

    /// <summary>Those whose name contains a text.</summary>
    public static SteadyCase[] Containing(string text) =>
        [.. All.Where(c => c.Name.Contains(text, StringComparison.OrdinalIgnoreCase))];

    private static SteadyCase Of(string name, Func<Tensor, Tensor> f, params int[] shape) =>
        new(name, () =>
        {
            Tensor x = KernelCases.Normal(shape);
            var compiled = Compile.Of(f);
            return () => compiled(x);
        });

    /// <summary>Random numbers from zero to below a bound, int64.</summary>
    private static Tensor Integers(int below, int count) =>
        (Key.From(2).Uniform([count]) * below).Cast(DType.Int64).Eval();
}
