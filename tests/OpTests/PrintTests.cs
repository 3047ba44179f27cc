// How tensors print: as NumPy does, and never by computing anything.
namespace Engine.OpTests;

public class PrintTests
{
    [Fact]
    public void ScalarsPrintBare()
    {
        Assert.Equal("1.5000", Tensor.Scalar(1.5f).ToString());
        Assert.Equal("-3", Tensor.Scalar(-3).ToString());
        Assert.Equal("True", Tensor.Scalar(true).ToString());
        Assert.Equal("nan", Tensor.Scalar(double.NaN).ToString());
    }

    [Fact]
    public void VectorsAndMatricesAlignTheirColumns()
    {
        Assert.Equal("[ 1.0000, -2.5000, 10.0000]", Tensor.From([1f, -2.5f, 10f]).ToString());
        Assert.Equal("[[  1,   2],\n [-30,   4]]",
            Tensor.From([1, 2, -30, 4], Shape.Of(2, 2)).ToString());
        Assert.Equal("[ True, False]", Tensor.From([true, false]).ToString());
        Assert.Equal("[1.50, 2.00]", Tensor.From([1.5, 2]).Format(2));
    }

    [Fact]
    public void DeeperTensorsSeparateTheirBlocks()
    {
        Tensor x = Tensor.Arange(8).Reshape(2, 2, 2).Eval();
        Assert.Equal("[[[0, 1],\n  [2, 3]],\n\n [[4, 5],\n  [6, 7]]]", x.ToString());
    }

    [Fact]
    public void NumbersThatAreNotFinitePrintByName() => Assert.Equal(
        "[   nan,    inf,   -inf, 1.0000]",
        Tensor.From([double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1]).ToString());

    [Fact]
    public void SmallLargeAndFarApartNumbersPrintWithExponents()
    {
        Assert.Equal("[1.0000e-05, 2.0000e-04]", Tensor.From([1e-5, 2e-4]).ToString());
        Assert.Equal("[1.0000e+08, 1.0000e+00]", Tensor.From([1e8, 1]).ToString());
        Assert.Equal("[0.0000e+00, 1.0000e-05]", Tensor.From([0, 1e-5]).ToString());
        Assert.Equal("1.0000e-300", Tensor.Scalar(1e-300).ToString());
        Assert.Equal("[0.0000, 0.0000]", Tensor.From([0.0, 0]).ToString());
    }

    [Fact]
    public void EmptyTensorsPrintBrackets()
    {
        Assert.Equal("[]", Tensor.From(Array.Empty<float>()).ToString());
        Assert.Equal("[[],\n []]", Tensor.Zeros([2, 0]).Eval().ToString());
    }

    [Fact]
    public void LargeIntegersKeepEveryDigit() => Assert.Equal(
        "[    9007199254740993, -9223372036854775808]",
        Tensor.From([9007199254740993L, long.MinValue]).ToString());

    [Fact]
    public void LongAxesLeaveOutTheirMiddle()
    {
        Assert.Equal("[   0,    1,    2, ..., 1998, 1999, 2000]",
            Tensor.Arange(2001).Eval().ToString());
        Assert.Equal("[[   0,    1,    2, ...,  398,  399,  400],\n"
            + " [ 401,  402,  403, ...,  799,  800,  801],\n"
            + " [ 802,  803,  804, ..., 1200, 1201, 1202]]",
            Tensor.Arange(1203).Reshape(3, 401).Eval().ToString());
        string many = Tensor.Zeros([40, 40]).Eval().ToString();
        Assert.Equal(7, many.Split('\n').Length);
        Assert.Contains("\n ...,\n", many);
        Assert.DoesNotContain("...", Tensor.Zeros(1000).Eval().ToString());
    }

    [Fact]
    public void WhatIsLeftOutDoesNotChangeTheColumns()
    {
        var values = new double[2000];
        values[1000] = 1e12;
        Assert.StartsWith("[0.0000, 0.0000, ", Tensor.From(values).ToString());
    }

    [Fact]
    public void ATensorOfManyElementsPrintsAtOnce() =>
        Assert.True(Tensor.Ones([1 << 24]).Eval().ToString().Length < 100);

    [Fact]
    public void APendingTensorIsNotComputed()
    {
        var backend = new ReferenceBackend();
        Tensor x = Tensor.From([1f, 2f]).To(new Device(backend));
        Tensor y = x.Exp();
        Assert.Equal("float32(2) = Exp (not computed)", y.ToString());
        Assert.Equal(0, backend.Calls);
        Assert.Equal("[2.7183, 7.3891]", y.Eval().ToString());
        int calls = backend.Calls;
        Assert.Equal("bool(2) = Less (not computed)", (y < 3).ToString());
        Assert.Equal(calls, backend.Calls);
    }

    [Fact]
    public void APlaceholderPrintsWithinATransform()
    {
        string text = "";
        Vmap.Of((Tensor t) =>
        {
            text = (t * 2).ToString();
            return t;
        })(Tensor.Ones([3, 2]));
        Assert.Equal("float32(2) = Mul (not computed)", text);
    }
}
