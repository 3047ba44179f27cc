// Random words.
using ILGPU;

namespace Engine.Kernels.Gpu;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public void RandomBits(in Operand key, in Operand y)
    {
        if (y.Layout.Count == 0) return;
        var keys = new RandomKeys
        {
            Words = From<int>(key),
            RowStride = key.Layout.Strides[0],
            WordStride = key.Layout.Strides[1],
        };
        long rows = y.Layout.Sizes[0], length = y.Layout.Sizes[1], blocks = (length + 1) / 2;
        if (y.Type == DType.Int64)
            LaunchFor(
                new RandomPairs
                {
                    Keys = keys,
                    Y = From<long>(y),
                    Length = length,
                    Count = rows * length,
                },
                rows * length);
        else
            LaunchFor(
                new RandomWords
                {
                    Keys = keys,
                    Y = From<int>(y),
                    Length = length,
                    Blocks = blocks,
                    Count = rows * blocks,
                },
                rows * blocks);
    }

    /// <summary>The buffer of an operand from its first element on.</summary>
    private ArrayView<T> From<T>(in Operand x) where T : unmanaged =>
        Own(x.Buffer).As<T>().SubView(x.Offset);
}
