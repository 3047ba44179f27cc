// What iterations of a loop share and only repeat (a bias, a mean) is nowhere written out: they
// read the small tensor, and sum its gradient themselves.
using System.Text.RegularExpressions;

namespace Engine.OpTests;

public partial class LoopBroadcastTests
{
    private const int Rows = 300, Inputs = 7, Outputs = 40, Tasks = 6;

    private static readonly Key[] Keys = Key.From(61).Split(4);
    private static readonly Tensor W = Keys[0].Normal([Inputs, Outputs], DType.Float64).Eval();
    private static readonly Tensor B = Keys[1].Normal([Outputs], DType.Float64).Eval();
    private static readonly Tensor X =
        Keys[2].Normal([Tasks, Rows, Inputs], DType.Float64).Eval();

    private static Tensor Layer(Tensor x, Tensor b) => (x.MatMul(W) + b).Tanh();

    /// <summary>Ways to come to a repeated bias.</summary>
    public static TheoryData<string> Ways =>
        ["bias", "outside", "seen otherwise", "computed", "nested", "gradient", "own gradients"];

    private static Tensor Losses(string way, Tensor b, int chunk, Tensor? data = null)
    {
        Tensor outside = b.BroadcastTo([Rows, Outputs]);
        Func<Tensor, Tensor> loss = way switch
        {
            "bias" => x => Layer(x, b).Sum(),
            "outside" => x => Layer(x, outside).Sum(),
            "seen otherwise" => x =>
                Layer(x, outside.Reshape(2, Rows / 2, Outputs).Flip(0).Reshape(Rows, Outputs))
                    .Sum(),
            // Of each element the gradient is the same, or the same for all elements of a task.
            "gradient" or "own gradients" => x => Layer(x, b),
            "computed" => x => (Layer(x, b.Exp()) * b.Square()).Mean(),
            _ => x => Vmap.Of((Tensor row) => Layer(row, b).Sum(), chunk: Rows / 2)(x).Sum(),
        };
        Tensor all = Vmap.Of(loss, chunk: chunk)(data ?? X);
        return way switch
        {
            "gradient" => all.Mean() * b.Sum(),
            "own gradients" => all.Mean([1, 2]) * b[..all.Shape[0]],
            _ => all,
        };
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void RepeatedTensorsAreNotWrittenOut(string way)
    {
        const long chunk = 2 * Rows * Outputs * sizeof(double);
        // Where what all iterations made is asked for, it is stored.
        long all = way.Contains("gradient") ? Tasks / 2 * chunk : 0;
        var value = Compile.Of((Tensor b) => Losses(way, b, 2).Sum());
        value(B);
        Check(value, chunk + 2 * Rows * sizeof(double) + all);
        var gradient = Compile.Of(Grad.WithValue((Tensor b) => Losses(way, b, 2).Sum()));
        gradient(B);
        // What the value needs of an iteration, and its gradient.
        Check(gradient, 2 * chunk + chunk / 2 + all);
        // A task is left over: the loop's gradient is a slice of all.
        Tensor more = Tensor.Concat([X, X[..1]], 0).Eval();
        var uneven = Compile.Of(Grad.WithValue((Tensor b) => Losses(way, b, 2, more).Sum()));
        uneven(B);
        Check(uneven, long.MaxValue);

        static void Check(Delegate compiled, long most)
        {
            Explanation.Trace trace = Assert.Single(Compile.Explain(compiled).Traces);
            Assert.Contains(trace.Steps, s => s.StartsWith("Loop", StringComparison.Ordinal));
            Assert.DoesNotContain(trace.Steps, s => CopyOfRepeated().IsMatch(s));
            Assert.InRange(trace.PeakBytes, 1, most);
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void EveryTransformGivesWhatItGivesAllTogether(string way)
    {
        Func<Tensor, Tensor>[] Of(int chunk)
        {
            Tensor Loss(Tensor b) => Losses(way, b, chunk).Square().Mean();
            var gradient = Grad.Of((Tensor b) => Loss(b));
            return
            [
                Loss,
                gradient,
                b => Jvp.Of((Tensor p) => Loss(p))(b, b.Cos()).Tangent,
                b => Hessian.Product((Tensor p) => Loss(p))(b, b.Cos()),
                Grad.Of((Tensor b) => (gradient(b) * b).Sum()),
                b => Vmap.Of((Tensor p) => gradient(p), chunk: 2)(
                    Tensor.Stack([b, 0.5 * b, b + 0.1])),
                b => Grad.Of(Remat.Of((Tensor p) => Loss(p)))(b),
                b => Vmap.Of((Tensor s) => Losses(way, s * b, chunk))(Tensor.From([0.5, 1, 2])),
            ];
        }
        Func<Tensor, Tensor>[] together = Of(Tasks), chunked = Of(2), uneven = Of(4);
        for (int i = 0; i < together.Length; i++)
        {
            Tensor expected = together[i](B);
            foreach (Func<Tensor, Tensor> f in (Func<Tensor, Tensor>[])[
                chunked[i], uneven[i], Compile.Of(chunked[i]), Compile.Of(uneven[i])])
            {
                Tensor actual = f(B);
                Assert.True(
                    Tree.AllClose(expected, actual, 1e-11), $"{i}: {actual}, not {expected}");
            }
        }
    }

    /// <summary>A copy as wide as a layer's result of what has an axis of stride 0.</summary>
    [GeneratedRegex(@"Copy \(\([^)]*\b40\) strides \(([^)]*, )?0[,)]")]
    private static partial Regex CopyOfRepeated();
}
