// A folder for one test.
using Engine.Data;
using Engine.Images;

namespace Engine.ImagesTests;

/// <summary>A folder that is removed with all its files after the test.</summary>
public abstract class TempFolder : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("engine-test-").FullName;

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes a file, with the folders on its path, and gives the path.</summary>
    protected string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    protected string Write(string name, string text) =>
        Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>Writes images of one grey each.</summary>
    protected void WriteFlat(string folder, params ReadOnlySpan<byte> values)
    {
        for (int i = 0; i < values.Length; i++)
            Write($"{folder}/{i}.png", Png.Flat(2, 2, values[i]));
    }

    protected static byte[] Resource(string name)
    {
        using Stream stream = typeof(TempFolder).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    protected static string ErrorOf(Action act) => Assert.Throws<DataException>(act).Message;

    /// <summary>The bytes of an image of a set, channels x height x width.</summary>
    protected static byte[] Bytes(ImageClasses set, int row)
    {
        var image = new float[set.PixelCount];
        set.CopyImage(row, image);
        return [.. image.Select(v => (byte)MathF.Round(255 * v))];
    }

    private protected static Raster Picture() => new(17, 23, 3,
    [
        .. from y in Enumerable.Range(0, 17)
           from x in Enumerable.Range(0, 23)
           from value in new[]
           {
               (5 * x) + (3 * y), (x * x) + (2 * y), 255 - (2 * x) + (y * y),
           }
           select (byte)value,
    ]);
}
