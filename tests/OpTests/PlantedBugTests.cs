// The tests of the tests: a wrong primitive of each kind is caught by the property that is there to
// catch it, and the right one passes them all.
namespace Engine.OpTests;

public class PlantedBugTests
{
    private static readonly Case[] Cases = [new([3, 5]), new([2, 3, 4]), new([4, 4])];

    private static OpRow Cubed(Primitive primitive) => new(
        "Cube", x => Tensor.Apply(primitive, x[0]), x => x[0].Map(v => v * v * v), [Draw.Normal],
        Cases)
    {
        ElementWise = true,
    };

    private static OpRow Same(Primitive primitive) => new(
        "Same", x => Tensor.Apply(primitive, x[0]), x => x[0], [Draw.Normal], Cases)
    {
        ElementWise = true,
    };

    private static OpRow Summed(bool shifted) => new(
        "LastSum", x => Tensor.Apply(new LastSum(x[0].Rank - 1, shifted), x[0]),
        x => x[0].Reduce([-1], v => v.Sum(), keepDims: true), [Draw.Normal], Cases);

    private static OpRow Multiplied(bool heedsFlags) => new(
        "Product", x => Tensor.Apply(new Product(heedsFlags), x[0], x[1]),
        x => NArray.MatMul(x[0], x[1]), [Draw.Normal, Draw.Normal], [new([3, 4], [4, 2])]);

    private static void AllProperties(OpRow row)
    {
        OpProperties.Value(row, Device.Cpu);
        OpProperties.SpecialValues(row, Device.Cpu);
        OpProperties.Gradient(row, Device.Cpu, 1);
        OpProperties.Gradient(row, Device.Cpu, 2);
        OpProperties.NoGradient(row, Device.Cpu);
        OpProperties.DotProduct(row, Device.Cpu);
        OpProperties.Batched(row, Device.Cpu);
        OpProperties.Devices(row, Device.Cpu);
        OpProperties.ErrorTexts(row);
    }

    private static void Caught(Action property) => Assert.Throws<OpFailure>(property);

    [Fact]
    public void RightOnesPass()
    {
        AllProperties(Cubed(new Cube()));
        AllProperties(Same(new Copied()));
        AllProperties(Summed(shifted: true));
        AllProperties(Multiplied(heedsFlags: true));
    }

    [Fact]
    public void AWrongValueIsCaught()
    {
        Caught(() => OpProperties.Value(Cubed(new CubeWrongValue()), Device.Cpu));
        OpProperties.Gradient(Cubed(new CubeWrongValue()), Device.Cpu, 1); // by Value alone
    }

    [Fact]
    public void AWrongShapeIsCaught()
    {
        OpRow row = Summed(shifted: true) with { Reference = x => x[0].Reduce([-1], v => v.Sum()) };
        Caught(() => OpProperties.Value(row, Device.Cpu));
    }

    [Fact]
    public void AValueWrongInFloat32OnlyIsCaught() =>
        Caught(() => OpProperties.Value(Same(new CopiedWrongSingle()), Device.Cpu));

    [Fact]
    public void AKernelThatIgnoresStridesIsCaught() =>
        Caught(() => OpProperties.Value(Same(new CopiedWrongStrides()), Device.Cpu));

    [Fact]
    public void WrongSpecialValuesAreCaught()
    {
        OpProperties.Value(Same(new WrongSpecialValues()), Device.Cpu);
        Caught(() => OpProperties.SpecialValues(Same(new WrongSpecialValues()), Device.Cpu));
    }

    [Fact]
    public void AWrongDerivativeIsCaughtAtBothOrders()
    {
        OpRow row = Cubed(new CubeWrongDerivative());
        OpProperties.Value(row, Device.Cpu);
        Caught(() => OpProperties.Gradient(row, Device.Cpu, 1));
        // Both modes are wrong alike: only differences tell.
        OpProperties.DotProduct(row, Device.Cpu);
    }

    [Fact]
    public void ADerivativeThatIsAConstantToTheNextIsCaughtAtSecondOrderOnly()
    {
        OpRow row = Cubed(new CubeWrongSecond());
        OpProperties.Gradient(row, Device.Cpu, 1);
        Caught(() => OpProperties.Gradient(row, Device.Cpu, 2));
    }

    [Fact]
    public void AWrongTransposeIsCaughtByTheDotProduct()
    {
        OpRow row = Same(new CopiedWrongTranspose());
        OpProperties.Value(row, Device.Cpu);
        Caught(() => OpProperties.DotProduct(row, Device.Cpu));
        Caught(() => OpProperties.Gradient(row, Device.Cpu, 1));
    }

    [Fact]
    public void ADerivativeThroughAPiecewiseConstantOpIsCaught() =>
        Caught(() => OpProperties.NoGradient(
            Same(new Copied()) with { Differentiable = false }, Device.Cpu));

    [Fact]
    public void BatchingAlongTheWrongAxisIsCaught()
    {
        OpRow row = Summed(shifted: false);
        OpProperties.Value(row, Device.Cpu);
        OpProperties.Gradient(row, Device.Cpu, 2);
        Assert.ThrowsAny<Exception>(() => OpProperties.Batched(row, Device.Cpu));
        Caught(() => OpProperties.Batched(row with { Cases = [new([4, 4])] }, Device.Cpu));
    }

    [Fact]
    public void IgnoringWhichOperandsAreBatchedIsCaught()
    {
        OpRow row = Multiplied(heedsFlags: false);
        OpProperties.Value(row, Device.Cpu);
        Assert.ThrowsAny<Exception>(() => OpProperties.Batched(row, Device.Cpu));
    }

    [Fact]
    public void AKernelWrongOnOneDeviceIsCaught()
    {
        Caught(() => OpProperties.Devices(
            Same(new CopiedWrongDevice(typeof(ReferenceBackend))), Device.Cpu));
        Caught(() => OpProperties.Devices(
            Same(new CopiedWrongDevice(typeof(Engine.Kernels.CpuBackend))), Device.Cpu));
    }

    [Fact]
    public void AnotherErrorTextAndNoErrorAreCaught()
    {
        OpRow row = Same(new Copied());
        (Func<object>, string) Call(string message) => (() => Tensor.Zeros(-1), message);
        const string text = "Shape: axis sizes are not negative, but got (-1).";
        OpProperties.ErrorTexts(row with { Errors = [Call(text)] });
        Caught(() => OpProperties.ErrorTexts(row with { Errors = [Call(text + " ")] }));
        Caught(() => OpProperties.ErrorTexts(
            row with { Errors = [(() => Tensor.Zeros(1), text)] }));
    }
}
