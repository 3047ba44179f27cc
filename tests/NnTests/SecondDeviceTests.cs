// Whole programs on a second device: exact MAML with Adam as a compiled step gives, there, the bits
// that it gives on the CPU, and the CPU computes none of it.
using Engine.Data;
using Engine.Meta;
using Engine.Nn;
using Engine.Tests;

namespace Engine.NnTests;

public class SecondDeviceTests
{
    /// <summary>Model, optimiser's state and losses after some steps on sinusoids.</summary>
    private static (Mlp Model, OptimizerState State, double[] Losses) Trained(
        Device device, Device tasksFrom, int innerSteps)
    {
        var maml = new Maml<Mlp>(Objective.Regression, innerSteps, 0.01).Method;
        var training = new MetaTraining<Mlp>(
            maml, Optim.Adam(1e-3),
            (first, count) => Episode.From(new SinusoidTasks(5, 5).Sample(1, first, count))
                .To(tasksFrom).To(device),
            metaBatch: 4);
        TrainingState<Mlp> state =
            training.Start(Mlp.Create(Key.From(1), [1, 16, 16, 1]).To(device));
        var losses = new double[4];
        for (int i = 0; i < losses.Length; i++) (state, losses[i]) = training.Step(state);
        return (state.Model, state.Optimizer, losses);
    }

    [Theory, InlineData(1), InlineData(5)]
    public void ExactMamlHasTheSameBitsThere(int innerSteps)
    {
        var backend = new GuardedBackend();
        var device = new Device(backend, "second");
        var (model, state, losses) = Trained(Device.Cpu, Device.Cpu, innerSteps);
        var (there, stateThere, lossesThere) = Trained(device, Device.Cpu, innerSteps);
        Assert.Equal(losses, lossesThere);
        Assert.True(losses[^1] > 0);
        ITree[] all = [model, state], allThere = [there, stateThere];
        foreach (var (a, b) in all.Zip(allThere))
            foreach (var (x, y) in a.Leaves().Zip(b.Leaves()))
            {
                Assert.Equal(device, y.Device);
                Assert.Equal(x.ToRaw(), y.ToRaw());
            }
        // Only tasks and what training begins with go there, only losses and norms come back; the
        // comparison above read the rest.
        long tasks = 4 * 4 * (5 + 5) * 2 * 4, start = 2 * 4 * there.ParameterCount();
        Assert.InRange(backend.Uploaded, 1, tasks + 2 * start + 1024);
    }

    [Fact]
    public void AStepWrittenByHandRunsThereToo()
    {
        var backend = new GuardedBackend();
        var device = new Device(backend, "second");
        double[] here = Steps(Device.Cpu), there = Steps(device);
        Assert.Equal(here, there);
        Assert.True(here[^1] < here[0]);

        static double[] Steps(Device device)
        {
            Optimizer adam = Optim.Adam(1e-2);
            Mlp Adapt(Mlp p, Tensor x, Tensor y) => p.Zip(
                Grad.Of((Mlp q) => Loss.Mse(q.Forward(x), y))(p), (w, g) => w - 0.01 * g);
            var step = Compile.Step(((Mlp Model, OptimizerState State) at, Key key) =>
            {
                // Tasks are drawn where the model is: a key belongs to no device.
                Key[] keys = key.Split(2);
                Tensor phase = keys[0].Uniform([8, 1, 1], 0, 3);
                Tensor x = keys[1].Uniform([8, 10, 1], -5, 5);
                Tensor y = (x + phase).Sin();
                var (loss, g) = Grad.WithValue((Mlp p) => Vmap.Of(
                    (Tensor a, Tensor b) => Loss.Mse(Adapt(p, a, b).Forward(a), b))(x, y)
                    .Mean())(at.Model);
                var (model, state) = adam.Step(at.Model, g, at.State);
                return ((model, state), loss);
            });
            Mlp start = Mlp.Create(Key.From(1), [1, 16, 1], Activation.Tanh);
            var at = (start, adam.Init(start)).To(device);
            var losses = new double[30];
            for (int i = 0; i < losses.Length; i++)
            {
                (at, Tensor loss) = step(at, Key.From(i % 3));
                losses[i] = loss.Item();
                Assert.Equal(device, loss.Device);
            }
            return losses;
        }
    }
}
