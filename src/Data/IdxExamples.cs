// Examples in IDX files: images with their channels first or last, and vectors.
namespace Engine.Data;

internal static class IdxExamples
{
    /// <summary>
    /// Images (n, height, width), (n, channels, height, width) or (n, height, width, channels) as
    /// (C, H, W); the axis of 1 to 4 entries is that of the channels. Bytes are divided by 255, or
    /// by 1 if none is above 1, unless a divisor is given.
    /// </summary>
    /// <exception cref="DataException">No images.</exception>
    public static (Shape Shape, IStoredValues Values) Images(IdxFile images, float? divisor)
    {
        var sizes = images.Sizes;
        if (sizes.Length is not (3 or 4) || sizes.Contains(0))
        {
            throw new DataException(
                $"{images.Name}: images are (n, height, width) or (n, channels, height, width), "
                + $"but this is {images}.");
        }

        var (channels, height, width) = sizes switch
        {
            [_, var h, var w] => (1, h, w),
            [_, <= 4 and var c, var h, var w] => (c, h, w),
            [_, var h, var w, <= 4 and var c] => (c, h, w),
            _ => throw new DataException(
                $"{images.Name}: images of 1 to 4 channels expected, first or last, but this is "
                + $"{images}."),
        };
        bool channelsLast = sizes.Length == 4 && sizes[1] > 4;
        Shape shape = [channels, height, width];
        if (images.Type != IdxType.UInt8)
        {
            var values = images.ToFloats();
            if (channelsLast) values = ChannelsFirst<float>(values, height * width, channels);
            return (shape, new FloatValues(values));
        }

        bool bits = !images.Bytes.ContainsAnyExceptInRange((byte)0, (byte)1);
        var bytes = channelsLast
            ? ChannelsFirst(images.Bytes, height * width, channels) : images.Bytes.ToArray();
        return (shape, new ByteValues(bytes, divisor ?? (bits ? 1 : 255)));
    }

    /// <summary>Vectors (n, F) as they are, bytes over the divisor.</summary>
    public static (Shape Shape, IStoredValues Values) Vectors(IdxFile vectors, float? divisor)
    {
        if (vectors.Sizes.Contains(0))
            throw new DataException($"{vectors.Name}: holds no values: it is {vectors}.");
        return (vectors.Sizes[1], vectors.Type == IdxType.UInt8
            ? new ByteValues(vectors.Bytes.ToArray(), divisor ?? 1)
            : new FloatValues(vectors.ToFloats()));
    }

    /// <summary>Refuses a file of numbers that does not have one for each example.</summary>
    /// <exception cref="DataException">More or fewer, or no list.</exception>
    public static void CheckOneEach(IdxFile numbers, IdxFile examples, string what)
    {
        int count = examples.Sizes[0];
        if (numbers.Sizes.Length != 1 || numbers.Sizes[0] != count)
        {
            throw new DataException(
                $"{numbers.Name}: {count} images need {count} {what}, but this is {numbers}.");
        }
    }

    /// <summary>(n, pixels, channels) as (n, channels, pixels).</summary>
    private static T[] ChannelsFirst<T>(ReadOnlySpan<T> values, int pixels, int channels)
    {
        var turned = new T[values.Length];
        int image = pixels * channels;
        for (int i = 0; i < values.Length; i++)
        {
            int pixel = i % image / channels, channel = i % channels;
            turned[i - (i % image) + (channel * pixels) + pixel] = values[i];
        }

        return turned;
    }
}
