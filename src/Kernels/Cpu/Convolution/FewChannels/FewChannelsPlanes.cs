// Planes for convolutions of few channels and stride 1: a copy of the image for each channel and
// each column of the kernel, shifted by that column, with zeros outside and rows as long as the
// output's. So output element p of an image, counted through all its rows, reads element p +
// offset(tap) for each tap. Every column computed is an output, and outputs lie in the result as
// they are computed.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Where the taps of a convolution with stride 1 lie in shifted planes.</summary>
internal readonly record struct FewChannelsPlanes(
    int Height, int Width, int OutHeight, int OutWidth, int KernelHeight, int KernelWidth,
    int PaddingHeight, int PaddingWidth, int DilationHeight, int DilationWidth, int Channels)
{
    // A plane is read up to one vector beyond its end.
    private const int Slack = 16;

    public static FewChannelsPlanes Of(in ConvolutionShape s) => new(
        s.Height, s.Width, s.OutHeight, s.OutWidth, s.KernelHeight, s.KernelWidth,
        s.PaddingHeight, s.PaddingWidth, s.DilationHeight, s.DilationWidth, s.GroupChannels);

    /// <summary>Taps of all channels.</summary>
    public int Depth => Channels * KernelHeight * KernelWidth;

    /// <summary>Outputs of an image and filter.</summary>
    public int Outputs => OutHeight * OutWidth;

    private int Rows => OutHeight + (KernelHeight - 1) * DilationHeight;

    /// <summary>
    /// Distance of planes: an odd number of cache lines, so that they do not share cache sets.
    /// </summary>
    public nint Pitch => (((nint)Rows * OutWidth + Slack + 15) / 16 | 1) * 16;

    /// <summary>Elements of all planes of an image.</summary>
    public nint Size => Channels * KernelWidth * Pitch;

    /// <summary>Where each tap (channel, row, column) reads output element 0.</summary>
    public unsafe void Table(nint* table)
    {
        for (int c = 0; c < Channels; c++)
            for (int r = 0; r < KernelHeight; r++)
                for (int s = 0; s < KernelWidth; s++)
                    *table++ = (c * KernelWidth + s) * Pitch + (nint)r * DilationHeight * OutWidth;
    }

    /// <summary>Fills the planes from the channels of an image.</summary>
    [MethodImpl(Compiled.Once)]
    public unsafe void Load<V, T>(T* image, nint channelStride, T* planes)
        where V : struct, IKernelLanes<V, T> where T : unmanaged
    {
        for (int c = 0; c < Channels; c++, image += channelStride)
            for (int s = 0; s < KernelWidth; s++, planes += Pitch)
            {
                int pad = PaddingWidth - s * DilationWidth;
                T* target = planes;
                for (int i = 0; i < Rows; i++, target += OutWidth)
                {
                    int h = i - PaddingHeight;
                    if ((uint)h < (uint)Height)
                        DirectCopy<V, T>.LoadRow(
                            image + (nint)h * Width, Width, pad, target, OutWidth);
                    else DirectCopy<V, T>.Clear(target, OutWidth);
                }
                // The slack is read too, so it must hold numbers: zeros.
                DirectCopy<V, T>.Clear(target, Slack);
            }
    }
}
