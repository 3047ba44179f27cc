// Several domains that a test can learn from within a second: three classes that two numbers tell
// apart in every domain; four more numbers do so as well, but by a centre of the domain's own.
using Engine.Data;
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Tests;

internal static class Several
{
    public const int Features = 6, Classes = 3;

    private static readonly double[] Centres = [0, 2, -1.8, -1.2, 1.8, -1.2];

    /// <summary>A domain; its number says where its last four numbers lie.</summary>
    public static LabelledSet Domain(int number, int count = 90)
    {
        Tensor labels = Tensor.From(
            [.. Enumerable.Range(0, count).Select(i => (long)(i % Classes))]);
        Tensor blobs = Tensor.From([.. Centres.Select(c => (float)c)], [Classes, 2]).Take(labels);
        Key[] keys = Key.From(number).Split(3);
        Tensor own = 2 * keys[0].Normal([4]);
        Tensor x = Tensor.Concat(
            [
                blobs + 0.4 * keys[1].Normal([count, 2]),
                Tensor.Concat([blobs, blobs], 1) * own.Sin() + own
                    + 0.4 * keys[2].Normal([count, 4]),
            ], 1);
        return LabelledSet.FromFloats(
            $"domain {number}", [Features], x.ToArray<float>(),
            [.. labels.ToArray<long>().Select(label => (int)label)], ["a", "b", "c"]);
    }

    public static Func<int, Domains> Batches(int domains, int size = 12) => Domains.Batches(
        [.. Enumerable.Range(0, domains).Select(i => Domain(i))], size, seed: 7);

    public static Mlp Network(long seed = 0) =>
        Mlp.Create(Key.From(seed), [Features, 16, Classes]);

    public static double Accuracy<N>(Adapted<N> model, LabelledSet set) where N : IFeatureNetwork =>
        Outputs.Of(model, set).Accuracy;

    /// <summary>
    /// Trains 12 steps at once, and 5 and 7 with a file between them: the states, which must have
    /// the same bits.
    /// </summary>
    public static void AssertResumes<S, B>(Training<S, B> training, Func<int, B> batch)
        where S : ITree where B : ITree
    {
        S whole = training.Run(batch, 12), half = training.Run(batch, 5);
        string file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            SafeTensors.Save(file, half);
            S resumed = training.Run(
                batch, 12, resume: (SafeTensors.Load(file, training.Start), 5));
            Assert.True(Fake.Same(whole, resumed));
            Assert.False(Fake.Same(whole, half));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
