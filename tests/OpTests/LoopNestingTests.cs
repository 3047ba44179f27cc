// Chunked batches within chunked batches, transforms and functions with rules of their own, against
// all elements together: by a list of nestings and by random programs.
namespace Engine.OpTests;

public class LoopNestingTests
{
    private static readonly Key[] Keys = Key.From(41).Split(6);
    private static readonly Tensor W = Keys[0].Normal([3, 3], DType.Float64).Eval();
    private static readonly Tensor X = Keys[1].Normal([6, 5, 3], DType.Float64).Eval();
    private static readonly Tensor V = Keys[2].Normal([3, 3], DType.Float64).Eval();

    private static Tensor Score(Tensor row, Tensor w) =>
        row.ExpandDims(0).MatMul(w).Tanh().Sum();

    private static Tensor Rows(Tensor w, Tensor x, int chunk) =>
        Vmap.Of((Tensor row) => Score(row, w), chunk: chunk)(x);

    private static Tensor Ruled(Tensor w, Tensor x, int chunk)
    {
        var rule = CustomRule.Of(
            ((Tensor X, Tensor S) a) => a.X.Tanh() * a.S,
            vjp: (a, y, g) =>
                (g * (1 - a.X.Tanh().Square()) * a.S, (g * a.X.Tanh()).Sum()));
        return Vmap.Of(
            (Tensor row) => rule((row.ExpandDims(0).MatMul(w), w.Sum())).Sum(),
            chunk: chunk)(x);
    }

    private static Tensor Step(Tensor w, Tensor x, int chunk)
    {
        Tensor g = Grad.Of((Tensor p) => Rows(p, x, chunk).Square().Mean())(w);
        return Rows(w - 0.1 * g, x, chunk).Square().Mean();
    }

    /// <summary>Scalar functions of w whose batches go through c, and d, at a time.</summary>
    private static Func<Tensor, Tensor>[] Functions(int c, int d)
    {
        Func<Tensor, Tensor> over(Func<Tensor, Tensor> f) => Vmap.Of(f, chunk: c);
        var compiled = Compile.Of((Tensor p, Tensor x) => x.MatMul(p).Tanh().Sum());
        return
        [
            w => over(x => Rows(w, x, d).Sum())(X).LogSumExp(),
            w => over(x => Ruled(w, x, d).Square().Sum())(X).Square().Sum(),
            w => over(Remat.Of((Tensor x) => Rows(w * 2, x, d).Sum()))(X).Square().Sum(),
            Remat.Of((Tensor w) =>
                over(x => Rows(w * 2, x, d).Square().Sum())(X).Square().Sum()),
            w => over(x => compiled(w, x) * compiled(w, x * 2))(X).Square().Sum(),
            w => over(x => Step(w, x, d))(X).Mean(),
            w => Jacobian.Of((Tensor p) => over(x => x.MatMul(p).Tanh().Sum())(X), chunk: d)(w)
                .Square().Sum(),
            w => Jacobian.Of(
                (Tensor p) => over(x => x.MatMul(p).Tanh().Sum())(X),
                JacobianMode.Forward, d)(w).Square().Sum(),
            w => Hessian.Of(
                (Tensor p) => over(x => x.MatMul(p).Tanh().Sum())(X).Square().Sum())(w)
                .Square().Sum(),
        ];
    }

    private static Tensor[] Transformed(Func<Tensor, Tensor> f) =>
    [
        f(W),
        Grad.Of((Tensor p) => f(p))(W),
        Jvp.Of((Tensor p) => f(p))(W, V).Tangent,
        Grad.Of((Tensor q) => Jvp.Of((Tensor p) => f(p))(q, V).Tangent)(W),
        Hessian.Product((Tensor p) => f(p))(W, V),
        Vmap.Of((Tensor q) => Grad.Of((Tensor p) => f(p))(q), chunk: 2)(
            Tensor.Stack([W, V, W + V, W - V])),
        Grad.Of(Remat.Of((Tensor p) => f(p)))(W),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void EveryNestingGivesWhatItGivesAllTogether(int chunk)
    {
        var together = Functions(6, 5);
        var chunked = Functions(chunk, chunk);
        for (int i = 0; i < together.Length; i++)
        {
            Tensor[] expected = Transformed(together[i]), plain = Transformed(chunked[i]);
            Func<Tensor, Tensor> f = chunked[i];
            Tensor[] compiled = Compile.Of((Tensor _) => Transformed(f))(W);
            for (int k = 0; k < expected.Length; k++)
            {
                Assert.True(Tree.AllClose(expected[k], plain[k], 1e-9), $"{i}, {k}, plain");
                Assert.True(Tree.AllClose(expected[k], compiled[k], 1e-9), $"{i}, {k}, compiled");
            }
        }
    }

    /// <summary>A random program of chunked batches whose results feed others.</summary>
    private static Tensor Program(Tensor w, Tensor x, Tensor y, int seed, bool chunked)
    {
        var random = new Random(seed);
        var vectors = new List<Tensor> { w, w * 0.5 };
        var stacks = new List<Tensor> { x, y };
        Tensor Any(List<Tensor> all) => all[random.Next(all.Count)];
        for (int i = 0; i < 14; i++)
        {
            Tensor v = Any(vectors), u = Any(vectors), s = Any(stacks), t = Any(stacks);
            int chunk = 1 + random.Next(4);
            if (!chunked) chunk = 6;
            switch (random.Next(9))
            {
                case 0:
                    stacks.Add(Vmap.Of((Tensor r) => (r * v).Tanh() + u, chunk: chunk)(s));
                    break;
                case 1:
                    var (p, q) = Vmap.Of(
                        (Tensor r, Tensor z) => ((r * z).Sin() * v, (r * u).Sum()),
                        chunk: chunk)(s, t);
                    stacks.Add(p);
                    vectors.Add(u * q.Sum().Tanh());
                    break;
                case 2: vectors.Add(s.Sum(0).Tanh()); break;
                case 3: vectors.Add((s * t).Sum(0).Tanh()); break;
                case 4: vectors.Add((v * u).Tanh()); break;
                case 5:
                    vectors.Add(Grad.Of((Tensor g) => Vmap.Of(
                        (Tensor r) => (r * g).Tanh().Sum() * r[0], chunk: chunk)(s).Sum())(v)
                        .Tanh());
                    break;
                case 6: stacks.Add((s + t * v).Tanh()); break;
                case 7:
                    vectors.Add((v - s.Sum(0) * 0.1).Tanh() + s.Square().Sum(0).Tanh());
                    break;
                default:
                    stacks.Add(Vmap.Of((Tensor r) => Vmap.Of(
                        (Tensor e) => (e * r).Sum().Tanh() * e, chunk: chunk)(t).Sum(0).Tanh(),
                        chunk: chunk)(s));
                    break;
            }
        }
        Tensor sum = vectors[0].Sum();
        foreach (Tensor v in vectors) sum += v.Sum();
        foreach (Tensor s in stacks) sum += s.Square().Sum();
        return sum;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    [InlineData(80)]
    public void RandomProgramsOfLoopsGiveWhatTheyGiveAllTogether(int first)
    {
        Tensor x = Keys[3].Normal([6, 4], DType.Float64).Eval();
        Tensor y = Keys[4].Normal([6, 4], DType.Float64).Eval();
        Tensor w0 = Keys[5].Normal([4], DType.Float64).Eval();
        for (int seed = first; seed < first + 40; seed++)
        {
            Func<Tensor, Tensor> of(bool chunked) => w => Program(w, x, y, seed, chunked);
            (Tensor, Tensor, Tensor) All(Func<Tensor, Tensor> f, Tensor w)
            {
                var (value, gradient) = Grad.WithValue((Tensor p) => f(p))(w);
                return (value, gradient, Hessian.Product((Tensor p) => f(p))(w, w));
            }
            var expected = All(of(false), w0);
            foreach (var actual in ((Tensor, Tensor, Tensor)[])
                [All(of(true), w0), Compile.Of((Tensor w) => All(of(true), w))(w0)])
            {
                Assert.True(Tree.AllClose(expected.Item1, actual.Item1, 1e-8), $"{seed}, value");
                Assert.True(Tree.AllClose(expected.Item2, actual.Item2, 1e-8), $"{seed}, slope");
                Assert.True(Tree.AllClose(expected.Item3, actual.Item3, 1e-6), $"{seed}, H v");
            }
        }
    }
}
