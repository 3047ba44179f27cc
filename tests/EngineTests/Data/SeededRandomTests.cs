// The host's random numbers: fixed for ever, and fair.
using Engine.Data;

namespace Engine.Tests.Data;

public class SeededRandomTests
{
    [Fact]
    public void TheNumbersNeverChange()
    {
        // Made by an independent implementation of the algorithms named in the source.
        var random = new SeededRandom(seed: 42, index: 7);
        ulong[] first = [random.NextBits(), random.NextBits(), random.NextBits()];
        Assert.Equal(
            new ulong[] {
                0xEE9217C637C2B6AF,
                0xE2B139B518618B34,
                0x20686287EF1828C,
            },
            first);
    }

    [Fact]
    public void StreamsDiffer()
    {
        var first = new HashSet<ulong>();
        for (int seed = -5; seed < 5; seed++)
        {
            for (int index = -5; index < 100; index++)
            {
                Assert.True(first.Add(new SeededRandom(seed, index).NextBits()));
            }
        }
    }

    [Fact]
    public void BelowIsFair()
    {
        var random = new SeededRandom(1);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++) counts[random.Below(7)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
    }

    [Fact]
    public void UniformFillsItsRange()
    {
        var random = new SeededRandom(1);
        var values = Enumerable.Range(0, 100_000).Select(_ => random.Uniform(-5, 5)).ToArray();
        Assert.InRange(values.Min(), -5, -4.99);
        Assert.InRange(values.Max(), 4.99, 5);
        Assert.InRange(values.Average(), -0.05, 0.05);
    }

    [Fact]
    public void ChooseNeverRepeats()
    {
        var random = new SeededRandom(1);
        for (int total = 0; total < 30; total++)
        {
            var all = random.Choose(total, total);
            Assert.Equal(Enumerable.Range(0, total), all.Order());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => random.Choose(3, 2));
    }
}
