// The division by a multiplication that strided operands are found with, up to the largest views.
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

public class AxisTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(641)]
    [InlineData(65535)]
    [InlineData(65537)]
    [InlineData((1 << 20) + 7)]
    [InlineData((1 << 30) + 3)]
    [InlineData(int.MaxValue)]
    public void QuotientsAreExactForEveryElementNumber(int size)
    {
        var axis = Axis.Of(size, stride: 5);
        var random = new Random(1);
        long most = int.MaxValue / (long)size;
        for (int n = 0; n < 20_000; n++)
        {
            // At the ends of a row the quotient is nearest to being wrong; most so far out.
            long row = n < 1000 ? Math.Max(0, most - n) : random.NextInt64(most + 1);
            foreach (long i in (long[])[row * size, row * size - 1, row * size + size - 1])
            {
                if (i is < 0 or > int.MaxValue) continue;
                uint rest = (uint)i;
                long place = Axis.Take(axis, ref rest);
                Assert.Equal(i / size, rest);
                Assert.Equal(i % size * 5, place);
            }
        }
    }
}
