// A small pool of threads for data-parallel kernels. Work is cut into parts by shapes alone, so
// results do not depend on how many threads there are or which of them runs a part.
using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Engine.Kernels;

/// <summary>
/// Runs the parts of one job on a fixed set of threads. They start with the first job that can use
/// them, look out for the next one for a few microseconds after each, then sleep.
/// </summary>
internal sealed unsafe class Workers(int count)
{
    private const int Closed = int.MaxValue;
    private static readonly long SpinTicks = Stopwatch.Frequency / 1_000_000 * 30;

    // Generation of the job in the upper half, its next unclaimed part in the lower: a thread that
    // comes late cannot claim a part of a job whose body it has not read.
    private long ticket = Closed;

    private readonly object gate = new();
    private delegate*<void*, int, void> body;
    private void* context;
    private int parts;
    private int remaining;
    private int busy;
    private int sleeping;
    private bool started;
    private int failedPart;
    private Exception? failure;

    /// <summary>Number of threads, the calling one included.</summary>
    public int Count { get; } = count;

    /// <summary>
    /// Calls body(context, part) for part = 0 .. parts - 1 and returns when all are done. Parts run
    /// at the same time; a call made while another job runs does its parts itself. If parts throw,
    /// the exception of the first of them is thrown here.
    /// </summary>
    public void Run(int parts, delegate*<void*, int, void> body, void* context)
    {
        if (parts <= 1 || Count <= 1 || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int part = 0; part < parts; part++) body(context, part);
            return;
        }
        try
        {
            RunShared(parts, body, context);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    private void RunShared(int parts, delegate*<void*, int, void> body, void* context)
    {
        if (!started) Start();
        long generation = (ticket >> 32) + 1;
        this.parts = parts;
        this.body = body;
        this.context = context;
        failedPart = Closed;
        failure = null;
        Volatile.Write(ref remaining, parts);
        Interlocked.Exchange(ref ticket, generation << 32);
        if (Volatile.Read(ref sleeping) > 0)
            lock (gate) Monitor.PulseAll(gate);

        DoParts();
        var wait = new SpinWait();
        while (Volatile.Read(ref remaining) > 0) wait.SpinOnce(sleep1Threshold: -1);
        Interlocked.Exchange(ref ticket, (generation << 32) | Closed);
        if (failure is { } first) ExceptionDispatchInfo.Throw(first);
    }

    private void DoParts()
    {
        while (true)
        {
            long seen = Volatile.Read(ref ticket);
            int part = (int)seen;
            // Stale reads are harmless: the exchange fails if the job changed after the ticket was
            // read, and while a part is unclaimed the job cannot change.
            delegate*<void*, int, void> body = this.body;
            void* context = this.context;
            if (part >= Volatile.Read(ref parts)) return;
            if (Interlocked.CompareExchange(ref ticket, seen + 1, seen) != seen) continue;
            try
            {
                body(context, part);
            }
            catch (Exception e)
            {
                lock (gate)
                {
                    if (part < failedPart) (failedPart, failure) = (part, e);
                }
            }
            Interlocked.Decrement(ref remaining);
        }
    }

    private void Start()
    {
        started = true;
        for (int i = 1; i < Count; i++)
        {
            var thread = new Thread(Loop) { IsBackground = true, Name = $"Engine worker {i}" };
            thread.UnsafeStart();
        }
    }

    private void Loop()
    {
        long done = 0;
        while (true)
        {
            done = WaitForJob(done);
            DoParts();
        }
    }

    /// <summary>Returns the generation of a job after the given one.</summary>
    private long WaitForJob(long done)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            for (int i = 0; i < 16; i++)
            {
                if (Generation() != done) return Generation();
                Thread.SpinWait(8);
            }
        }
        while (Stopwatch.GetTimestamp() - start < SpinTicks);
        lock (gate)
        {
            // Counted before the last look: a caller either sees a sleeper or is seen.
            Interlocked.Increment(ref sleeping);
            while (Generation() == done) Monitor.Wait(gate);
            sleeping--;
        }
        return Generation();
    }

    private long Generation() => Volatile.Read(ref ticket) >> 32;
}
