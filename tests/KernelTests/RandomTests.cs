// Random bits: the published answers of Threefry-2x32-20, and the layout of words in views.
using Engine;
using Engine.Kernels;

namespace KernelTests;

[Trait("Category", "Portable")]
public class RandomTests
{
    // From kat_vectors of Random123.
    [Theory]
    [InlineData(0, 0, 0, 0, 0x6b200159, 0x99ba4efe)]
    [InlineData(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7)]
    [InlineData(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3, 0xc4923a9c, 0x483df7a0)]
    public void KnowsThePublishedAnswers(uint k0, uint k1, uint c0, uint c1, uint x, uint y) =>
        Assert.Equal((x, y), Threefry.Block(k0, k1, c0, c1));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WordsLieAsDocumented(int threads)
    {
        var backend = new CpuBackend(threads);
        foreach (long n in (long[])[0, 1, 2, 7, 8, 15, 16, 17, 33, 100, 40_001])
        {
            int[] keys = [1, 2, -3, 4, 5, int.MinValue];
            Operand key = Views.From(backend, keys, 3, 2);
            Operand words = Views.New(backend, DType.Int32, 3, n);
            Operand wide = Views.New(backend, DType.Int64, 3, n);
            backend.RandomBits(key, words);
            backend.RandomBits(key, wide);
            int[] narrow = Views.Array<int>(words);
            long[] full = Views.Array<long>(wide);
            for (int i = 0; i < 3 * n; i++)
            {
                int row = i / (int)n, j = i % (int)n;
                uint k0 = (uint)keys[2 * row], k1 = (uint)keys[2 * row + 1];
                (uint first, uint second) = Threefry.Block(k0, k1, 0, (uint)(j / 2));
                Assert.Equal((int)(j % 2 == 0 ? first : second), narrow[i]);
                (first, second) = Threefry.Block(k0, k1, 0, (uint)j);
                Assert.Equal((long)((ulong)first << 32 | second), full[i]);
            }
        }
    }
}
