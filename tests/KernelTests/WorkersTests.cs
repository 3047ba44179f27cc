// The pool of threads: each part once, nesting, concurrent callers, exceptions.
using Engine.Kernels;

namespace Engine.KernelTests;

[Trait("Category", "Portable")]
public unsafe class WorkersTests
{
    private struct Counts
    {
        public Workers? Workers;
        public int[] Seen;
        public int Fail;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void RunsEachPartOnce(int threads)
    {
        var workers = new Workers(threads);
        for (int round = 0; round < 2000; round++)
        {
            int parts = round % 40;
            Assert.All(Run(workers, parts, -1, false), count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void WakesAfterSleep()
    {
        var workers = new Workers(3);
        for (int round = 0; round < 20; round++)
        {
            Thread.Sleep(2);
            Assert.All(Run(workers, 9, -1, false), count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void NestedCallsRunInline() =>
        Assert.All(Run(new Workers(3), 20, -1, true), count => Assert.Equal(1, count));

    [Fact]
    public void ConcurrentCallersAreServed()
    {
        var workers = new Workers(3);
        Parallel.For(0, 8, _ =>
        {
            for (int round = 0; round < 500; round++)
                Assert.All(Run(workers, 7, -1, false), count => Assert.Equal(1, count));
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void ExceptionsReachTheCaller(int threads)
    {
        var workers = new Workers(threads);
        for (int round = 0; round < 50; round++)
        {
            var error = Assert.Throws<InvalidOperationException>(() => Run(workers, 9, 4, false));
            Assert.Equal("part 4", error.Message);
        }
        Assert.All(Run(workers, 9, -1, false), count => Assert.Equal(1, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void RangesCoverEachNumberOnce(int threads)
    {
        var workers = new Workers(threads);
        foreach (int count in (int[])[0, 1, 7, 8, 9, 100])
            foreach (int length in (int[])[1, 3, 8, 1000])
            {
                var counts = new Counts { Seen = new int[count], Fail = length };
                workers.Run(count, length, &Mark, counts);
                Assert.All(counts.Seen, seen => Assert.Equal(1, seen));
            }

        static void Mark(in Counts counts, long start, long end)
        {
            // All ranges are as long as asked for, but the last.
            Assert.True(end - start == counts.Fail || end == counts.Seen.Length);
            for (long i = start; i < end; i++) Interlocked.Increment(ref counts.Seen[i]);
        }
    }

    [Fact]
    public void RunningAllocatesNothing()
    {
        var workers = new Workers(2);
        var counts = new Counts { Seen = new int[40], Fail = -1 };
        workers.Run(40, &Count, counts);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 100; round++) workers.Run(40, &Count, counts);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Run(Workers workers, int parts, int fail, bool nested)
    {
        var counts = new Counts
        {
            Workers = nested ? workers : null,
            Seen = new int[parts],
            Fail = fail,
        };
        workers.Run(parts, &Count, counts);
        return counts.Seen;
    }

    private static void Count(in Counts counts, int part)
    {
        if (part >= counts.Fail && counts.Fail >= 0)
            throw new InvalidOperationException($"part {part}");
        Interlocked.Increment(ref counts.Seen[part]);
        Workers? workers = counts.Workers;
        if (workers is null) return;
        foreach (int count in Run(workers, 5, -1, false)) Assert.Equal(1, count);
    }
}
