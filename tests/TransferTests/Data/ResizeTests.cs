// Resized images: against values worked out by hand, and against a plain matrix for each axis.
using Engine.Data;

namespace Engine.Tests.Data;

public class ResizeTests
{
    private static float[] Resized(float[] image, int channels, int h, int w, int height, int width)
    {
        var set = LabelledSet.FromFloats(
            "image", new[] { channels, h, w }, image, [0], ["only"]);
        LabelledSet resized = set.Resize(height, width);
        Assert.Equal($"({channels}, {height}, {width})", $"{resized.Shape}");
        return resized.All().X.ToArray<float>();
    }

    // torch.nn.functional.interpolate(..., mode="bilinear", align_corners=False, antialias=True)
    // takes the same sums: PyTorch's documentation of half-pixel centres.
    [Fact]
    public void HalfPixelCentresWhenGrowing()
    {
        // Centres of four pixels on two: 0.25, 0.75, 1.25 and 1.75, between 0.5 and 1.5.
        Assert.Equal([0f, 1, 3, 4], Resized([0, 4], 1, 1, 2, 1, 4));
        Assert.Equal(
            [0f, 1, 3, 4, 2, 3, 5, 6, 6, 7, 9, 10, 8, 9, 11, 12],
            Resized([0, 4, 8, 12], 1, 2, 2, 4, 4));
    }

    [Fact]
    public void EveryPixelCountsWhenShrinking()
    {
        // The triangle is four pixels wide: 1/8, 3/8, 3/8, 1/8 within, 3/7, 3/7, 1/7 at the edge.
        float[] halved = Resized([7, 14, 21, 56, 0, 70], 1, 1, 6, 1, 3);
        Assert.Equal(3 * 7f / 7 + 3 * 14f / 7 + 21f / 7, halved[0], 1e-4);
        Assert.Equal((14f + 3 * 21 + 3 * 56 + 0) / 8, halved[1], 1e-4);
        Assert.Equal((56f + 3 * 0 + 3 * 70) / 7, halved[2], 1e-4);
    }

    [Theory]
    [InlineData(8, 6, 28, 28)]
    [InlineData(28, 28, 16, 16)]
    [InlineData(5, 9, 7, 4)]
    public void AnImageIsAProductOnEachSide(int h, int w, int height, int width)
    {
        Tensor image = Key.From(h).Uniform([3, h, w]).Cast(DType.Float64);
        Tensor expected = Matrix(h, height).MatMul(image).MatMul(Matrix(w, width).Transpose());
        float[] got = Resized(
            image.Cast(DType.Float32).ToArray<float>(), 3, h, w, height, width);
        double[] wanted = expected.ToArray<double>();
        for (int i = 0; i < got.Length; i++) Assert.Equal(wanted[i], got[i], 1e-6);
    }

    [Fact]
    public void OneSizeStaysAsItIs()
    {
        var set = LabelledSet.FromBytes("image", new[] { 1, 2, 2 }, [1, 2, 3, 4], 4, [0], ["a"]);
        Assert.Same(set, set.Resize(2, 2));
    }

    /// <summary>Triangles about the new pixels' centres, in rows that add up to 1.</summary>
    private static Tensor Matrix(int from, int to)
    {
        double scale = (double)from / to, reach = Math.Max(1, scale);
        var matrix = new double[to, from];
        for (int i = 0; i < to; i++)
            for (int j = 0; j < from; j++)
                matrix[i, j] = Math.Max(0, 1 - Math.Abs(j + 0.5 - (i + 0.5) * scale) / reach);
        Tensor rows = Tensor.From(matrix);
        return rows / rows.Sum(1, keepDims: true);
    }
}
