// The outer loop over many steps: memory stays flat, and steps depend on their number alone.
using Engine.Data;
using Engine.Kernels;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Tests.Meta;

public class MetaTrainingTests
{
    [Fact]
    public void MemoryStaysFlatOverManySteps()
    {
        var backend = new CpuBackend(1);
        var device = new Device(backend);
        MetaTraining<Mlp> training = Sinusoids(device);
        TrainingState<Mlp> state =
            training.Start(Mlp.Create(Key.From(1), [1, 40, 40, 1]).To(device));
        long held = 0, inUse = 0;
        for (int step = 0; step < 1200; step++)
        {
            (state, _) = training.Step(state);
            if (step % 100 != 99) continue; // by hand, as how often it collects depends on load
            GC.Collect();
            GC.WaitForPendingFinalizers();
            if (step == 399) (held, inUse) = (backend.BytesHeld, backend.BytesInUse);
        }
        Assert.InRange(backend.BytesInUse, 0, inUse + (64 << 10));
        Assert.InRange(backend.BytesHeld, 0, 2 * held);
    }

    [Fact]
    public void StepsDependOnTheirNumberAlone()
    {
        Mlp start = Mlp.Create(Key.From(1), [1, 8, 1]);
        MetaTraining<Mlp> once = Sinusoids(Device.Cpu), again = Sinusoids(Device.Cpu);
        TrainingState<Mlp> a = once.Start(start), b = again.Start(start);
        for (int i = 0; i < 6; i++) (a, _) = once.Step(a);
        for (int i = 0; i < 3; i++) (b, _) = again.Step(b);
        MetaTraining<Mlp> resumed = Sinusoids(Device.Cpu);
        for (int i = 0; i < 3; i++) (b, _) = resumed.Step(b);
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
    }

    private static MetaTraining<Mlp> Sinusoids(Device device) => new(
        new Maml<Mlp>(Objective.Regression, 1, 0.001).Method, Optim.Adam(1e-3),
        (first, count) => Episode.From(new SinusoidTasks(5, 5).Sample(1, first, count)).To(device),
        metaBatch: 4);
}
