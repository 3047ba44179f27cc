// Where tensors are: what is made of no data goes where it is needed, data stays where it is and
// moves with To alone, through which gradients flow.
using Engine.Tests;

namespace Engine.OpTests;

public class DeviceTests
{
    private static (GuardedBackend Backend, Device Device) Guarded(long keeps = 4096)
    {
        var backend = new GuardedBackend { LargestKeptConstant = keeps };
        return (backend, new Device(backend, "second"));
    }

    private static Tensor On(Device device, params double[] values) =>
        Tensor.From(values).To(device);

    [Fact]
    public void ADeviceHasItsOwnName()
    {
        Assert.Equal("gpu:0", $"{new Device(new GuardedBackend(), "gpu:0")}");
        Assert.Equal("guarded", $"{new Device(new GuardedBackend())}");
    }

    [Fact]
    public void WhatIsMadeOfNoDataGoesWhereItIsNeeded()
    {
        var (_, device) = Guarded();
        Tensor x = On(device, 1, 2, 3), here = Tensor.From([1.0, 2, 3]);
        Tensor counter = Tensor.Arange(3, DType.Float64), number = Tensor.Scalar(2.0);
        Tensor drawn = Key.From(3).Normal(3, DType.Float64);
        foreach (Tensor free in (Tensor[])[counter, number, drawn, Tensor.Ones(3, DType.Float64)])
        {
            double[] expected = (here * free).ToArray<double>();
            Tensor pending = x * free;
            // Computed on the CPU in the meantime, it still goes there.
            free.Eval();
            Assert.Equal(Device.Cpu, free.Device);
            foreach (Tensor product in (Tensor[])[pending, x * free])
            {
                Assert.Equal(device, product.Device);
                Assert.Equal(expected, product.ToArray<double>());
            }
            Assert.Equal(expected, (here * free).ToArray<double>());
        }
    }

    [Fact]
    public void OnlyAPlanOfConstantsAloneRunsOnTheCpu()
    {
        var (_, device) = Guarded();
        Assert.Equal(Device.Cpu, (Tensor.Arange(4) + 1).Eval().Device);
        Tensor asked = (Tensor.Arange(4) + 1).To(device);
        Assert.Equal((device, device), (asked.Device, (asked + 1).Device));
        Assert.Equal([1L, 2, 3, 4], asked.ToArray<long>());
    }

    [Fact]
    public void ManyNumbersStayWhereTheyWereComputed()
    {
        var (_, device) = Guarded();
        Tensor many = Tensor.Arange((int)Tensor.FreeBytes / 8 + 1);
        Tensor before = many + Tensor.From([1L]).To(device); // not computed yet: it belongs nowhere
        many.Eval();
        Assert.Equal(1, before[0].Item());
        Assert.StartsWith("Add: int64 (8193) is on cpu and int64 (1) on second.",
            Assert.Throws<EngineException>(() => many + Tensor.From([1L]).To(device)).Message);
    }

    [Fact]
    public void DataOfTwoDevicesDoesNotMeet()
    {
        var (_, device) = Guarded();
        Tensor here = Tensor.From([1.0, 2]), there = On(device, 3, 4);
        void Fails(string text, Func<object> call) =>
            Assert.Equal(text, Assert.Throws<EngineException>(call).Message);
        const string Advice = "Move one with .To(device).";
        Fails($"Mul: float64 (2) is on cpu and float64 (2) on second. {Advice}",
            () => here * there);
        Fails($"Concat: float64 (2) is on second and float64 (2) on cpu. {Advice}",
            () => Tensor.Concat([there, here]));
        // Traced: where the function makes the mistake, not when its plan runs.
        Fails($"Mul: float64 (2) is on second and float64 (2) on cpu. {Advice}",
            () => Compile.Of((Tensor x) => x * here)(there));
        Fails($"Mul: float64 () is on second and float64 (2) on cpu. {Advice}",
            () => Vmap.Of((Tensor x) => x * here)(there));
        Fails($"Compile: the argument 'Item1' is on cpu and 'Item2' on second. {Advice}",
            () => Compile.Of((Tensor x, Tensor y) => (x + 1, y + 1))(here, there));
        Fails($"Compile: the plan runs on second, but the captured float64 (2) is on cpu. {Advice}",
            () => Compile.Of((Tensor x) => (x + 1, here[..]))(there));
    }

    [Fact]
    public void AGradientArrivesWhereItsTensorIs()
    {
        var (_, device) = Guarded();
        Tensor x = Tensor.From([0.5, -1.5]);
        Tensor Across(Tensor p) => (p.Sin().To(device) * p.To(device)).Square().Sum();
        Tensor g = Grad.Of((Tensor p) => Across(p))(x);
        Assert.Equal(Device.Cpu, g.Device);
        Assert.Equal(
            Grad.Of((Tensor p) => (p.Sin() * p).Square().Sum())(x).ToArray<double>(),
            g.ToArray<double>());
        Assert.True(GradCheck.Run((Tensor p) => Across(p), x, order: 2).Error < 1e-7);
        Tensor tangent =
            Jvp.Of((Tensor p) => Across(p))(x, Tensor.Ones(2, DType.Float64)).Tangent;
        Assert.Equal((device, g.Sum().Item()), (tangent.Device, tangent.Item()));
        Tensor again = Grad.Of((Tensor p) => Remat.Of((Tensor q) => Across(q))(p))(x);
        Assert.Equal(g.ToArray<double>(), again.ToArray<double>());

        // A constant derivative belongs where the tensor is, too.
        Tensor constant = Grad.Of(
            (Tensor p) => (p * Tensor.Arange(2, DType.Float64)).Sum())(On(device, 1, 2));
        Assert.Equal(device, constant.Device);
        Assert.Equal([0.0, 1], constant.ToArray<double>());
    }

    [Fact]
    public void AnArgumentWithoutAValueDoesNotMove()
    {
        var (_, device) = Guarded();
        Tensor x = Tensor.From([1.0, 2]);
        Assert.Equal("To: float64(2) = Add (not computed) depends on an argument of Compile whose "
            + "value is not known yet, so it cannot move from cpu to second. Move what the "
            + "function takes and captures before.",
            Assert.Throws<EngineException>(
                () => Compile.Of((Tensor t) => (t + 1).To(device))(x)).Message);
        Assert.StartsWith("To: ", Assert.Throws<EngineException>(
            () => Vmap.Of((Tensor t) => t.Sin().To(device))(x)).Message);
        // Where it is already is no move.
        Tensor there = x.To(device);
        Assert.Equal([2.0, 3], Compile.Of((Tensor t) => t.To(device) + 1)(there).ToArray<double>());
        Assert.Equal([2.0, 3], Vmap.Of((Tensor t) => t.To(device) + 1)(there).ToArray<double>());
    }

    [Fact]
    public void TreesAndTuplesMove()
    {
        var (_, device) = Guarded();
        var tree = new Leaves([Tensor.From([1.0]), Tensor.Arange(3), Key.From(1).Words]);
        Leaves there = tree.To(device);
        Assert.All(there.Items, leaf => Assert.Equal(device, leaf.Device));
        Assert.True(Tree.AllClose(tree, there));
        Assert.Same(there.Items[0], there.To(device).Items[0]);
        var (a, b) = (tree, Tensor.Ones(2)).To(device);
        Assert.Equal((device, device), (a.Items[0].Device, b.Device));
        var (_, _, c) = (tree, b, Key.From(2)).To(device);
        Assert.Equal(device, c.Words.Device);
        Tensor zero = Grad.Of((Tensor p, Tensor q) => (p * q).Sum())(b, b);
        Assert.True(Tensor.SymbolicZero(zero).To(device).IsSymbolicZero);
    }

    [Fact]
    public void ResultsOfSeveralDevicesAreEvaluatedTogether()
    {
        var (_, device) = Guarded();
        Tensor here = Tensor.From([1.0]) + 1, there = On(device, 1) + 2;
        Tensor neither = Tensor.Arange(1) + 3;
        Tensor.Eval(there, here, neither);
        Assert.Equal([2, 3, 3], (double[])[here.Item(), there.Item(), neither.Item()]);
    }

    [Fact]
    public void ACompiledFunctionRunsWhereItsArgumentsAre()
    {
        var (backend, device) = Guarded();
        Tensor table = Tensor.Arange(3, DType.Float64).Eval();
        var f = Compile.Of((Tensor x, Key key, Tensor rate) =>
            x * table * rate + key.Fold(1).Normal(3, DType.Float64));
        Key key = Key.From(5);
        Tensor expected = f(Tensor.From([1.0, 2, 3]), key, Tensor.Scalar(0.5));
        Tensor x = On(device, 1, 2, 3);
        for (int i = 0; i < 3; i++)
        {
            Tensor y = f(x, key, Tensor.Scalar(0.5));
            Assert.Equal(device, y.Device);
            Assert.Equal(expected.ToRaw(), y.ToRaw());
        }
        Assert.Equal(2, Compile.Explain(f).Traces.Length);
        Assert.True(backend.Plans.Count >= 3);
    }

    [Fact]
    public void AReplayedPlanIsOneObjectThatSaysWhetherMemoryMoved()
    {
        var (backend, device) = Guarded();
        var f = Compile.Of((Tensor x) => x.Sin().Sum() + 1);
        Tensor a = On(device, 1, 2, 3), b = On(device, 4, 5, 6);
        backend.Plans.Clear();
        var results = new List<Tensor>();
        foreach (Tensor x in (Tensor[])[a, a, b]) results.Add(f(x));
        Assert.Single(backend.Plans.Select(run => run.Plan).Distinct());
        Assert.All(backend.Plans, run => Assert.True(run.Moved)); // each result is somewhere else

        var step = Compile.Step((Tensor s, Tensor x) => (s * x, x.Sum()));
        Tensor state = On(device, 1, 1, 1);
        (state, Tensor loss) = step(state, a);
        backend.Plans.Clear();
        for (int i = 0; i < 6; i++) (state, loss) = step(state, a);
        Assert.Single(backend.Plans.Select(run => run.Plan).Distinct());
        GC.KeepAlive((results, loss));
    }

    [Fact]
    public void ConstantsOfAReplayedPlanAreWrittenOnce()
    {
        // A counter too large to be folded, and a number that a product needs in memory.
        const int Many = 20_000;
        Tensor Program(Tensor x) => (x * Tensor.Arange(Many, DType.Float64)).Reshape(1, Many)
            .MatMul(Tensor.Ones([Many, 1], DType.Float64)).Reshape(1);
        foreach (long keeps in (long[])[4096, 1 << 20])
        {
            var (backend, device) = Guarded(keeps);
            var f = Compile.Of((Tensor x) => Program(x));
            Tensor x = On(device, 0.5);
            f(x);
            long before = backend.Uploaded;
            for (int i = 0; i < 3; i++)
                Assert.Equal(Program(x).Item(), f(x).Item());
            // The plain program uploads the counter each time.
            long each = (backend.Uploaded - before) / (8 * Many);
            Assert.Equal(keeps < 8 * Many ? 6 : 3, each);
        }
    }

    [Fact]
    public void ConstantsOfALoopAreWrittenOnceForAllIterations()
    {
        var (backend, device) = Guarded();
        Tensor Rows(Tensor x) => Vmap.Of(
            (Tensor row) => row.Reshape(1, 3).MatMul(
                Tensor.Ones([3, 2], DType.Float64) * row.Sum().Sign().Square()),
            chunk: 1)(x);
        var f = Compile.Of((Tensor x) => Rows(x));
        Tensor here = Key.From(1).Normal([5, 3], DType.Float64).Eval(), x = here.To(device);
        for (int i = 0; i < 3; i++) Assert.Equal(Rows(here).ToRaw(), f(x).ToRaw());
        Assert.Equal(Rows(here).ToRaw(), Compile.Of((Tensor t) => Rows(t))(here).ToRaw());
        Assert.NotEmpty(backend.Plans);
    }
}
