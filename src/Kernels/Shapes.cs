// Sizes of convolutions and poolings, and which triangle of a matrix is read; the same for every
// device.
namespace Engine.Kernels;

/// <summary>
/// Sizes of a two-dimensional convolution over <paramref name="Tasks"/> independent tasks of
/// <paramref name="Batch"/> images; (vertical, horizontal) where there are two.
/// </summary>
public readonly record struct ConvolutionShape(
    int Tasks, int Batch, int Channels, int Height, int Width,
    int Filters, int KernelHeight, int KernelWidth,
    int StrideHeight, int StrideWidth,
    int PaddingHeight, int PaddingWidth,
    int DilationHeight, int DilationWidth,
    int Groups)
{
    /// <summary>Height of the output.</summary>
    public int OutHeight =>
        (Height + 2 * PaddingHeight - DilationHeight * (KernelHeight - 1) - 1) / StrideHeight + 1;

    /// <summary>Width of the output.</summary>
    public int OutWidth =>
        (Width + 2 * PaddingWidth - DilationWidth * (KernelWidth - 1) - 1) / StrideWidth + 1;

    /// <summary>Input channels a filter sees.</summary>
    public int GroupChannels => Channels / Groups;

    /// <summary>Filters of a group.</summary>
    public int GroupFilters => Filters / Groups;
}

/// <summary>
/// Sizes of a pooling window over planes of Height x Width, the same in both directions.
/// </summary>
public readonly record struct PoolShape(int Height, int Width, int Window, int Stride, int Padding)
{
    /// <summary>Height of the output.</summary>
    public int OutHeight => (Height + 2 * Padding - Window) / Stride + 1;

    /// <summary>Width of the output.</summary>
    public int OutWidth => (Width + 2 * Padding - Window) / Stride + 1;
}

/// <summary>
/// A triangular matrix: which triangle of the stored one it is, whether it stands transposed, and
/// whether its diagonal is ones whatever is stored there.
/// </summary>
public readonly record struct Triangle(bool Lower, bool Transposed, bool Unit);
