// Warps: bilinear reading against the plainest loops, its derivatives, affine maps and fields.
using Engine.Transfer;

namespace Engine.Tests;

/// <summary>What a warp takes.</summary>
public sealed partial record WarpInputs(Tensor Images, Tensor Positions) : ITree;

/// <summary>What places the positions of a warp.</summary>
public sealed partial record WarpMaps(Tensor Matrices, Tensor Shifts, Tensor Controls) : ITree;

public class WarpTests
{
    private static readonly Tensor Images =
        Key.From(1).Normal([2, 3, 5, 4], DType.Float64).Eval();

    private static readonly Tensor Positions = // from one and a half pixels outside
        Key.From(2).Uniform([2, 2, 3, 4], -1.5, 5.5, DType.Float64).Eval();

    [Fact]
    public void AnImageReadAtItsPixelsIsTheImage()
    {
        Tensor grid = Warp.Grid(5, 4, DType.Float64).BroadcastTo([2, 2, 5, 4]);
        Assert.Equal(0, Fake.Largest(Images, Warp.Sample(Images, grid)));
    }

    [Fact]
    public void ReadingIsTheMeanOfFourPixels()
    {
        Tensor read = Warp.Sample(Images, Positions);
        Assert.Equal<int>([2, 3, 3, 4], read.Shape.Sizes.ToArray());
        for (int n = 0; n < 2; n++)
            for (int c = 0; c < 3; c++)
                for (int i = 0; i < 3; i++)
                    for (int j = 0; j < 4; j++)
                        Assert.Equal(
                            Plain(n, c, Positions[n, 0, i, j].Item(), Positions[n, 1, i, j].Item()),
                            read[n, c, i, j].Item(), 12);

        static double Plain(int n, int c, double row, double column)
        {
            double sum = 0;
            for (int r = 0; r < 5; r++)
                for (int k = 0; k < 4; k++)
                    sum += Math.Max(0, 1 - Math.Abs(row - r))
                        * Math.Max(0, 1 - Math.Abs(column - k)) * Images[n, c, r, k].Item();
            return sum;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DerivativesAreThoseOfDifferences(int order)
    {
        Tensor weights = Key.From(3).Normal([2, 3, 3, 4], DType.Float64).Eval();
        GradCheckResult result = GradCheck.Run(
            (WarpInputs i) => (weights * Warp.Sample(i.Images, i.Positions).Sin()).Sum(),
            new WarpInputs(Images, Positions), order);
        Assert.True(result.Error < 1e-6, result.ToString());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void DerivativesOfMapsAreThoseOfDifferences(int order)
    {
        Tensor weights = Key.From(3).Normal([2, 3, 5, 4], DType.Float64).Eval();
        var maps = new WarpMaps(
            (Tensor.Eye(2, DType.Float64)
                + 0.2 * Key.From(4).Normal([2, 2, 2], DType.Float64)).Eval(),
            Key.From(5).Normal([2, 2], DType.Float64).Eval(),
            Key.From(6).Normal([2, 2, 4, 5], DType.Float64).Eval());
        GradCheckResult result = GradCheck.Run(
            (WarpMaps m) => (weights * Warp.Sample(
                Images, Warp.Affine(m.Matrices, m.Shifts, 5, 4) + Warp.Smooth(m.Controls, 5, 4))
                .Sin()).Sum(),
            maps, order);
        Assert.True(result.Error < 1e-6, result.ToString());
    }

    [Fact]
    public void AQuarterTurnIsAffine()
    {
        Tensor square = Key.From(1).Normal([1, 1, 4, 4], DType.Float64);
        Tensor turn = Tensor.From([0.0, 1, -1, 0], [1, 2, 2]);
        Tensor still = Tensor.Zeros([1, 2], DType.Float64);
        Tensor read = Warp.Sample(square, Warp.Affine(turn, still, 4, 4));
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                Assert.Equal(square[0, 0, j, 3 - i].Item(), read[0, 0, i, j].Item(), 12);
    }

    [Fact]
    public void AShiftMovesTheImage()
    {
        Tensor shift = Tensor.From([1.0, -2, 1, -2], [2, 2]);
        Tensor same = Tensor.Eye(2, DType.Float64).BroadcastTo([2, 2, 2]);
        Tensor read = Warp.Sample(Images, Warp.Affine(same, shift, 5, 4));
        Assert.Equal(Images[1, 2, 3, 1].Item(), read[1, 2, 2, 3].Item(), 12);
        Assert.Equal(0, read[0, 0, 1, 1].Item()); // read left of the border
        Assert.Equal(0, read[0, 0, 4, 3].Item()); // read below it
    }

    [Fact]
    public void FieldsKeepStraightLinesAndAreLocal()
    {
        Tensor controls = Tensor.Arange(6).Cast(DType.Float64).BroadcastTo([1, 2, 6, 6]);
        Tensor field = Warp.Smooth(controls, 10, 13);
        for (int j = 0; j < 13; j++)
            Assert.Equal(1 + (j / 12.0 * 3), field[0, 1, 4, j].Item(), 12);
        Tensor one = Tensor.Where(Tensor.Arange(6).EqualTo(0), Tensor.Ones(6, DType.Float64), 0.0);
        Tensor left = Warp.Smooth(one.BroadcastTo([1, 2, 6, 6]), 10, 13);
        Assert.True(left[0, 0, 0, 0].Item() > 0.1);
        Assert.Equal(0, left[0, 0, 0, 5].Item());
    }

    [Fact]
    public void APositionThatIsNoNumberReadsNoNumber()
    {
        Tensor nan = Tensor.Full([1, 2, 1, 1], double.NaN, DType.Float64);
        Assert.True(double.IsNaN(Warp.Sample(Images[..1], nan)[0, 0, 0, 0].Item()));
    }

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        Assert.Contains("do not fit", Fake.Error(() => Warp.Sample(Images, Positions[..1])));
        Assert.Contains("do not fit", Fake.Error(() => Warp.Sample(Images[0], Positions)));
        Assert.Contains("G of at least 4", Fake.Error(
            () => Warp.Smooth(Tensor.Zeros([1, 2, 3, 3]), 5, 5)));
    }
}
