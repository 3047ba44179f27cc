// Turns a folder of image files into classes of images: finds the layout, looks at the sizes of all
// images, and only then reads them, each into its place in one array.
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Engine.Data;

namespace Engine.Images;

/// <summary>Reads folders of PNG and JPEG files.</summary>
public static class ImageFolder
{
    private const int MostSize = 4096;

    /// <summary>
    /// Reads the images of a folder that is laid out as published: Omniglot (images_background,
    /// images_evaluation), CIFAR-FS (cifar100/data and splits), mini-ImageNet (images and
    /// train.csv, val.csv, test.csv), or train, val and test with a folder for each class; or a
    /// folder for each class, or for each group of classes. Where the layout says what a class is
    /// for, <see cref="ClassSplit.Published"/> splits by it.
    /// </summary>
    /// <remarks>
    /// Every file in a class's folder must be an image, except for hidden ones. An alpha channel is
    /// left out, and the orientation that a camera noted is not looked at, as in Pillow.
    /// </remarks>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How to read the images; null as the layout has it.</param>
    /// <param name="stop">Ends reading.</param>
    /// <exception cref="DataException">
    /// A folder or file that is missing, empty, cannot be read or is no image; images of several
    /// sizes without <see cref="ImageOptions.Size"/>; too many pixels.
    /// </exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ImageClasses Load(
        string folder, ImageOptions? options = null, CancellationToken stop = default)
    {
        if (!Directory.Exists(folder))
            throw new DataException($"{folder}: no such folder; check the path.");
        Layout layout = Layout.Of(folder).Checked(folder);
        options = (options ?? new()).Or(layout.Options);
        string[] files = [.. layout.Classes.SelectMany(c => c.Files)];

        var headers = new ImageHeader[files.Length];
        ForEach(files, i => headers[i] = ImageFile.ReadHeader(files[i]), stop);
        var (height, width) = SizeOf(files, headers, options.Size);
        bool grey = options.Grey ?? headers.All(h => h.Grey);

        int channels = grey ? 1 : 3;
        int imageBytes = channels * height * width;
        if ((long)files.Length * imageBytes > Array.MaxLength)
        {
            throw new DataException(
                $"{folder}: {files.Length} images of {channels} x {height} x {width} bytes do not "
                + "fit into one array; choose a smaller Size.");
        }

        var bytes = new byte[files.Length * imageBytes];
        ForEach(files, i => Resampling
            .Resize(
                ImageFile.Read(files[i]).To(grey), height, width,
                options.Filter ?? ImageFilter.Bilinear)
            .CopyPlanes(bytes.AsSpan(i * imageBytes, imageBytes), options.Invert ?? false), stop);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return ImageClasses.FromBytes(
            name, channels, height, width, bytes, 255, Numbered(layout.Classes));
    }

    /// <summary>The size of all images: the one asked for, or the one that they have.</summary>
    private static (int Height, int Width) SizeOf(
        string[] files, ImageHeader[] headers, int? wanted)
    {
        if (wanted is { } size)
        {
            return size is >= 1 and <= MostSize
                ? (size, size)
                : throw new DataException($"Size: {size} is not from 1 to {MostSize} pixels.");
        }

        var (height, width, _) = headers[0];
        int other = Array.FindIndex(headers, h => h.Height != height || h.Width != width);
        if (other < 0) return (height, width);
        throw new DataException(
            $"{files[other]}: is {headers[other].Height} x {headers[other].Width}, but {files[0]} "
            + $"is {height} x {width}; the images of a set have one size. Choose a Size to which "
            + "all are resized, such as 84; in the command, --image-size 84 resizes all.");
    }

    /// <summary>Classes whose images are numbered as their files are.</summary>
    private static IEnumerable<ImageClass> Numbered(ImmutableArray<LayoutClass> classes)
    {
        int row = 0;
        foreach (LayoutClass c in classes)
        {
            yield return new ImageClass(
                c.Name, c.Group, [.. Enumerable.Range(row, c.Files.Length)], c.Part);
            row += c.Files.Length;
        }
    }

    /// <summary>
    /// Reads all files on all cores. If some fail, the error is that of the first of them.
    /// </summary>
    private static void ForEach(string[] files, Action<int> read, CancellationToken stop)
    {
        var errors = new ConcurrentDictionary<long, ExceptionDispatchInfo>();
        ParallelLoopResult result = Parallel.For(
            0, files.Length, new ParallelOptions { CancellationToken = stop }, (i, loop) =>
            {
                try
                {
                    read(i);
                }
                catch (DataException e)
                {
                    errors[i] = ExceptionDispatchInfo.Capture(e);
                    loop.Break(); // files before this one are still read
                }
            });
        if (result.LowestBreakIteration is { } first) errors[first].Throw();
    }
}
