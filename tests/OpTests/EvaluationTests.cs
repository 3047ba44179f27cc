// When things are computed and what is kept: no work twice, no growth over time.
using Engine.Kernels;

namespace Engine.OpTests;

public class EvaluationTests
{
    /// <summary>A device of its own, so that other tests do not disturb the counters.</summary>
    private static (ReferenceBackend Backend, Device Device) Reference()
    {
        var backend = new ReferenceBackend();
        return (backend, new Device(backend));
    }

    [Fact]
    public void NothingIsComputedUntilAskedFor()
    {
        var (backend, device) = Reference();
        Tensor x = Tensor.From([1.0, 2.0]).To(device);
        Tensor y = (x * x).Exp().Sum();
        Assert.Equal(0, backend.Calls);
        Assert.Contains("not computed", y.ToString());
        Assert.Equal(0, backend.Calls);
        y.Item();
        Assert.Equal(2, backend.Calls); // the fused square and exponential, and the sum
    }

    [Fact]
    public void SmallValuesOnTheWayAreKept()
    {
        var (backend, device) = Reference();
        Tensor x = Tensor.From([1.0, 2.0, 3.0]).To(device);
        Tensor hidden = x.MatMul(x.Reshape(3, 1) * Tensor.From([1.0, 2.0]).To(device));
        Tensor loss = hidden.Sum(), accuracy = hidden.Max();
        loss.Item();
        int calls = backend.Calls;
        accuracy.Item();
        Assert.Equal(calls + 1, backend.Calls); // the maximum alone: the product is there
    }

    [Fact]
    public void ATrainingLoopDoesTheSameWorkEveryStep()
    {
        // The optimiser's moment is never read; were it kept pending, each step would redo all.
        foreach (bool readLoss in (bool[])[true, false])
        {
            var (backend, device) = Reference();
            Tensor w = Tensor.From([1.0, -0.5]).To(device);
            Tensor moment = Tensor.From([0.0, 0.0]).To(device);
            var calls = new List<int>();
            for (int step = 0; step < 30; step++)
            {
                int before = backend.Calls;
                var (loss, g) = Grad.WithValue((Tensor p) => (p * p).Sin().Sum())(w);
                (w, moment) = Update(w, moment, g);
                if (readLoss) loss.Item();
                calls.Add(backend.Calls - before);
            }
            Assert.All(calls, count => Assert.Equal(calls[0], count));
        }

        static (Tensor, Tensor) Update(Tensor w, Tensor moment, Tensor g)
        {
            moment = 0.9 * moment + g;
            w -= 0.1 * moment;
            Tree.Eval(w, moment);
            return (w, moment);
        }
    }

    [Fact]
    public void ARunningSumNeverReadDoesNotGrow()
    {
        var (_, device) = Reference();
        Tensor total = Tensor.Scalar(0.0).To(device), one = Tensor.Scalar(1.0).To(device);
        for (int i = 0; i < 3 * Tensor.AgeLimit; i++) total += one;
        Assert.InRange(Pending(total), 0, Tensor.AgeLimit);
        Assert.Equal(3 * Tensor.AgeLimit, total.Item());
    }

    [Fact]
    public void NorDoesOneThatGoesFromThreadToThread()
    {
        // As in a loop that awaits: every part runs on a thread that has made nothing before.
        Tensor total = Tensor.Scalar(0.0), one = Tensor.Scalar(1.0);
        for (int part = 0; part < 5; part++)
            OnAnotherThread(() => Grow(ref total, one, Tensor.AgeLimit / 2));
        Assert.InRange(Pending(total), 1, Tensor.AgeLimit);
        Assert.Equal(5 * Tensor.AgeLimit / 2, total.Item());
    }

    [Fact]
    public void WhatOtherThreadsMakeLeavesAPendingGraphAlone()
    {
        Tensor x = Tensor.Scalar(1.0), one = Tensor.Scalar(1.0), y = x + one;
        void Noise()
        {
            Tensor other = Tensor.Scalar(0.0);
            Grow(ref other, one, 2 * Tensor.AgeLimit);
        }
        OnAnotherThread(Noise);
        y *= x;
        Assert.Equal(2, Pending(y));

        // Taken up by a thread with a long past, it is as young as it was.
        OnAnotherThread(() =>
        {
            Noise();
            y *= x;
        });
        Assert.Equal(3, Pending(y));
        OnAnotherThread(() => y *= x);
        Assert.Equal(4, Pending(y));
    }

    private static void Grow(ref Tensor total, Tensor term, long times)
    {
        for (long i = 0; i < times; i++) total += term;
    }

    private static void OnAnotherThread(Action work)
    {
        var thread = new Thread(() => work());
        thread.Start();
        thread.Join();
    }

    /// <summary>How many nodes are yet to be computed.</summary>
    private static int Pending(Tensor result)
    {
        var seen = new HashSet<Tensor>();
        var stack = new Stack<Tensor>([result]);
        while (stack.TryPop(out Tensor? node))
            if (node.State.Value is null && seen.Add(node))
                foreach (Tensor input in node.State.Inputs) stack.Push(input);
        return seen.Count;
    }

    [Fact]
    public void MemoryStaysFlatOverManySteps()
    {
        var backend = new CpuBackend(1);
        var device = new Device(backend);
        Tensor w = Tensor.From(new float[16384]).To(device);
        Tensor moment = Tensor.From(new float[16384]).To(device);
        var gradient = Grad.Of((Tensor p) => (p.Sin() + p).Square().Sum());
        long most = 0;
        for (int step = 0; step < 1500; step++)
        {
            moment = 0.9 * moment + gradient(w);
            w -= 0.01 * moment; // the state is never evaluated by the user
            if (step % 100 == 99) w.Eval();
            most = Math.Max(most, backend.BytesHeld);
        }
        // Dead results are collected when 64 MiB wait; all states together are nearly three times
        // that.
        Assert.InRange(most, 0, 80 << 20);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.InRange(backend.BytesInUse, 0, 4 << 20);
        GC.KeepAlive((w, moment));
    }

    [Fact]
    public void PlanningTakesTimeLinearInTheGraph()
    {
        // Twenty thousand readers of one value: quadratic bookkeeping would take minutes.
        Tensor x = Tensor.From([1.0, 2.0, 3.0]);
        Tensor total = Tensor.Scalar(0.0);
        for (int i = 0; i < 20_000; i++) total += x.Sum();
        Assert.Equal(120_000, total.Item());
    }

    [Fact]
    public void PeakMemoryOfChunkedTasksDoesNotGrowWithTasks()
    {
        long Peak(int tasks)
        {
            var (backend, device) = Reference();
            Key[] keys = Key.From(1).Split(2);
            Tensor w = keys[0].Normal([4, 4], DType.Float64).Eval().To(device);
            Tensor x = keys[1].Normal([tasks, 200, 4], DType.Float64).Eval().To(device);
            Tensor Loss(Tensor p, Tensor t) => t.MatMul(p).Tanh().MatMul(p).Square().Mean();
            Tensor Maml(Tensor p) => Vmap.Of((Tensor t) =>
                Loss(p - 0.1 * Grad.Of((Tensor q) => Loss(q, t))(p), t), chunk: 1)(x).Mean();
            long before = backend.PeakBytes;
            Grad.Of((Tensor p) => Maml(p))(w);
            return backend.PeakBytes - x.Count * 8;
        }
        long few = Peak(3), many = Peak(12);
        Assert.True(many < 1.15 * few, $"3 tasks took {few} bytes, 12 took {many}");
    }

    [Fact]
    public void DevicesDoNotMix()
    {
        var (_, device) = Reference();
        Tensor here = Tensor.From([1.0]), there = Tensor.From([1.0]).To(device);
        Assert.Equal("Add: float64 (1) is on cpu and float64 (1) on reference. Move one with "
            + ".To(device).",
            Assert.Throws<EngineException>(() => here + there).Message);
    }

    [Fact]
    public void TensorsAreReadFromManyThreads()
    {
        Tensor x = Tensor.From(Enumerable.Range(0, 1000).Select(i => i * 0.001).ToArray());
        Tensor y = (x.Sin() * x).Cos().Sum();
        double[] results = new double[8];
        Parallel.For(0, 8, i => results[i] = y.Item());
        Assert.All(results, r => Assert.Equal(results[0], r));
    }
}
