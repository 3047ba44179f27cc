// Moving the pixels of images, as a tensor program: positions to read at, by an affine map and by a
// smooth field, and bilinear reading (Jaderberg et al., "Spatial Transformer Networks", 2015). All
// of it can be differentiated, to any order, in images and positions.
namespace Engine.Transfer;

/// <summary>
/// Warps of images. A position is a row and a column in pixels: (0, 0) is the centre of the first
/// pixel.
/// </summary>
public static class Warp
{
    /// <summary>
    /// Images (N, C, H, W) read at positions (N, 2, R, S), to (N, C, R, S): between four pixels,
    /// the bilinear mean of them; beyond the border all is 0 (equation 5 of the paper). Where a
    /// position lies on a pixel, its derivative is that to the right and below.
    /// </summary>
    /// <exception cref="EngineException">The shapes do not fit.</exception>
    public static Tensor Sample(Tensor images, Tensor positions)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(positions);
        if (images.Shape.Rank != 4 || positions.Shape.Rank != 4 || positions.Shape[1] != 2
            || positions.Shape[0] != images.Shape[0])
            throw Errors.Fail("Warp", $"images {images.Shape} and positions {positions.Shape} do "
                + "not fit. Give images (N, C, H, W) and positions (N, 2, R, S).");
        int n = images.Shape[0], channels = images.Shape[1];
        int height = images.Shape[2], width = images.Shape[3];
        int rows = positions.Shape[2], columns = positions.Shape[3], points = rows * columns;
        Tensor pixels = images.Reshape(n, channels, height * width);
        Tensor row = positions[.., 0].Reshape(n, points);
        Tensor column = positions[.., 1].Reshape(n, points);
        Tensor top = row.StopGradient().Floor(), left = column.StopGradient().Floor();
        Tensor down = row - top, right = column - left;
        Tensor mean = Corner(0, 0, (1 - down) * (1 - right)) + Corner(0, 1, (1 - down) * right)
            + Corner(1, 0, down * (1 - right)) + Corner(1, 1, down * right);
        return mean.Reshape(n, channels, rows, columns);

        Tensor Corner(int below, int beside, Tensor weight)
        {
            Tensor r = top + below, c = left + beside;
            Tensor inside = (r >= 0) & (r <= height - 1) & (c >= 0) & (c <= width - 1);
            // What lies outside, or is no number at all, reads the first pixel.
            Tensor place = Tensor.Where(inside, r * width + c, 0.0).Cast(DType.Int64)
                .ExpandDims(1).BroadcastTo([n, channels, points]);
            Tensor weighs = Tensor.Where(inside | row.IsNaN() | column.IsNaN(), weight, 0.0);
            return pixels.TakeAlongAxis(place, 2, "Warp") * weighs.ExpandDims(1);
        }
    }

    /// <summary>The positions of an image's own pixels, (2, height, width).</summary>
    public static Tensor Grid(int height, int width, DType type = DType.Float32)
    {
        Tensor rows = Tensor.Arange(height).Cast(type).ExpandDims(1);
        Tensor columns = Tensor.Arange(width).Cast(type).ExpandDims(0);
        return Tensor.Stack(
            [rows.BroadcastTo([height, width]), columns.BroadcastTo([height, width])]);
    }

    /// <summary>
    /// Positions (N, 2, height, width) by an affine map about the centre of the image: the pixel at
    /// p reads at matrix (p - centre) + centre + shift, with matrices (N, 2, 2) and shifts (N, 2)
    /// in pixels (equation 1 of the paper).
    /// </summary>
    public static Tensor Affine(Tensor matrices, Tensor shifts, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(matrices);
        ArgumentNullException.ThrowIfNull(shifts);
        Tensor centre = Tensor.From([(height - 1) / 2.0, (width - 1) / 2.0], [2, 1])
            .Cast(matrices.DType);
        Tensor from = Grid(height, width, matrices.DType).Reshape(2, height * width) - centre;
        Tensor to = matrices.MatMul(from) + centre + shifts.ExpandDims(2);
        return to.Reshape(matrices.Shape[0], 2, height, width);
    }

    /// <summary>
    /// A smooth field (N, 2, height, width) of displacements in pixels by uniform cubic B-splines
    /// through control points (N, 2, G, G), G at least 4 (Rueckert et al., "Nonrigid registration
    /// using free-form deformations", 1999). Control points that are all the same move
    /// the whole image by themselves.
    /// </summary>
    /// <exception cref="EngineException">There are too few control points.</exception>
    public static Tensor Smooth(Tensor controls, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(controls);
        if (controls.Shape.Rank != 4 || controls.Shape[2] < 4 || controls.Shape[3] < 4)
            throw Errors.Fail("Warp", $"control points {controls.Shape} make no cubic field. Give "
                + "(N, 2, G, G) with G of at least 4.");
        Tensor down = Splines(controls.Shape[2], height).Cast(controls.DType);
        Tensor across = Splines(controls.Shape[3], width).Cast(controls.DType);
        return down.MatMul(controls).MatMul(across.Transpose());
    }

    /// <summary>What each control point weighs at each pixel, (size, controls).</summary>
    private static Tensor Splines(int controls, int size)
    {
        var weights = new double[size * controls];
        for (int i = 0; i < size; i++)
        {
            double at = size == 1 ? 0 : (double)i / (size - 1) * (controls - 3);
            int first = Math.Min((int)at, controls - 4);
            double t = at - first, s = 1 - t;
            Span<double> four = weights.AsSpan((i * controls) + first, 4);
            four[0] = s * s * s / 6;
            four[1] = ((3 * t * t * t) - (6 * t * t) + 4) / 6;
            four[2] = ((3 * s * s * s) - (6 * s * s) + 4) / 6;
            four[3] = t * t * t / 6;
        }
        return Tensor.From(weights, [size, controls]);
    }
}
