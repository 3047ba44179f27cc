// The five element types: what each can do, casts both ways, and what numbers of C# become.
namespace Engine.OpTests;

public class DTypeTests
{
    private static string Error(Func<object> call) =>
        Assert.Throws<EngineException>(call).Message;

    [Fact]
    public void IntegerArithmeticIsExactAndKeepsItsType()
    {
        Tensor a = Tensor.From([1, -2, int.MaxValue]), b = Tensor.From([3, 4, 1]);
        Assert.Equal([4, 2, int.MinValue], (a + b).ToArray<int>()); // wraps, as in C#
        Assert.Equal([-2, -6, int.MaxValue - 1], (a - b).ToArray<int>());
        Assert.Equal([3, -8, int.MaxValue], (a * b).ToArray<int>());
        Assert.Equal([-1, 2, -int.MaxValue], (-a).ToArray<int>());
        Assert.Equal([1, 2, int.MaxValue], a.Abs().ToArray<int>());
        Assert.Equal([1, -1, 1], a.Sign().ToArray<int>());
        Assert.Equal([3, 4, int.MaxValue], Tensor.Maximum(a, b).ToArray<int>());
        long big = (1L << 53) + 1;
        Tensor c = Tensor.From([big, -big]);
        Assert.Equal([big + 2, 2 - big], (c + 2).ToArray<long>());
        Assert.Equal([3 * big, -3 * big], (c * 3).ToArray<long>());
    }

    [Fact]
    public void IntegerReductionsAreExact()
    {
        long big = (1L << 53) + 1;
        Tensor x = Tensor.From([big, 1, -big, 5], Shape.Of(2, 2));
        Assert.Equal(6, x.Sum().Item<long>());
        Assert.Equal([big + 1, 5 - big], x.Sum(1).ToArray<long>());
        Assert.Equal(big, x.Max().Item<long>());
        Assert.Equal([-big, 1], x.Min(0).ToArray<long>());
        Assert.Equal([0L, 1], x.ArgMax(1).ToArray<long>());
        Assert.Equal(DType.Int32, Tensor.From([1, 2]).Sum().DType);
        Assert.Equal(0, Tensor.Zeros(0, DType.Int32).Sum().Item<int>());
        Assert.Equal("Mean: needs float32 or float64, but got int64 (2, 2). Use "
            + ".Cast(DType.Float32).", Error(() => x.Mean()));
        Assert.Equal("Sum: needs a number type, but got bool (2). Use .Cast(DType.Float32), or "
            + "Where to choose by a mask.", Error(() => Tensor.From([true, false]).Sum()));
    }

    [Theory]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void ComparisonsGiveMasks(DType type)
    {
        Tensor a = Tensor.From([1, 2, 3]).Cast(type), b = Tensor.From([2, 2, 2]).Cast(type);
        Assert.Equal([true, false, false], (a < b).ToArray<bool>());
        Assert.Equal([true, true, false], (a <= b).ToArray<bool>());
        Assert.Equal([false, false, true], (a > b).ToArray<bool>());
        Assert.Equal([false, true, true], (a >= 2).ToArray<bool>());
        Assert.Equal([false, true, false], a.EqualTo(b).ToArray<bool>());
        Assert.Equal([true, false, true], a.NotEqualTo(2).ToArray<bool>());
        Assert.Equal([2, 2, 3], Tensor.Where(a < b, b, a).Cast(DType.Int32).ToArray<int>());
    }

    [Fact]
    public void MasksCombine()
    {
        Tensor p = Tensor.From([true, true, false, false]);
        Tensor q = Tensor.From([true, false, true, false]);
        Assert.Equal([true, false, false, false], (p & q).ToArray<bool>());
        Assert.Equal([true, true, true, false], (p | q).ToArray<bool>());
        Assert.Equal([false, false, true, true], (!p).ToArray<bool>());
        Assert.Equal([true, false, false, true], p.EqualTo(q).ToArray<bool>());
        Assert.Equal([true, false, false, true], Tensor.Where(p, q, !q).ToArray<bool>());
        // A wide mask (of doubles) meets a narrow one (of floats), fused into one step.
        Tensor x = Tensor.From([1.0, -1]), y = Tensor.From([1f, 1]);
        Assert.Equal([true, false], ((x > 0) & (y > 0)).ToArray<bool>());
        Assert.Equal([2f, 0], Tensor.Where(x > 0, 2 * y, 0).ToArray<float>());
        Assert.Equal("And: needs a bool mask, but got int32 (1). Compare first, for example x > 0.",
            Error(() => Tensor.From([1]) & Tensor.From([true])));
    }

    public static TheoryData<DType, DType> Pairs()
    {
        var pairs = new TheoryData<DType, DType>();
        foreach (DType from in Enum.GetValues<DType>())
            foreach (DType to in Enum.GetValues<DType>())
                pairs.Add(from, to);
        return pairs;
    }

    [Theory, MemberData(nameof(Pairs))]
    public void CastsKeepWhatTheTargetHolds(DType from, DType to)
    {
        // 37 elements: whole vectors of every width and a tail.
        double[] values = [.. Enumerable.Range(0, 37).Select(i => i % 5 == 0 ? 0.0 : i - 18)];
        Tensor x = Tensor.From(values).Cast(from), y = x.Cast(to);
        Assert.Equal(to, y.DType);
        bool masks = from == DType.Bool || to == DType.Bool;
        double[] expected = masks ? [.. values.Select(v => v != 0 ? 1.0 : 0)] : values;
        Assert.Equal(expected, y.ToDoubles());
        Assert.Equal(expected, x.Eval().Cast(to).Eval().ToDoubles());
    }

    [Fact]
    public void CastsFromFloatsTruncateAndSaturate()
    {
        double[] values = [1.9, -1.9, 1e30, -1e30, double.NaN, double.PositiveInfinity];
        Assert.Equal([1, -1, int.MaxValue, int.MinValue, 0, int.MaxValue],
            Tensor.From(values).Cast(DType.Int32).ToArray<int>());
        Assert.Equal([1, -1, long.MaxValue, long.MinValue, 0, long.MaxValue],
            Tensor.From(values).Cast(DType.Int64).ToArray<long>());
        Assert.Equal([true, true, true, true, true, true],
            Tensor.From(values).Cast(DType.Bool).ToArray<bool>());
        Assert.Equal([false, false], Tensor.From([0.0, -0.0]).Cast(DType.Bool).ToArray<bool>());
        Assert.Equal([true], Tensor.From([1e-300]).Cast(DType.Bool).ToArray<bool>());
        Assert.Equal([1L << 40],
            Tensor.From([1L << 40]).Cast(DType.Float32).Cast(DType.Int64).ToArray<long>());
    }

    [Fact]
    public void NumbersTakeTheTensorsType()
    {
        Assert.Equal(DType.Float32, (Tensor.Scalar(1f) + 0.5).DType);
        Assert.Equal(DType.Float64, (0.1 * Tensor.Scalar(1.0)).DType);
        Assert.Equal(0.1, (0.1 * Tensor.Scalar(1.0)).Item<double>());
        Assert.Equal([3, 4], (Tensor.From([1, 2]) + 2).ToArray<int>());
        Assert.Equal([4L, 3], (5 - Tensor.From([1L, 2])).ToArray<long>());
        Assert.Equal("Add: the scalar 0.5 has no int32 value. Cast the tensor to float32 first.",
            Error(() => Tensor.From([1, 2]) + 0.5));
        Assert.Equal("Mul: the scalar 0.5 has no int64 value. Cast the tensor to float32 first.",
            Error(() => 0.5 * Tensor.From([1L])));
        Assert.Equal(
            "Add: the scalar 3000000000 has no int32 value. Cast the tensor to float32 first.",
            Error(() => Tensor.From([1]) + 3e9));
        Assert.Equal("Less: the scalar NaN has no int32 value. Cast the tensor to float32 first.",
            Error(() => Tensor.From([1]) < double.NaN));
        Assert.Equal("Div: needs float32 or float64, but got int32 (1). Use .Cast(DType.Float32).",
            Error(() => Tensor.From([1]) / Tensor.From([1])));
    }

    [Fact]
    public void WholeBoundsAreExact()
    {
        const long odd = (1L << 53) + 1; // no double
        Tensor x = Tensor.From([-1L, odd - 1, odd, odd + 1, long.MaxValue]);
        Assert.Equal([odd, odd, odd, odd, odd], x.Clip(odd, odd).ToArray<long>());
        Assert.Equal([-1, odd - 1, odd, odd, odd], x.Clip(max: odd).ToArray<long>());
        Assert.Equal([0, odd - 1, odd, odd + 1, long.MaxValue],
            x.Clip(0, long.MaxValue).ToArray<long>());
        Tensor floats = Tensor.From([-0.5, 0.75, 2]);
        Assert.Equal([0, 0.75, 1], floats.Clip(0, 1).ToDoubles());
        Assert.Equal([0, 0.75, 1.5], floats.Clip(0, 1.5).ToDoubles());
        Assert.Equal([0.5, 0.75, 2], floats.Clip(min: 0.5).ToDoubles());
        Assert.Equal([-0.5, 0.75, 1], floats.Clip(max: 1).ToDoubles());
        Assert.Equal([-0.5, 0.75, 1], floats.Clip(null, 1).ToDoubles());
    }

    [Fact]
    public void NumbersOfInt64KeepAllTheirBits()
    {
        const long odd = (1L << 53) + 1; // no double
        Tensor x = Tensor.From([1L, odd]), huge = Tensor.From([long.MaxValue, long.MinValue]);
        Assert.Equal([odd + 1, 2 * odd], (x + odd).ToArray<long>());
        Assert.Equal([odd + 1, 2 * odd], (odd + x).ToArray<long>());
        Assert.Equal([1 - odd, 0], (x - odd).ToArray<long>());
        Assert.Equal([odd - 1, 0], (odd - x).ToArray<long>());
        Assert.Equal([odd, 7 * odd], (Tensor.From([1L, 7]) * odd).ToArray<long>());
        Assert.Equal([odd, 7 * odd], (odd * Tensor.From([1L, 7])).ToArray<long>());
        Assert.Equal([false, true], x.EqualTo(odd).ToArray<bool>());
        Assert.Equal([true, true], x.NotEqualTo(odd - 1).ToArray<bool>());
        Assert.Equal([true, false], (x < odd).ToArray<bool>());
        Assert.Equal([true, true], (x <= odd).ToArray<bool>());
        Assert.Equal([false, false], (x > odd).ToArray<bool>());
        Assert.Equal([false, true], (x >= odd).ToArray<bool>());
        Assert.Equal([odd, odd], Tensor.Maximum(x, odd).ToArray<long>());
        Assert.Equal([1, odd], Tensor.Minimum(x, odd).ToArray<long>());
        Assert.Equal([1, odd], Tensor.Where(x < 2, x, odd).ToArray<long>());
        Assert.Equal([odd, odd], Tensor.Where(x < 2, odd, x).ToArray<long>());
        Assert.Equal([odd], Tensor.Full(1, odd, DType.Int64).ToArray<long>());
        Assert.Equal([true, false], huge.EqualTo(long.MaxValue).ToArray<bool>());
        Assert.Equal([false, true], huge.EqualTo(long.MinValue).ToArray<bool>());
    }

    [Fact]
    public void NumbersBeyondATypeAreErrorsAndWholeOnesSuitFloats()
    {
        const string rest = " value. Cast the tensor to float32 first.";
        Assert.Equal("Add: the scalar 9.223372036854776E+18 has no int64" + rest,
            Error(() => Tensor.From([1L]) + 9223372036854775808.0));
        Assert.Equal([long.MinValue], (Tensor.From([0L]) + -9223372036854775808.0).ToArray<long>());
        Assert.Equal("Add: the scalar 2147483648 has no int32" + rest,
            Error(() => Tensor.From([1]) + 2147483648L));
        Assert.Equal("Full: the scalar 2 has no bool" + rest,
            Error(() => Tensor.Full(1, 2, DType.Bool)));
        Assert.Equal([3.5f, 4.5f], (2 + Tensor.From([1.5f, 2.5f])).ToArray<float>());
        Assert.Equal([-3.0], (-2L * Tensor.From([1.5])).ToArray<double>());
        // As C# converts: by way of double.
        const long number = (1L << 60) + (1L << 36) + 1;
        Assert.Equal([(float)(double)number], Tensor.Full(1, number).ToArray<float>());
        Assert.Equal([(double)number], Tensor.Full(1, number, DType.Float64).ToArray<double>());
    }

    [Fact]
    public void TypesDoNotMixSilently()
    {
        Tensor single = Tensor.Zeros(2), wide = Tensor.Zeros(2, DType.Float64);
        const string rest = " differ. Cast one operand, for example with .Cast(DType.Float32).";
        Assert.Equal("Add: dtypes float32 (2) and float64 (2)" + rest, Error(() => single + wide));
        Assert.Equal("MatMul: dtypes float32 (2) and float64 (2)" + rest,
            Error(() => single.MatMul(wide)));
        Assert.Equal("Concat: dtypes float32 (2) and float64 (2)" + rest,
            Error(() => Tensor.Concat([single, wide])));
        Assert.Equal("Where: dtypes float32 (2) and float64 (2)" + rest,
            Error(() => Tensor.Where(single < 0, single, wide)));
        Assert.Equal("Conv2d: dtypes float32 (1, 1, 1, 1) and float64 (1, 1, 1, 1)" + rest, Error(
            () => Tensor.Zeros([1, 1, 1, 1]).Conv2d(Tensor.Zeros([1, 1, 1, 1], DType.Float64))));
    }

    [Theory]
    [InlineData(DType.Bool)]
    [InlineData(DType.Int32)]
    [InlineData(DType.Int64)]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void MovementKeepsTheBitsOfEveryType(DType type)
    {
        Tensor x = Tensor.Arange(24).Cast(type).Reshape(2, 3, 4);
        double[] expected = x.ToDoubles();
        Tensor moved = x.Transpose(2, 0, 1).Eval().Transpose(1, 2, 0);
        Assert.Equal(expected, moved.ToDoubles());
        Tensor parts = Tensor.Concat([x[.., ..1], x[.., 1..]], 1).Flip().Eval().Flip();
        Assert.Equal(expected, parts.ToDoubles());
        Assert.Equal(expected[..12], x.Take(Tensor.From([0])).ToDoubles());
        Assert.Equal(type, x.Pad([1, 0, 0], [0, 0, 2]).Eval().DType);
    }
}
