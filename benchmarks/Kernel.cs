// The kernels that are timed: those of the peer's scripts, through the public API as a user would
// call them, and products and convolutions once more straight on the backend.
using System.Globalization;

namespace Engine.Benchmarks;

/// <summary>
/// A kernel: what a call computes and moves, in floating-point operations and bytes (each operand
/// once), how to prepare the call, and how many times the work is done in one. Peers are the peer's
/// rows of the same work, one for each of its styles; a + b is the time of both.
/// </summary>
internal sealed record Kernel(
    string Name, double Operations, double Bytes, Func<Action> Prepare, params string[] Peers)
{
    public int Times { get; init; } = 1;

    /// <summary>Milliseconds to reach, as the design has it for its reference machine.</summary>
    public double? GoalMs { get; init; }
}

/// <summary>
/// Kernels that are measured together: ours in one process, then the peer's whose names contain a
/// word, in another.
/// </summary>
internal sealed record KernelGroup(string PeerWord, params Kernel[] Kernels)
{
    /// <summary>The script of the peer's kernels.</summary>
    public string Script { get; init; } = "peer_kernels.py";
}

internal static class KernelTable
{
    /// <summary>How many small products are one call.</summary>
    private const int Products = 100;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    public static IReadOnlyList<KernelGroup> Groups { get; } =
    [
        new("sgemm_", [.. Sizes(8, 16, 32, 64, 256, 512, 1024, 2048).SelectMany(MatrixProducts)]),
        Convolutions("N32_C64_28_K64", new(32, 64, 28, 64), 6, 12),
        Convolutions("N5_C64_14_K64", new(5, 64, 14, 64), 0.32, 0.66),
        Convolutions("N75_C32_84_K32", new(75, 32, 84, 32), 36, 75),
        Convolutions("N75_C3_84_K32", new(75, 3, 84, 32), 10, null, 12.5),
        .. LeNetLayers(64),
        .. LeNetLayers(128),
        new("_1e7_", KernelCases.Chain, KernelCases.Tanh),
        new("maxpool2", KernelCases.MaxPool, KernelCases.MaxPoolBackward, KernelCases.MaxPoolBoth),
        new("batchnorm", KernelCases.BatchNorm),
        new("softmax_xent", KernelCases.CrossEntropy),
        Layer("lstm_cell", LayerKernels.Lstm),
        Layer("attention", LayerKernels.Attention),
        Layer("gelu_mlp", LayerKernels.GeluMlp),
        Layer("softmax", LayerKernels.Softmax),
        new("overhead_add10", KernelCases.AddAlone, KernelCases.AddInPlan),
    ];

    /// <summary>OpenBLAS's own products, which are peers; none where it is not installed.</summary>
    public static IReadOnlyList<Kernel> OpenBlasProducts { get; } =
    [
        .. Sizes(8, 16, 32, 64).Where(_ => OpenBlas.Exists).Select(n => new Kernel(
            PeerProduct(n), 2.0 * n * n * n, 12.0 * n * n, () => OpenBlas.Product(n, Products))
        { Times = Products }),
    ];

    /// <summary>The kernels whose name contains a text, in groups that are not empty.</summary>
    public static KernelGroup[] Containing(string text) =>
    [
        .. Groups.Select(g => g with
            {
                Kernels = [.. g.Kernels.Where(k =>
                    k.Name.Contains(text, StringComparison.OrdinalIgnoreCase))],
            })
            .Where(g => g.Kernels.Length > 0),
    ];

    public static Kernel Find(string name) => Groups.SelectMany(g => g.Kernels)
        .Concat(OpenBlasProducts).First(k => k.Name == name);

    private static int[] Sizes(params int[] sizes) => sizes;

    private static string PeerProduct(int n) => "openblas_" + n.ToString(Invariant);

    private static KernelGroup Layer(string peerWord, Kernel kernel) =>
        new(peerWord, kernel) { Script = "peer_layers.py" };

    private static Kernel[] MatrixProducts(int n)
    {
        double operations = 2.0 * n * n * n, bytes = 12.0 * n * n;
        string torch = "sgemm_" + n.ToString(Invariant);
        string[] peers = n < 64 ? [PeerProduct(n)] : n == 64 ? [PeerProduct(n), torch] : [torch];
        // The goal is a rate; below 64 it is one over OpenBLAS's.
        double? goal = n < 256 ? null : operations / 100e6;
        return
        [
            new($"matrix product {n}", operations, bytes, () =>
            {
                Tensor a = KernelCases.Normal(n, n), b = KernelCases.Normal(n, n);
                var product = Compile.Of((Tensor x, Tensor y) => x.MatMul(y));
                return () => product(a, b);
            }, peers) { GoalMs = goal },
            new($"matrix product {n}, backend", operations, bytes, () =>
                RawKernels.Product(n, n < 256 ? Products : 1), peers)
            { GoalMs = goal, Times = n < 256 ? Products : 1 },
        ];
    }

    /// <summary>The two layers of LeNet, with 5x5 filters and no padding.</summary>
    private static KernelGroup[] LeNetLayers(int images) =>
    [
        Convolutions($"5x5_N{images}_C1_28_K20", new(images, 1, 28, 20, 5, 0))
            with { Script = "peer_layers.py" },
        Convolutions($"5x5_N{images}_C20_12_K50", new(images, 20, 12, 50, 5, 0))
            with { Script = "peer_layers.py" },
    ];

    private static KernelGroup Convolutions(
        string tag, ConvolutionKernels kernels, double? forward = null, double? backward = null,
        double? weights = null)
    {
        var (images, channels, size, filters, taps, _) = kernels;
        double area = (double)kernels.OutSize * kernels.OutSize;
        double operations = 2.0 * taps * taps * images * channels * filters * area;
        double x = 4.0 * images * channels * size * size, y = 4.0 * images * filters * area;
        double w = 4.0 * taps * taps * channels * filters;
        string name = $"convolution N{images} C{channels} {size}x{size} K{filters}"
            + (taps == 3 ? "" : $" {taps}x{taps}");
        string peerForward = "conv2d_fwd_" + tag, peerBackward = "conv2d_bwd_x_w_b_" + tag;
        string peerWeights = "conv2d_bwd_w_b_" + tag;
        return new(
            tag,
            new(name + ", forward", operations, x + w + y, kernels.Forward, peerForward)
            { GoalMs = forward },
            new(name + ", backward", 2 * operations, 2 * (x + w) + y, kernels.Backward,
                peerBackward)
            { GoalMs = backward },
            new(name + ", weight gradient", operations, x + w + y, kernels.WeightGradient,
                peerWeights)
            { GoalMs = weights },
            new(name + ", forward, backend", operations, x + w + y, kernels.RawForward,
                peerForward)
            { GoalMs = forward },
            new(name + ", data gradient, backend", operations, x + w + y, kernels.RawDataGradient),
            new(name + ", weight gradient, backend", operations, x + w + y,
                kernels.RawWeightGradient, peerWeights)
            { GoalMs = weights });
    }
}
