// A small pool of threads for data-parallel kernels. Work is cut into parts by shapes alone, so
// results do not depend on how many threads there are or which of them runs a part.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Engine.Kernels;

/// <summary>
/// Runs the parts of one job on a fixed set of threads. They start with the first job that can use
/// them; after each job they spin for some microseconds in case another follows, then sleep.
/// </summary>
internal sealed unsafe class Workers(int count)
{
    private const int Closed = int.MaxValue;
    private static readonly long SpinTicks = Stopwatch.Frequency / 1_000_000 * 30;

    // The job's generation in the upper half, its next unclaimed part in the lower. A thread claims
    // a part by raising the ticket it has read, so it cannot claim a part of a newer job.
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
    /// Calls body(job, part) for part = 0 .. parts - 1 and returns when all are done. Parts run at
    /// the same time; a call made while another job runs does its parts itself. If parts throw, the
    /// exception of the first of them is thrown here. The job lies on the caller's stack.
    /// </summary>
    public void Run<TJob>(int parts, delegate*<in TJob, int, void> body, in TJob job)
    {
        if (parts <= 1 || Count <= 1 || Interlocked.CompareExchange(ref busy, 1, 0) != 0)
        {
            for (int part = 0; part < parts; part++) body(job, part);
            return;
        }
        try
        {
            var call = new Call<TJob>(body, job);
            RunShared(parts, &Call<TJob>.Run, &call);
        }
        finally
        {
            Volatile.Write(ref busy, 0);
        }
    }

    /// <summary>
    /// The same for numbers 0 .. count - 1: calls body(job, start, end) for ranges start .. end - 1
    /// of <paramref name="length"/> numbers, the last of which may be shorter.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run<TJob>(
        long count, long length, delegate*<in TJob, long, long, void> body, in TJob job)
    {
        if (count > length) RunRanges(count, length, body, job);
        else if (count > 0) body(job, 0, count);
    }

    private void RunRanges<TJob>(
        long count, long length, delegate*<in TJob, long, long, void> body, in TJob job)
    {
        var ranges = new Ranges<TJob>(count, length, body, job);
        Run(checked((int)((count + length - 1) / length)), &Ranges<TJob>.Run, ranges);
    }

    /// <summary>A body and its job, as the threads see them: without their types.</summary>
    private readonly struct Call<TJob>(delegate*<in TJob, int, void> body, in TJob job)
    {
        private readonly delegate*<in TJob, int, void> body = body;
        private readonly void* job = Unsafe.AsPointer(in job);

        public static void Run(void* context, int part)
        {
            Call<TJob>* call = (Call<TJob>*)context;
            call->body(Unsafe.AsRef<TJob>(call->job), part);
        }
    }

    private readonly struct Ranges<TJob>(
        long count, long length, delegate*<in TJob, long, long, void> body, in TJob job)
    {
        private readonly long count = count, length = length;
        private readonly delegate*<in TJob, long, long, void> body = body;
        private readonly void* job = Unsafe.AsPointer(in job);

        public static void Run(in Ranges<TJob> ranges, int part)
        {
            long start = part * ranges.length;
            ranges.body(
                Unsafe.AsRef<TJob>(ranges.job), start,
                Math.Min(ranges.count, start + ranges.length));
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
            // Reading these before the claim is safe: the exchange fails if the job changed after
            // the ticket was read, and a job cannot change while a part of it is unclaimed.
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
            // Counted before the last look at the ticket: either the caller sees a sleeper and
            // wakes it, or the sleeper sees the new job.
            Interlocked.Increment(ref sleeping);
            while (Generation() == done) Monitor.Wait(gate);
            sleeping--;
        }
        return Generation();
    }

    private long Generation() => Volatile.Read(ref ticket) >> 32;
}
