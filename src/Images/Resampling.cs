// Resizes images as Pillow does (its Resample.c for images of 8 bits): a pass over the rows, a pass
// over the columns, weights in fixed point with 22 bits, rounded to a byte after each pass.
using Engine.Data;

namespace Engine.Images;

internal static class Resampling
{
    private const int Bits = 22;

    /// <summary>The image at another size.</summary>
    public static Raster Resize(Raster image, int height, int width, ImageFilter filter)
    {
        var (h, w, channels, bytes) = image;
        if (w != width)
        {
            // Rows are lines of pixels that lie side by side.
            var to = new byte[h * width * channels];
            Weights[] weights = WeightsOf(w, width, filter);
            for (int y = 0; y < h; y++)
            {
                Pass(
                    bytes.AsSpan(y * w * channels, w * channels),
                    to.AsSpan(y * width * channels, width * channels), weights, channels);
            }

            bytes = to;
        }

        if (h != height)
        {
            // The whole image is one line whose pixels are rows.
            var to = new byte[height * width * channels];
            Pass(bytes, to, WeightsOf(h, height, filter), width * channels);
            bytes = to;
        }

        return new Raster(height, width, channels, bytes);
    }

    /// <summary>
    /// Entry i of the result is the weighted sum of entries First, First + 1, ... of the source.
    /// An entry is a number of bytes that are summed each by itself.
    /// </summary>
    private static void Pass(
        ReadOnlySpan<byte> from, Span<byte> to, Weights[] weights, int entryBytes)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            var (first, values) = weights[i];
            for (int b = 0; b < entryBytes; b++)
            {
                int sum = 1 << (Bits - 1);
                int at = (first * entryBytes) + b;
                foreach (int weight in values)
                {
                    sum += weight * from[at];
                    at += entryBytes;
                }

                to[(i * entryBytes) + b] = (byte)Math.Clamp(sum >> Bits, 0, 255);
            }
        }
    }

    private readonly record struct Weights(int First, int[] Values);

    private static Weights[] WeightsOf(int from, int to, ImageFilter filter) =>
    [
        .. ResizeWeights.Of(from, to, Support(filter), x => At(x, filter))
            .Select(w => new Weights(w.First, [.. w.Values.Select(Fixed)])),
    ];

    private static int Fixed(double weight) =>
        (int)((weight * (1 << Bits)) + (weight < 0 ? -0.5 : 0.5));

    private static double Support(ImageFilter filter) => filter switch
    {
        ImageFilter.Box => 0.5,
        ImageFilter.Bilinear => 1,
        _ => 3,
    };

    private static double At(double x, ImageFilter filter) => filter switch
    {
        ImageFilter.Box => x is > -0.5 and <= 0.5 ? 1 : 0,
        ImageFilter.Bilinear => ResizeWeights.Triangle(x),
        _ => x is >= -3 and < 3 ? Sinc(x) * Sinc(x / 3) : 0,
    };

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);
}
