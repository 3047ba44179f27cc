// The weights by which resizing makes a line of pixels of another length, as Pillow has them (its
// Resample.c) and, for the bilinear filter, torchvision. The centre of pixel i lies at i + 0.5.
namespace Engine.Data;

/// <summary>
/// An entry of the new line is the sum of entries First, First + 1, ... of the old one, each times
/// its weight. The weights add up to 1.
/// </summary>
internal readonly record struct ResizeWeights(int First, double[] Values)
{
    /// <summary>
    /// The weights of each entry of the new line. The filter is a function of the distance in
    /// pixels, 0 beyond its support; a line that shrinks stretches it, so that every old pixel
    /// counts.
    /// </summary>
    public static ResizeWeights[] Of(int from, int to, double support, Func<double, double> filter)
    {
        double scale = (double)from / to;
        double stretch = Math.Max(1, scale);
        double reach = support * stretch;
        var all = new ResizeWeights[to];
        for (int i = 0; i < to; i++)
        {
            double centre = (i + 0.5) * scale;
            int first = Math.Max(0, (int)(centre - reach + 0.5));
            int end = Math.Min(from, (int)(centre + reach + 0.5));
            var values = new double[end - first];
            double sum = 0;
            for (int k = 0; k < values.Length; k++)
            {
                values[k] = filter((first + k - centre + 0.5) * (1 / stretch));
                sum += values[k];
            }

            if (sum != 0)
                for (int k = 0; k < values.Length; k++) values[k] /= sum;
            all[i] = new(first, values);
        }

        return all;
    }

    /// <summary>Those of the bilinear filter, a triangle two pixels wide.</summary>
    public static ResizeWeights[] Bilinear(int from, int to) => Of(from, to, 1, Triangle);

    /// <summary>1 at 0, falling to 0 at a distance of 1.</summary>
    public static double Triangle(double x) => Math.Max(0, 1 - Math.Abs(x));
}
