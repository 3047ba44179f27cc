// The filters for resizing.
namespace Engine.Images;

/// <summary>
/// What a pixel of the resized image is a weighted mean of. The weights are stretched by the ratio
/// of the sizes when an image gets smaller, so that no pixel is left out (no aliasing), and sum to
/// one. Results are those of Pillow's resize for images of 8 bits, bit for bit.
/// </summary>
public enum ImageFilter
{
    /// <summary>All pixels that it covers, alike: the mean of the area.</summary>
    Box,

    /// <summary>Weights that fall linearly to zero at twice the distance of Box.</summary>
    Bilinear,

    /// <summary>
    /// A windowed sinc over three pixels to each side: the sharpest. Few-shot papers shrink
    /// Omniglot and mini-ImageNet by it.
    /// </summary>
    Lanczos,
}
