// Drawing ahead changes no result, and its failures and its end are those of drawing at once.
using Engine.Data;

namespace Engine.Tests.Data;

public class PrefetchTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly EpisodeSampler Sampler = new(EmbeddedData.Glyphs, 5, 1, 3);

    private static Episode Draw(long first, int count) =>
        Episode.From(Sampler.Sample(7, first, count));

    [Fact]
    public void EveryCallGivesTheSameBitsInAnyOrder()
    {
        using var prefetch = new Prefetch(Draw);
        (long, int)[] calls =
            [(0, 4), (4, 4), (8, 4), (8, 4), (0, 4), (4, 2), (6, 2), (100, 1), (3, 4), (7, 5)];
        foreach (var (first, count) in calls)
        {
            Episode expected = Draw(first, count), actual = prefetch.Draw(first, count);
            Assert.Equal(5, actual.Ways);
            foreach (var (e, a) in expected.Leaves().Zip(actual.Leaves()))
                Assert.True(Tree.AllClose(e, a, 0, 0));
        }
    }

    [Fact]
    public void TheNextBatchIsDrawnOnAnotherThread()
    {
        var drawn = new List<(long First, int Thread)>();
        using var two = new ManualResetEventSlim();
        using var prefetch = new Prefetch((first, count) =>
        {
            drawn.Add((first, Environment.CurrentManagedThreadId));
            if (drawn.Count == 2) two.Set();
            return Draw(first, count);
        });
        prefetch.Draw(0, 3);
        Assert.True(two.Wait(Long), "nothing is drawn ahead");
        prefetch.Draw(3, 3);
        prefetch.Dispose();
        Assert.Equal([0, 3, 6], drawn.Select(d => d.First));
        int here = Environment.CurrentManagedThreadId;
        Assert.Equal(here, drawn[0].Thread);
        Assert.NotEqual(here, drawn[1].Thread);
        Assert.NotEqual(here, drawn[2].Thread);
    }

    [Fact]
    public void NothingIsDrawnBeyondTheEnd()
    {
        var drawn = new List<long>();
        using var prefetch = new Prefetch((first, count) =>
        {
            drawn.Add(first);
            return Draw(first, count);
        }, end: 4);
        prefetch.Draw(0, 2);
        prefetch.Draw(2, 2);
        prefetch.Dispose();
        Assert.Equal([0, 2], drawn);
    }

    [Fact]
    public void TheFunctionNeverRunsTwiceAtOnce()
    {
        int running = 0, most = 0;
        using var prefetch = new Prefetch((first, count) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Thread.Sleep(5);
            Interlocked.Decrement(ref running);
            return Draw(first, count);
        });
        foreach (long first in new long[] { 0, 1, 7, 8, 3, 4 }) prefetch.Draw(first, 1);
        prefetch.Dispose();
        Assert.Equal(1, most);
        Assert.Equal(0, running);
    }

    [Fact]
    public void AnErrorComesOutAtTheCallThatAskedForIt()
    {
        using var prefetch = new Prefetch((first, count) => first is 2 or 5
            ? throw new DataException($"task {first}") : Draw(first, count));
        prefetch.Draw(0, 2); // task 2 fails meanwhile
        for (int time = 0; time < 2; time++)
        {
            var e = Assert.Throws<DataException>(() => prefetch.Draw(2, 2));
            Assert.Equal("task 2", e.Message);
            Assert.Contains(nameof(AnErrorComesOutAtTheCallThatAskedForIt), e.StackTrace);
        }

        prefetch.Draw(3, 2); // task 5 fails meanwhile, and nobody asks for it
        Assert.Equal(5, prefetch.Draw(6, 2).Ways);
    }

    [Fact]
    public async Task DisposalWaitsForTheSecondThread()
    {
        using var ahead = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        bool done = false;
        var prefetch = new Prefetch((first, count) =>
        {
            if (first == 0) return Draw(first, count);
            ahead.Set();
            go.Wait(Long);
            Volatile.Write(ref done, true);
            return Draw(first, count);
        });
        prefetch.Draw(0, 1);
        Assert.True(ahead.Wait(Long));
        Task disposal = Task.Run(prefetch.Dispose);
        Assert.NotSame(disposal, await Task.WhenAny(disposal, Task.Delay(50)));
        go.Set();
        await disposal.WaitAsync(Long);
        Assert.True(Volatile.Read(ref done));
        Assert.Throws<ObjectDisposedException>(() => prefetch.Draw(0, 1));
        prefetch.Dispose();
    }

    [Fact]
    public async Task CancellationEndsWaitingAndWorkingAhead()
    {
        using var stop = new CancellationTokenSource();
        using var go = new ManualResetEventSlim();
        var drawn = new List<long>();
        using (var prefetch = new Prefetch((first, count) =>
        {
            lock (drawn) drawn.Add(first);
            if (first > 0) go.Wait(Long);
            return Draw(first, count);
        }, stop: stop.Token))
        {
            prefetch.Draw(0, 1);
            Task waiting = Task.Run(() => Assert.ThrowsAny<OperationCanceledException>(
                () => prefetch.Draw(1, 1)));
            Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(50)));
            stop.Cancel();
            await waiting.WaitAsync(Long); // although task 1 is still being drawn
            Assert.ThrowsAny<OperationCanceledException>(() => prefetch.Draw(0, 1));
            go.Set();
        }

        Assert.Equal([0, 1], drawn);
    }
}
