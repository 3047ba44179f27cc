// How the images of a folder are read.
namespace Engine.Images;

/// <summary>
/// How images are read. What is null is as the layout has it: Omniglot is grey, inverted, and 28
/// pixels wide and high by <see cref="ImageFilter.Lanczos"/>; other images keep their size, and
/// are grey if all of them are.
/// </summary>
public sealed record ImageOptions
{
    /// <summary>
    /// Height and width in pixels to which images are resized, whatever their shape was.
    /// </summary>
    public int? Size { get; init; }

    /// <summary>How they are resized; <see cref="ImageFilter.Bilinear"/> if nothing says.</summary>
    public ImageFilter? Filter { get; init; }

    /// <summary>One channel of grey (true) or three of red, green and blue (false).</summary>
    public bool? Grey { get; init; }

    /// <summary>Whether a value v becomes 1 - v, so that dark ink on paper is 1.</summary>
    public bool? Invert { get; init; }

    /// <summary>These options, and the others where these are null.</summary>
    internal ImageOptions Or(ImageOptions others) => new()
    {
        Size = Size ?? others.Size,
        Filter = Filter ?? others.Filter,
        Grey = Grey ?? others.Grey,
        Invert = Invert ?? others.Invert,
    };
}
