// What tests of transfer share: embedded digits as batches, and a network with normalisation.
using Engine.Data;
using Engine.Nn;

namespace Engine.Tests;

internal static class Digits
{
    private static readonly ImageBatches Font = new(EmbeddedData.FontDigits, 32);
    private static readonly ImageBatches Mnist = new(EmbeddedData.Mnist, 32);

    public static Func<long, (Tensor X, Tensor Y)> FontDigits(long seed) => Of(Font, seed);

    public static Func<long, (Tensor X, Tensor Y)> Handwritten(long seed) => Of(Mnist, seed);

    /// <summary>A LeNet of digits, 16 x 16 inputs make it quick.</summary>
    public static LeNet LeNet(long seed = 0) =>
        Nn.LeNet.Create(Key.From(seed), classes: 10, size: 16);

    /// <summary>Four blocks with batch normalisation.</summary>
    public static Conv4 Conv4(long seed = 0) =>
        Nn.Conv4.Create(Key.From(seed), channels: 1, size: 16, filters: 4, ways: 3);

    private static Func<long, (Tensor X, Tensor Y)> Of(ImageBatches images, long seed) => step =>
    {
        Episode batch = images.Sample(seed, step, 1);
        return (batch.QueryX[0].Eval(), batch.QueryY[0].Eval());
    };
}

internal static class Fake
{
    /// <summary>Random images (8, 1, 16, 16) and labels of three classes.</summary>
    public static (Tensor X, Tensor Y) Batch(long step)
    {
        Key[] keys = Key.From(1000 + step).Split();
        return (keys[0].Normal([8, 1, 16, 16]).Eval(), keys[1].Integers([8], 0, 3).Eval());
    }

    public static double Largest(Tensor a, Tensor b) => (a - b).Abs().Max().Item();

    public static bool Same<T>(T a, T b) where T : ITree =>
        a.Paths().SequenceEqual(b.Paths())
        && a.Leaves().Zip(b.Leaves()).All(t => t.First.ToRaw().SequenceEqual(t.Second.ToRaw()));

    public static string Error(Action act) =>
        Assert.Throws<EngineException>(act).Message;
}
