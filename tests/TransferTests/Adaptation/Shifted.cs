// Two domains that a test can adapt within a second: three classes that six numbers tell apart,
// and two numbers of noise. In the target the last six are moved, so that a network which goes by
// them alone is wrong there.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

internal static class Shifted
{
    public const int Classes = 3;

    private static readonly double[] Centres = [0, 2, -1.8, -1.2, 1.8, -1.2];

    /// <summary>Points (N, 8) and labels (N) of the source, or of the target.</summary>
    public static (Tensor X, Tensor Y) Domain(long seed, int count, bool target)
    {
        Tensor labels = Tensor.From(
            [.. Enumerable.Range(0, count).Select(i => (long)(i % Classes))]);
        Tensor centres = Tensor.From([.. Centres.Select(c => (float)c)], [Classes, 2]);
        Tensor blobs = centres.Take(labels, 0);
        Key[] keys = Key.From(seed).Split();
        Tensor kept = blobs + 0.5 * keys[0].Normal([count, 2]);
        Tensor moved = Tensor.Concat([blobs, blobs, Tensor.Zeros([count, 2])], 1)
            + 0.5 * keys[1].Normal([count, 6]);
        return (Tensor.Concat([kept, target ? moved + 1.5 : moved], 1).Eval(), labels);
    }

    /// <summary>The batch of a step of a run of so many steps.</summary>
    public static DomainBatch Batch(int step, int steps)
    {
        var (sx, sy) = Domain(10_000 + step, 60, target: false);
        var (tx, _) = Domain(20_000 + step, 60, target: true);
        return new(sx, sy, tx, Tensor.Scalar((float)step / steps), Key.From(step));
    }

    public static Mlp Network(long seed = 0) =>
        Mlp.Create(Key.From(seed), [8, 24, 12, Classes]);

    /// <summary>Accuracy on the target of the state that a method ends in.</summary>
    public static double Accuracy<S, N>(Adaptation<S, N> method, int steps)
        where S : ITree where N : IFeatureNetwork
    {
        S state = Adapt.Run(method, i => Batch(i, steps), steps);
        var (x, y) = Domain(1, 600, target: true);
        return Loss.Accuracy(method.Read(state).Forward(x), y).Item();
    }
}
