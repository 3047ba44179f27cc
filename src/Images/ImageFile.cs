// Reads files of images: PNG and JPEG. The decoder is given only what cannot take more memory than
// an image of bounded size, and no file that ends early.
using Engine.Data;
using StbImageSharp;

namespace Engine.Images;

/// <summary>What a file says of its image; grey has no colours, but may have an alpha.</summary>
internal readonly record struct ImageHeader(int Height, int Width, bool Grey);

internal static class ImageFile
{
    private const int MostSide = 1 << 14;
    private const int MostPixels = 1 << 25;
    private const int MostBytes = 1 << 27;
    private const int HeaderBytes = 1 << 14;

    public static ReadOnlySpan<byte> PngSignature =>
        [0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1A, (byte)'\n'];

    private static ReadOnlySpan<byte> JpegSignature => [0xFF, 0xD8, 0xFF];

    /// <summary>The size of an image, from the beginning of its file.</summary>
    /// <exception cref="DataException">No image, or too large.</exception>
    public static ImageHeader ReadHeader(string path) => Open(path, file =>
    {
        try
        {
            return Header(Bytes(file, Math.Min(file.Length, HeaderBytes)));
        }
        catch (EndOfStreamException) when (file.Length > HeaderBytes)
        {
            file.Position = 0; // much can stand before the size: a camera's small preview
            return Header(Bytes(file, file.Length));
        }
    });

    /// <summary>An image in bytes: of 16 bits the upper 8, of fewer spread over 0 to 255.</summary>
    /// <exception cref="DataException">No image, too large, cut short or damaged.</exception>
    public static Raster Read(string path) => Open(path, file =>
    {
        byte[] bytes = Bytes(file, file.Length);
        var (height, width, _) = Header(bytes);
        if (bytes.AsSpan().StartsWith(PngSignature)) PngCheck.Run(bytes, height, width);
        using var stream = new EndingStream(bytes);
        ImageResult image = ImageResult.FromStream(stream);
        return new Raster(image.Height, image.Width, (int)image.Comp, image.Data);
    });

    /// <summary>What a function makes of a file; what it throws becomes one line.</summary>
    private static T Open<T>(string path, Func<Stream, T> read) => DataFiles.Read(path, file =>
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A damaged file can make the decoder throw anything.
            string reason = e is InvalidDataException or EndOfStreamException
                ? e.Message : $"it is damaged ({DataFiles.OneLine(e)})";
            throw new DataException(
                $"{path}: cannot be read as an image: {reason}. Replace the file or take it out.",
                e);
        }
    });

    private static byte[] Bytes(Stream file, long count)
    {
        if (count > MostBytes)
        {
            throw new InvalidDataException(
                $"it has {count} bytes, and at most {MostBytes} are read");
        }

        var bytes = new byte[count];
        file.ReadExactly(bytes);
        if (count == 0) throw new InvalidDataException("it is empty");
        if (!bytes.AsSpan().StartsWith(PngSignature) && !bytes.AsSpan().StartsWith(JpegSignature))
            throw new InvalidDataException("it is neither PNG nor JPEG");
        return bytes;
    }

    private static ImageHeader Header(byte[] bytes)
    {
        using var stream = new EndingStream(bytes);
        if (ImageInfo.FromStream(stream) is not { } info)
            throw new InvalidDataException("its header is damaged");
        var (height, width) = (info.Height, info.Width);
        if (height is < 1 or > MostSide || width is < 1 or > MostSide
            || (long)height * width > MostPixels)
        {
            throw new InvalidDataException(
                $"it claims {height} x {width} pixels; at most {MostSide} to a side and "
                + $"{MostPixels} in all are read");
        }

        bool grey = info.ColorComponents is ColorComponents.Grey or ColorComponents.GreyAlpha;
        return new(height, width, grey);
    }
}
