// Every op against PyTorch: values, gradients and second-order gradients. A generated file is a
// fixture; ENGINE_REFERENCE names another one. A case that no op here is known for fails.
namespace Engine.Parity;

public class ReferenceTests
{
    private const double Tolerance = 1e-9;

    private static readonly Lazy<Dictionary<string, ReferenceCase>> All = new(() =>
        ReferenceCase.Read(Environment.GetEnvironmentVariable("ENGINE_REFERENCE") is { } path
            ? path
            : Path.Combine(AppContext.BaseDirectory, "Fixtures", "reference-0.json.gz"))
        .ToDictionary(c => c.Name));

    public static TheoryData<string> Cases => [.. All.Value.Keys];

    [Theory, MemberData(nameof(Cases))]
    public void EqualsPyTorch(string name)
    {
        ReferenceCase c = All.Value[name];
        Func<Tensor[], Tensor> f = ReferenceOps.Of(c);
        var (y, pullback) = Vjp.Of(f)(c.Inputs);
        Near(c, "output", c.Output, y);
        Gradients(c, "vjp", c.Vjp, pullback(c.Cotangent));
        Gradients(c, "second", c.Second, Grad.Of((Tensor[] x) =>
            Along(c, Vjp.Of(f)(x).Pullback(c.Cotangent)))(c.Inputs));
    }

    [Fact]
    public void AnotherNumberAndAnotherShapeAreFound()
    {
        ReferenceCase c = All.Value.Values.First(c => c.Op == "Tanh");
        Near(c, "output", c.Output, c.Output * (1 + 1e-11));
        Assert.ThrowsAny<Exception>(() => Near(c, "output", c.Output, c.Output * (1 + 1e-8)));
        Assert.ThrowsAny<Exception>(() => Near(c, "output", c.Output, c.Output.ExpandDims(0)));
        Assert.ThrowsAny<Exception>(() => Near(c, "output", c.Output, c.Output * double.NaN));
        Assert.ThrowsAny<Exception>(() => ReferenceOps.Of(c with { Op = "Nonsense" }));
    }

    /// <summary>The sum of the gradients times the directions.</summary>
    private static Tensor Along(ReferenceCase c, Tensor[] gradients)
    {
        Tensor sum = Tensor.Scalar(0.0);
        foreach (var (g, d) in Floats(c, gradients).Zip(c.Directions)) sum += (g * d!).Sum();
        return sum;
    }

    private static void Gradients(
        ReferenceCase c, string what, Tensor?[] expected, Tensor[] actual)
    {
        Tensor[] floats = Floats(c, actual);
        Assert.Equal(expected.Length, floats.Length);
        for (int i = 0; i < floats.Length; i++)
            Near(c, $"{what} {i}", expected[i] ?? 0 * floats[i], floats[i]);
    }

    private static Tensor[] Floats(ReferenceCase c, Tensor[] tensors) =>
        [.. tensors.Where((_, i) => c.Inputs[i].DType.IsFloat())];

    /// <summary>Relative to the largest element: PyTorch's own rounding is.</summary>
    private static void Near(ReferenceCase c, string what, Tensor expected, Tensor actual)
    {
        Assert.True(expected.Shape == actual.Shape,
            $"{c.Name} {c.Attributes}: {what} is {actual.Shape}, not {expected.Shape}");
        if (expected.Count == 0) return;
        double scale = Math.Max(expected.Abs().Max().Item(), 1e-3);
        double error = (actual - expected).Abs().Max().Item() / scale;
        Assert.True(error <= Tolerance,
            $"{c.Name} {c.Attributes}: {what} differs by {error:0.0e+00} "
            + $"of the largest element\n{actual}\nis not\n{expected}");
    }
}
