// One element-wise operation on ready values takes a way of its own past the plans: nobody must be
// able to tell it from the general one by bits, by errors, or by what is kept. A tensor evaluated
// together with another takes the general way, which is how the two are compared.
namespace Engine.OpTests;

public class EagerElementwiseTests
{
    private static readonly (string Name, Func<Tensor, Tensor, Tensor> Op)[] Floats =
    [
        ("Add", (x, y) => x + y), ("Sub", (x, y) => x - y), ("Mul", (x, y) => x * y),
        ("Div", (x, y) => x / y), ("Maximum", (x, y) => Tensor.Maximum(x, y)),
        ("Pow", (x, y) => x.Abs().Eval().Pow(y)), ("Exp", (x, _) => x.Exp()),
        ("Tanh", (x, _) => x.Tanh()), ("Relu", (x, _) => x.Relu()), ("Neg", (x, _) => -x),
        ("Square", (x, _) => x.Square()), ("Less", (x, y) => x < y),
        ("ToInt64", (x, _) => x.Cast(DType.Int64)), ("ToBool", (x, _) => x.Cast(DType.Bool)),
        ("AddSelf", (x, _) => x + x), ("LessSelf", (x, _) => x < Same(x)),
        ("Where", (x, y) => Tensor.Where((x < y).Eval(), x, y)),
        ("WhereSame", (x, y) => Tensor.Where((x < y).Eval(), y, y)),
        ("And", (x, y) => (x < y).Eval() & (y < x).Eval()),
        ("Not", (x, y) => !(x < y).Eval()),
        ("FromBool", (x, y) => (x < y).Eval().Cast(DType.Float64)),
    ];

    private static Tensor Same(Tensor x) => x;

    public static TheoryData<string, DType> Cases
    {
        get
        {
            var cases = new TheoryData<string, DType>();
            foreach (var (name, _) in Floats)
                foreach (DType type in (DType[])[DType.Float32, DType.Float64])
                    cases.Add(name, type);
            return cases;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void AloneAndInAPlanTheBitsAreEqual(string name, DType type)
    {
        Func<Tensor, Tensor, Tensor> op = Floats.Single(f => f.Name == name).Op;
        // Empty, scalar, odd, more than a tile, and enough for several threads.
        foreach (Shape shape in (Shape[])[[0], [2, 0, 3], [], [1, 1], [7], [10], [3, 5, 7], [1025],
            [300, 401]])
        {
            Key[] keys = Key.From(shape.Rank + 1).Split(2);
            Tensor x = (2 * keys[0].Normal(shape, type)).Eval();
            Tensor y = keys[1].Normal(shape, type).Eval();
            Tensor alone = op(x, y), planned = op(x, y);
            alone.Eval();
            Tensor.Eval(planned, x.Reshape(-1).Sin());
            Assert.Equal(planned.Shape, alone.Shape);
            Assert.Equal(planned.DType, alone.DType);
            Assert.Equal(planned.ToRaw(), alone.ToRaw());
        }
    }

    [Fact]
    public void IntegersToo()
    {
        Tensor x = Tensor.From([1, -5, int.MaxValue]), y = Tensor.From([3, 2, 1]);
        Assert.Equal([4, -3, int.MinValue], (x + y).ToArray<int>());
        Assert.Equal([1L, -5, int.MaxValue], x.Cast(DType.Int64).ToArray<long>());
    }

    [Fact]
    public void ItIsOneCallAndNoPlan()
    {
        var backend = new ReferenceBackend();
        var device = new Device(backend);
        Tensor x = Tensor.From([1.0, 2.0]).To(device), y = Tensor.From([3.0, 4.0]).To(device);
        Assert.Equal([4.0, 6.0], (x + y).ToArray<double>());
        Assert.Equal(1, backend.Calls);

        // A plan of one node takes some nine thousand bytes.
        Tensor a = Tensor.From([1f, 2f]), b = Tensor.From([3f, 4f]);
        (a + b).Eval();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) (a + b).Eval();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 100 * 1000);
    }

    [Fact]
    public void AfterwardsTheInputsAreLetGo()
    {
        Tensor x = Tensor.From([1.0, 2.0]);
        Tensor y = (x * x).Eval();
        Assert.Empty(y.State.Inputs);
        Assert.Null(y.State.Primitive);
    }

    [Fact]
    public void WithinATransformTheyAreKept()
    {
        // p * p waits for the alias of p; its square is evaluated alone, and differentiated later.
        var derivative = Grad.Of((Tensor p) =>
        {
            Tensor square = (p * p).Eval();
            Tensor fourth = (square * square).Eval();
            Assert.NotNull(fourth.State.Value);
            Assert.Equal(2, fourth.State.Inputs.Length);
            return fourth.Sum();
        });
        Assert.Equal([4.0, -32.0, 108.0], derivative(Tensor.From([1.0, -2.0, 3.0])).ToDoubles());
    }

    [Fact]
    public void PlaceholdersStillSayWhoseTheyAre()
    {
        var mapped = Vmap.Of((Tensor p) => (p + p).Eval());
        string alone = Assert.Throws<EngineException>(() => mapped(Tensor.From([1.0]))).Message;
        var both = Vmap.Of((Tensor p) =>
        {
            Tensor sum = p + p;
            Tensor.Eval(sum, p * p);
            return sum;
        });
        Assert.Equal(
            Assert.Throws<EngineException>(() => both(Tensor.From([1.0]))).Message, alone);
    }

    [Fact]
    public void ADonatedInputIsTheSameError()
    {
        var step = Compile.Step((Tensor s, Tensor x) => (s + x, s.Sum()));
        Tensor old = Tensor.From([1.0, 2.0]), x = Tensor.From([3.0, 4.0]);
        step(old, x);
        string alone = Assert.Throws<EngineException>(() => (old + x).Eval()).Message;
        string planned = Assert.Throws<EngineException>(
            () => Tensor.Eval(old + x, x * x)).Message;
        Assert.Equal(planned, alone);
    }

    [Fact]
    public void ManyThreadsMayAskForOneNode()
    {
        Tensor x = Key.From(1).Normal([100]).Eval();
        for (int round = 0; round < 50; round++)
        {
            Tensor y = x.Exp();
            var results = new float[4][];
            Parallel.For(0, 4, i => results[i] = y.ToArray<float>());
            Assert.All(results, r => Assert.Equal(results[0], r));
        }
    }
}
