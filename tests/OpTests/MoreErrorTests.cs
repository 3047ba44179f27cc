// Misuse of shapes, axes, indices and types: one line that names the op, says what is wrong and
// what to do; never a crash, never a silent overflow. Texts of ops stand in the op table too.
namespace Engine.OpTests;

public class MoreErrorTests
{
    private static Tensor Of(params int[] sizes) => Tensor.Zeros(sizes);

    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void ConvolutionGeometry()
    {
        Tensor x = Of(1, 3, 8, 8), w = Of(4, 3, 3, 3);
        Assert.Equal("Conv2d: stride (0, 0), dilation (1, 1) and groups 1 must be at least 1, "
            + "padding (0, 0) at least 0.", Error(() => x.Conv2d(w, stride: 0)));
        Assert.Equal("Conv2d: stride (1, 1), dilation (1, 1) and groups 1 must be at least 1, "
            + "padding (-1, -1) at least 0.", Error(() => x.Conv2d(w, padding: -1)));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(w, dilation: 0)));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(w, groups: 0)));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(w, groups: 2)));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(Of(4, 3, 0, 3))));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(w, padding: int.MaxValue)));
        Assert.StartsWith("Conv2d: ", Error(() => x.Conv2d(w, dilation: int.MaxValue)));
        Assert.Equal("Conv2d: needs float32 or float64, but got int64 (1, 3, 8, 8). Use "
            + ".Cast(DType.Float32).", Error(() => x.Cast(DType.Int64).Conv2d(w)));
        Assert.StartsWith("Eval: cpu has no room",
            Error(() => x.Conv2d(w, stride: 60_000, padding: 60_000).Eval()));
        // 65536 * 65536 channels are 0 modulo 2^32, as many as the images have.
        Assert.StartsWith("Conv2d: images (1, 0, 2, 2) have 0 channels",
            Error(() => Of(1, 0, 2, 2).Conv2d(Of(65536, 65536, 1, 1), groups: 65536)));
    }

    [Fact]
    public void WindowsAreCountedWithoutOverflow()
    {
        Tensor x = Of(1, 1, 2, 2);
        Assert.Equal("Unfold: an axis of 2147483650 elements is longer than 2147483647.",
            Error(() => x.Unfold(1, padding: 1 << 30)));
        Assert.Equal("Unfold: window 1, stride 1 and dilation 1 must be at least 1, padding "
            + "-2147483648 at least 0.", Error(() => x.Unfold(1, padding: int.MinValue)));
        Assert.Equal("Unfold: an axis of 4294967296 elements is longer than 2147483647.",
            Error(() => x.Unfold(65536, padding: 65536)));
        Assert.Equal("Unfold: an axis of 4295098369 elements is longer than 2147483647.",
            Error(() => Of(1, 1, 1, 1).BroadcastTo([1, 1, 65537, 65537]).Unfold(1)));
    }

    [Fact]
    public void PoolingWindows()
    {
        Tensor x = Of(1, 1, 4, 4);
        Assert.Equal("MaxPool2d: window 0 and stride 0 must be at least 1, padding 0 between 0 and "
            + "half the window.", Error(() => x.MaxPool2d(0)));
        Assert.Equal("AvgPool2d: window 2 and stride -1 must be at least 1, padding 0 between 0 "
            + "and half the window.", Error(() => x.AvgPool2d(2, -1)));
        Assert.Equal("MaxPool2d: window 2 and stride 2 must be at least 1, padding 2 between 0 and "
            + "half the window.", Error(() => x.MaxPool2d(2, padding: 2)));
        Assert.StartsWith("MaxPool2d: ", Error(() => x.MaxPool2d(3, padding: int.MaxValue)));
        Assert.Equal("AvgPool2d: needs 4 axes (N, C, H, W), but got shape (4, 4). Reshape it.",
            Error(() => Of(4, 4).AvgPool2d(2)));
    }

    [Fact]
    public void ReadingValues()
    {
        Assert.Equal("Item: shape (2, 3) has 6 elements, not one. Index or reduce it first, or use "
            + "ToArray.", Error(() => Of(2, 3).Item()));
        Assert.StartsWith("Item: shape (0) has 0 elements", Error(() => Of(0).Item<float>()));
        Assert.Equal("ToArray: elements of float32 (2) are not Double. Use the type that stores "
            + "them, or Cast first.", Error(() => Of(2).ToArray<double>()));
        Assert.StartsWith("ToArray: elements of int64 () are not Int32.",
            Error(() => Tensor.Scalar(1L).Item<int>()));
        Assert.Equal("From: shape (2, 2) needs 4 values, but got 3. Give as many values as the "
            + "sizes multiply to.", Error(() => Tensor.From([1f, 2, 3], Shape.Of(2, 2))));
        Assert.StartsWith("DType: Byte is not an element type.",
            Assert.Throws<ArgumentException>(() => Tensor.From(new byte[1])).Message);
        Assert.Equal("FromRaw: float32 (2) takes 8 bytes, but got 7.",
            Error(() => Tensor.FromRaw(new byte[7], 2, DType.Float32)));
        Assert.Equal("FromRaw: bool (1) holds a byte other than 0 and 1.",
            Error(() => Tensor.FromRaw([2], 1, DType.Bool)));
    }

    [Fact]
    public void ShapesAreBounded()
    {
        Assert.Equal("Shape: axis sizes are not negative, but got (2, -1).",
            Error(() => Tensor.Zeros([2, -1])));
        Assert.Equal("Shape: (65536, 65536, 65536, 65536) has more than 2^59 elements. Use smaller "
            + "sizes.", Error(() => Tensor.Zeros([65536, 65536, 65536, 65536])));
        Assert.Equal(0, Of(0, 65536, 65536).Count);
        int[] ones = [.. Enumerable.Repeat(1, 33)];
        Assert.Equal($"Shape: at most 32 axes, but got 33: ({string.Join(", ", ones)}).",
            Error(() => Of(1).Reshape(ones)));
        Tensor deep = Of(2).Reshape([.. ones[..31], 2]); // the most there is
        Assert.StartsWith("Shape: at most 32 axes", Error(() => deep.ExpandDims(0)));
        Assert.StartsWith("Shape: at most 32 axes", Error(() => Vmap.Of((Tensor t) =>
            t.Reshape(ones[..32]) + 1)(Of(3, 1))));
    }

    [Fact]
    public void TensorsOfManyAxesWork()
    {
        int[] sizes = [.. Enumerable.Range(0, 32).Select(i => i % 8 == 0 ? 2 : 1)];
        Tensor x = Tensor.Arange(16, DType.Float64).Reshape(sizes);
        Tensor y = (x.Transpose() + x.Transpose().Flip()).Exp().Log();
        Assert.All(y.ToArray<double>(), v => Assert.Equal(15, v, 12));
        Assert.Equal(120, x.Sum([.. Enumerable.Range(0, 32)]).Item());
        Assert.Equal(x.ToArray<double>(), x.Transpose().Eval().Transpose().ToArray<double>());
    }

    [Fact]
    public void ReshapeCountsWithoutOverflow()
    {
        Assert.Equal("Reshape: shape (6) has 6 elements, which (4, -1) cannot hold. Sizes must "
            + "multiply to 6; one may be -1.", Error(() => Of(6).Reshape(4, -1)));
        Assert.StartsWith("Reshape: ", Error(() => Of(6).Reshape(-1, -1)));
        Assert.StartsWith("Reshape: ", Error(() => Of(6).Reshape(-2, -3)));
        Assert.StartsWith("Reshape: ", Error(() => Of(0).Reshape(0, -1)));
        // These multiply to 0 and to 6 modulo 2^64.
        Assert.StartsWith("Reshape: ", Error(() => Of(0).Reshape(65536, 65536, 65536, 65536)));
        Assert.StartsWith("Reshape: ",
            Error(() => Of(2).Reshape(1 << 30, 1 << 30, 1 << 30, 1 << 30, -1)));
        Assert.Equal("Flatten: an axis of 4294967296 elements is longer than 2147483647.",
            Error(() => Of(1, 1).BroadcastTo([65536, 65536]).Flatten()));
        Assert.Equal("Concat: an axis of 4000000000 elements is longer than 2147483647.", Error(
            () => Tensor.Concat(
                [Of(1).BroadcastTo(2_000_000_000), Of(1).BroadcastTo(2_000_000_000)])));
        Assert.Equal("Pad: an axis of 4294967297 elements is longer than 2147483647.",
            Error(() => Of(3).Pad([int.MaxValue], [int.MaxValue])));
        Assert.Equal([0f], Of(5).Slice([0], [5], [int.MaxValue]).ToArray<float>());
    }

    [Fact]
    public void RowsAreCountedWithoutOverflow()
    {
        const string many = ": an axis of 4294967296 elements is longer than 2147483647.";
        Tensor x = Of(1, 1, 1).BroadcastTo([65536, 65536, 2]), first = Tensor.From([0L]);
        Tensor index = Tensor.Zeros([65536, 65536, 1], DType.Int64);
        Assert.Equal("Take" + many, Error(() => x.Take(first, 2)));
        Assert.Equal("Take" + many, Error(() => Of(3).Take(index)));
        Assert.Equal("TakeAlongAxis" + many, Error(() => x.TakeAlongAxis(index)));
        Assert.Equal("ScatterAdd" + many,
            Error(() => x.ScatterAdd(index, Tensor.Zeros(index.Shape))));
        Tensor matrices = Of(1, 1, 1, 1).BroadcastTo([65536, 65536, 1, 1]);
        Assert.Equal("Solve" + many, Error(() => matrices.Solve(matrices)));
        // Rows of a batch, of which the last axis leaves nothing to compute.
        Tensor batch = Of(65536, 65536, 2, 0);
        Assert.Equal("Take" + many, Error(() => Vmap.Of((Tensor t) => t.Take(first, 1))(batch)));
        Assert.Equal("MatMul" + many,
            Error(() => Vmap.Of((Tensor t) => t.MatMul(Of(0, 0)))(Of(65536, 65536, 0))));
    }

    [Fact]
    public void IndicesOutOfRangeNameTheOpTheIndexAndTheRange()
    {
        Tensor x = Of(3, 5), bad = Tensor.From([1L, 5]);
        Assert.Equal("Take: index 5 at (0, 1) is outside 0 .. 4.",
            Error(() => x.Take(bad, 1).Eval()));
        Assert.Equal("Take: index -1 at (0, 0) is outside 0 .. 2.",
            Error(() => x.Take(Tensor.From([-1])).Eval()));
        Assert.Equal("TakeAlongAxis: index 5 at (1, 0) is outside 0 .. 4.",
            Error(() => x.TakeAlongAxis(Tensor.From([0L, 5, 2], Shape.Of(3, 1)), 1).Eval()));
        Assert.Equal("Take: index 5 at (0, 1) is outside 0 .. 4.", // in a gradient too
            Error(() => Grad.Of((Tensor t) => t.Take(bad, 1).Sum())(x)));
        Assert.Equal("Take: index 0 at (0, 0) is outside 0 .. -1.",
            Error(() => Of(0, 2).Take(Tensor.From([0L])).Eval()));
        Assert.Equal("Take: axis 2 is out of range for shape (3, 5); it must lie in -2..1.",
            Error(() => x.Take(bad, 2)));
        Assert.Equal("Slice: index 3 is outside axis 0 of shape (3, 5); it must lie in -3..2.",
            Error(() => x[3]));
        Assert.Equal("Slice: index -4 is outside axis 0 of shape (3, 5); it must lie in -3..2.",
            Error(() => x[-4]));
        Assert.Equal("Slice: index ^0 is outside axis 1 of shape (3, 5); it must lie in -5..4.",
            Error(() => x[.., ^0]));
        Assert.Equal("Slice: index 0 is outside axis 0 of shape (0, 2); it is empty.",
            Error(() => Of(0, 2)[0, ..]));
        Assert.Equal("Slice: index -2147483648 is outside axis 1 of shape (3, 5); it must lie in "
            + "-5..4.", Error(() => x[0, int.MinValue]));
        Assert.Equal("Slice: 3 indices for the 2 axes of shape (3, 5). Give at most one per axis.",
            Error(() => x[0, .., 1]));
        Assert.Equal("Slice: range 2..6 does not lie within axis 1 of shape (3, 5). Bounds must "
            + "satisfy 0 <= start <= end <= 5.", Error(() => x[.., 2..6]));
        Assert.Equal("Slice: a scalar has no first axis to index.", Error(() => Of()[0]));
    }

    [Fact]
    public void AxesOutOfRange()
    {
        foreach (int axis in (int[])[2, -3, int.MinValue, int.MaxValue])
        {
            string range = $"axis {axis} is out of range for shape (2, 3); it must lie in -2..1.";
            Assert.Equal("Sum: " + range, Error(() => Of(2, 3).Sum(axis)));
            Assert.Equal("Max: " + range, Error(() => Of(2, 3).Max(axis)));
            Assert.Equal("Softmax: " + range, Error(() => Of(2, 3).Softmax(axis)));
            Assert.Equal("Flip: " + range, Error(() => Of(2, 3).Flip(axis)));
            Assert.Equal("SwapAxes: " + range, Error(() => Of(2, 3).SwapAxes(0, axis)));
            Assert.Equal("Concat: " + range, Error(() => Tensor.Concat([Of(2, 3)], axis)));
            Assert.Equal($"Vmap: axis {axis} is out of range for argument 0 float32 (2, 3). Share "
                + "what has no batch axis: Axis.Shared, or null in Axis.By.",
                Error(() => Vmap.Of((Tensor t) => t, (int?)axis)(Of(2, 3))));
        }
        Assert.Equal("Sum: axis 1 is named twice in [1, -1]. Name it once.",
            Error(() => Of(2, 3).Sum([1, -1])));
        Assert.Equal("ArgSort: axis -1 is out of range for shape (); a scalar has no axes.",
            Error(() => Of().ArgSort()));
        Assert.Equal("Transpose: [0, 0] is not a permutation of the 2 axes of shape (2, 3). Name "
            + "each axis once.", Error(() => Of(2, 3).Transpose(0, 0)));
    }

    [Fact]
    public void ValuesThatDoNotExist()
    {
        Assert.Equal(
            "Max: axes [1] of shape (2, 0) hold no elements. A mean or extremum needs at least one.",
            Error(() => Of(2, 0).Max(1)));
        Assert.Equal(
            "Mean: axes [0] of shape (0) hold no elements. A mean or extremum needs at least one.",
            Error(() => Of(0).Mean()));
        Assert.Equal("Var: axes [0] of shape (1) hold 1 elements, and the correction 1 leaves "
            + "none. Reduce more axes or correct by less.", Error(() => Of(1).Var(correction: 1)));
        Assert.Equal("Concat: no tensors given. Give at least one.",
            Error(() => Tensor.Concat([])));
        Assert.Equal("Arange: cannot make -1 numbers. Give 0 or more.",
            Error(() => Tensor.Arange(-1)));
    }

    [Fact]
    public void MoreThanTheMemoryThereIs()
    {
        string message = Error(() => Of(1).BroadcastTo([1 << 25, 1 << 25]).Eval());
        Assert.StartsWith("Eval: cpu has no room for", message);
        Assert.Equal(1 << 25, Of(1, 1).BroadcastTo([1 << 25, 1 << 25])[0].Sum().Item() + (1 << 25));
    }
}
