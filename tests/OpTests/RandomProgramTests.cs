// Thousands of random programs through every transform, and planted bugs that they must find.
// ENGINE_RANDOM_PROGRAMS=first:count runs other seeds.
using System.Globalization;
using Engine.Kernels;

namespace Engine.OpTests;

public class RandomProgramTests
{
    [Fact]
    public void ProgramsKeepTheirMeaningUnderEveryTransform()
    {
        string asked = Environment.GetEnvironmentVariable("ENGINE_RANDOM_PROGRAMS") ?? "0:2000";
        long[] range = [.. asked.Split(':')
            .Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
        var failures = new SortedDictionary<long, string>();
        Parallel.For(range[0], range[0] + range[1], (seed, loop) =>
        {
            if (Failure(seed, RandomOps.All) is not { } failure) return;
            lock (failures) failures.Add(seed, failure);
            loop.Stop();
        });
        Assert.True(failures.Count == 0, failures.Values.FirstOrDefault());
        Assert.True(RandomChecks.Undecided < 0.1, $"{RandomChecks.Undecided:P0} undecided");
    }

    [Fact]
    public void ProgramsAreReproducibleAndPrintAsCode()
    {
        string text = $"{RandomDraft.Program(5, RandomOps.All)}";
        Assert.Equal(text, $"{RandomDraft.Program(5, RandomOps.All)}");
        Assert.StartsWith("// seed 5\nTensor v0 = ", text);
        Assert.Matches(@"\nreturn \[v\d+(, v\d+)*\];$", text);
        Assert.NotEqual(text, $"{RandomDraft.Program(6, RandomOps.All)}");
    }

    [Fact]
    public void ProgramsCoverTheLengthsAndEveryKindOfOperation()
    {
        var programs = Enumerable.Range(0, 300)
            .Select(seed => RandomDraft.Program(seed, RandomOps.All)).ToArray();
        Assert.Contains(programs, p => p.Operations <= 6);
        Assert.Contains(programs, p => p.Operations >= 35);
        string all = string.Concat(programs.SelectMany(p => p.Lines).Select(line => line.Text));
        foreach (string op in (string[])["Conv2d", "MaxPool2d", "AvgPool2d", "OneHot", "Take(",
            "TakeAlongAxis", "ArgSort", "MatMul", "LogSumExp", "Var", "Softmax", "Pad", "Slice",
            "Concat", "Stack", "BroadcastTo", "Where", "Pow", "CumSum", "Sort(", "ScatterAdd", "Solve", "Triu", "Max(", "Transpose", "Flip"])
            Assert.Contains(op, all);
    }

    public static TheoryData<string> Planted => [.. Plants.Keys];

    /// <summary>
    /// What each planted bug is found by, the operation that has it and the one that has not.
    /// </summary>
    private static Dictionary<string, Plant> Plants => new()
    {
        ["derivative"] = new("Gradient", Of(new CubeWrongDerivative()), Of(new Cube())),
        ["transpose"] = new("Gradient", Of(new CopiedWrongTranspose()), Of(new Copied())),
        ["second derivative"] = new("SecondOrder", Of(new CubeWrongSecond()), Of(new Cube())),
        ["forward mode"] = new("Transforms", Of(new Pushed(1.0001)), Of(new Pushed(1))),
        ["batching"] = new("Batched", x => LastTotal(x, false), x => LastTotal(x, true)),
        ["device"] = new(
            "Devices", Of(new CopiedWrongDevice(typeof(CpuBackend))), Of(new Copied())),
        ["equality"] = new("Compiled", x => KeptAndDropped(x, false), x => KeptAndDropped(x, true)),
    };

    private sealed record Plant(
        string Check, Func<Tensor, Tensor> Wrong, Func<Tensor, Tensor> Right);

    [Theory, MemberData(nameof(Planted))]
    public void PlantedBugsAreFoundAndShrunk(string name)
    {
        Plant plant = Plants[name];
        string? found = null;
        for (int seed = 0; seed < 40; seed++)
        {
            Assert.Null(Failure(seed, With(plant.Right), plant.Check));
            found ??= Failure(seed, With(plant.Wrong), plant.Check);
        }
        Assert.NotNull(found);
        Assert.StartsWith(plant.Check, found);
        Assert.Contains("Planted(", found);
        // Only what fails is left: the planted operation and what it takes to show it.
        Assert.InRange(found.Split("\nTensor v").Length - 1, 1, 6);
    }

    private static RandomOp[] With(Func<Tensor, Tensor> planted) =>
    [
        .. RandomOps.All,
        .. Enumerable.Repeat<RandomOp>(d => d.Add("Planted({0}.Tanh())",
            x => planted(x[0].Tanh()), d.Find(s => s.Rank > 0)), 20),
    ];

    private static string? Failure(long seed, IReadOnlyList<RandomOp> ops, params string[] only)
    {
        try
        {
            RandomChecks.Run(RandomDraft.Program(seed, ops), only);
            return null;
        }
        catch (RandomFailure failure)
        {
            return failure.Message;
        }
    }

    private static Func<Tensor, Tensor> Of(Primitive primitive) => x => Tensor.Apply(primitive, x);

    private static Tensor LastTotal(Tensor x, bool shifted) =>
        Tensor.Apply(new LastSum(x.Rank - 1, shifted), x);

    private static Tensor KeptAndDropped(Tensor x, bool told) =>
        Tensor.Apply(new Kept(true, told), x) - Tensor.Apply(new Kept(false, told), x);

    /// <summary>x, whose tangent is scaled.</summary>
    private sealed record Pushed(double Factor) : Primitive, IKernel
    {
        internal override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
            (x[0].Shape, x[0].DType);

        internal override Tensor?[] Vjp(Tensor[] x, Tensor y, Tensor g, bool[] need) => [g];

        internal override Tensor? Jvp(Tensor[] x, Tensor y, Tensor?[] dx) => Factor * dx[0]!;

        internal override Tensor Vmap(Tensor[] x, bool[] batched, int size) =>
            Tensor.Apply(this, x[0]);

        internal override void Lower(Lowering plan, PlanNode node) => plan.Kernel(node, this);

        LayoutNeed IKernel.Need(int input) => LayoutNeed.Any;

        void IKernel.Execute(IBackend backend, ReadOnlySpan<Operand> x, in Operand y) =>
            backend.Copy(x[0], y);
    }

    /// <summary>x or zeros; untold, the two count as equal.</summary>
    private sealed record Kept(bool Keeps, bool Told) : Copying
    {
        protected override void Execute(IBackend backend, in Operand x, in Operand y)
        {
            if (Keeps) backend.Copy(x, y);
            else backend.Fill(y, 0);
        }

        public bool Equals(Kept? other) => other is not null && (!Told || Keeps == other.Keeps);

        public override int GetHashCode() => Told ? Keeps.GetHashCode() : 0;
    }
}
