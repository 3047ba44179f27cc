// The training steps that are timed: those of the peer scripts, on data made the same way. Data
// are prepared beforehand; a step is everything from there to the updated parameters.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Benchmarks;

/// <summary>
/// A case: its name, how to prepare it (the compiled function for its figures, and one step), and
/// its script's arguments for the same work, one set a style of the peer. The goals are the
/// design's, for its reference machine and one thread.
/// </summary>
internal sealed record Case(
    string Name, string About, Goal? Goal, Func<Scale, Prepared> Prepare, params string[] Peers)
{
    /// <summary>The peer script.</summary>
    public string Script { get; init; } = "peer_maml.py";
}

/// <summary>Milliseconds a step and MiB of peak memory to reach, and hoped for.</summary>
internal sealed record Goal(
    double Ms, double StretchMs, double? Mb = null, double? StretchMb = null);

/// <summary>A case ready to run.</summary>
internal sealed record Prepared(Delegate Compiled, Action Step);

/// <summary>
/// Factors on a case's size, for measuring how cost grows; and how many tasks go through together,
/// 0 for what shapes choose.
/// </summary>
internal sealed record Scale(
    int Tasks = 1, int Steps = 1, int Images = 1, int Width = 1, int Chunk = 0);

internal static class Cases
{
    /// <summary>
    /// The peer keeps freed memory: without, it spends its time on page faults, and beating it
    /// would only show that we pool memory.
    /// </summary>
    public const string Tuned = " --malloc-tuned";

    public const string ChannelsLast = " --channels-last";

    public static IReadOnlyList<Case> All { get; } =
    [
        Sinusoid("sinusoid-1", 1, new(0.15, 0.12)),
        Sinusoid("sinusoid-5", 5, new(0.60, 0.48)),
        Images("omniglot5-1", "omniglot5", new(140, 100), ways: 5, tasks: 4, steps: 1),
        Images("omniglot5-5", "omniglot5", new(240, 170, 200, 120), ways: 5, tasks: 4, steps: 5),
        Images("omniglot20-1", "omniglot20", new(280, 200), ways: 20, tasks: 2, steps: 1),
        // Vmapped, the peer would need more memory here than the machine should be asked for.
        Images("miniimagenet-5", "miniimagenet", new(880, 650, 450, 300), 5, 4, 5, channels: 3,
            size: 84, filters: 32, rate: 0.01, peerVmap: false),
        new("hvp", "gradient of a squared gradient norm, MLP 784-256-256-10, batch 128",
            new(3.0, 2.3), GradientNorm, "--case hvp", "--case hvp" + Tuned),
        new("proto", "prototypical network step, 20-way 5-shot 5-query, Conv4-64 28x28",
            new(75, 50), Prototypes, "--case proto" + Tuned, "--case proto" + ChannelsLast + Tuned),
        .. TransferCases.All,
    ];

    /// <summary>
    /// Cases for measuring how cost grows, small enough to be made 16 times larger.
    /// </summary>
    public static IReadOnlyList<Case> Growing { get; } =
    [
        All[0],
        Images("conv4-8", "", null, ways: 5, tasks: 1, steps: 1, filters: 8, queries: 5),
    ];

    public static Case Find(string name) => Known.FirstOrDefault(c => c.Name == name)
        ?? throw new ArgumentException(Unknown(name));

    /// <summary>What is wrong with a name; null if nothing is.</summary>
    public static string? Check(string name) =>
        Known.Any(c => c.Name == name) ? null : Unknown(name);

    private static IEnumerable<Case> Known => All.Concat(Growing);

    private static string Unknown(string name) => $"no case named {name}. There are: "
        + string.Join(", ", Known.Select(c => c.Name).Distinct()) + ".";

    private static Case Sinusoid(string name, int steps, Goal goal) => new(
        name, $"exact MAML, sinusoids, 1-40-40-1, {steps} inner steps, 25 tasks of 10 + 10 points",
        goal,
        scale =>
        {
            int tasks = 25 * scale.Tasks, points = 10 * scale.Images, width = 40 * scale.Width;
            var maml = new Maml<Mlp>(Objective.Regression, steps * scale.Steps, 0.01);
            var family = new SinusoidTasks(points, points);
            Episode[] data = [.. Enumerable.Range(0, 4)
                .Select(i => Episode.From(family.Sample(1, i * tasks, tasks)))];
            Mlp model = Mlp.Create(Key.From(0), [1, width, width, 1]);
            return Training(maml.Method, model, data);
        },
        $"--case sinusoid --inner-steps {steps} --style vmap",
        $"--case sinusoid --inner-steps {steps} --style vmap{Tuned}",
        $"--case sinusoid --inner-steps {steps} --style functional{Tuned}");

    private static Case Images(
        string name, string peer, Goal? goal, int ways, int tasks, int steps, int channels = 1,
        int size = 28, int filters = 64, double rate = 0.1, int queries = 15,
        bool peerVmap = true) => new(
        name, $"exact MAML, Conv4-{filters}, {ways}-way 1-shot {queries}-query "
            + $"{channels}x{size}x{size}, {steps} inner steps, {tasks} tasks",
        goal,
        scale =>
        {
            var maml = new Maml<Conv4>(
                Objective.Conv4, steps * scale.Steps, rate, Chunk: scale.Chunk);
            Episode data = RandomImages(
                tasks * scale.Tasks, ways, 1, queries * scale.Images, channels, size);
            Conv4 model = Conv4.Create(
                Key.From(0), channels, size, filters * scale.Width, ways);
            return Training(maml.Method, model, [data]);
        },
        [.. ImageStyles(peerVmap).Select(style => $"--case {peer} --inner-steps {steps}{style}")]);

    private static string[] ImageStyles(bool vmap) =>
    [
        " --style module" + Tuned, " --style functional" + Tuned,
        " --style module" + ChannelsLast + Tuned, " --style functional" + ChannelsLast + Tuned,
        .. vmap ? [" --style vmap" + Tuned] : Array.Empty<string>(),
    ];

    private static Prepared Training<T>(Method<T> method, T model, Episode[] data)
        where T : ITree => Training(
            (T m, Episode tasks) =>
            {
                MetaStep<T> step = method.Step(m, tasks);
                return (step.Loss, step.Gradient);
            },
            model, data);

    /// <summary>Gradient and Adam as one compiled step, over the batches in turn.</summary>
    private static Prepared Training<T, D>(
        Func<T, D, (Tensor Loss, T Gradient)> gradient, T model, D[] data) where T : ITree
    {
        Optimizer adam = Optim.Adam(1e-3);
        var step = Compile.Step(((T Model, OptimizerState State) s, D tasks) =>
        {
            var (loss, g) = gradient(s.Model, tasks);
            return (adam.Step(s.Model, g, s.State), loss);
        });
        (T, OptimizerState) state = (model, adam.Init(model));
        int i = 0;
        return new(step, () => (state, _) = step(state, data[i++ % data.Length]));
    }

    private static Prepared GradientNorm(Scale scale)
    {
        int width = 256 * scale.Width, batch = 128 * scale.Images;
        Mlp model = Mlp.Create(Key.From(0), [784, width, width, 10]);
        Tensor x = Key.From(1).Normal([batch, 784]).Eval();
        Tensor y = (Key.From(2).Uniform([batch]) * 10).Cast(DType.Int64).Eval();
        var inner = Grad.Of((Mlp p, Tensor a, Tensor b) =>
            Loss.CrossEntropy(p.Forward(a), b));
        var gradient = Compile.Of(Grad.Of((Mlp p, Tensor a, Tensor b) =>
            inner(p, a, b).Leaves().Select(g => g.Square().Sum()).Aggregate((u, v) => u + v)));
        return new(gradient, () => gradient(model, x, y));
    }

    /// <summary>
    /// Snell et al., 2017: classify by the nearest mean of embedded support images.
    /// </summary>
    private static Prepared Prototypes(Scale scale)
    {
        const int ways = 20, shots = 5;
        Episode batch = RandomImages(1, ways, shots, 5 * scale.Images, 1, 28).Task(0);
        var embed = Conv4.Create(Key.From(0), 1, 28, 64 * scale.Width, ways);
        var gradient = Grad.WithValue((Conv4 m, Episode e) =>
        {
            Tensor z = m.Features(Tensor.Concat([e.SupportX, e.QueryX], 0));
            int n = e.SupportX.Shape[0];
            Tensor prototypes = z[..n].Reshape(ways, shots, -1).Mean(1);
            Tensor apart = z[n..].ExpandDims(1) - prototypes.ExpandDims(0);
            return Loss.CrossEntropy(-apart.Square().Sum(2), e.QueryY);
        });
        return Training(gradient, embed, [batch]);
    }

    /// <summary>
    /// Noisy copies of one random picture a class, as the peer script draws them.
    /// </summary>
    private static Episode RandomImages(
        int tasks, int ways, int shots, int queries, int channels, int size)
    {
        Key[] keys = Key.From(7).Split(3);
        Tensor prototypes = keys[0].Normal([tasks, ways, 1, channels, size, size]);
        Tensor Copies(Key key, int n) => (prototypes
            + 0.7 * key.Normal([tasks, ways, n, channels, size, size]))
            .Reshape(tasks, ways * n, channels, size, size).Eval();
        Tensor Labels(int n) => Tensor.Arange(ways).Reshape(1, ways, 1)
            .BroadcastTo([tasks, ways, n]).Reshape(tasks, ways * n).Eval();
        return new(
            Copies(keys[1], shots), Labels(shots), Copies(keys[2], queries), Labels(queries));
    }
}
