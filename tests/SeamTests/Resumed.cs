// States that go through a file.
using Engine;
using Engine.Meta;

namespace Seams;

internal static class Resumed
{
    /// <summary>A state after it was saved and loaded.</summary>
    public static TrainingState<P> From<P>(TrainingState<P> state, TrainingState<P> like)
        where P : ITree
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            Checkpoint.Save(path, state);
            return Checkpoint.Load(path, like);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Asserts that two states are the same in every bit.</summary>
    public static void Equal<P>(TrainingState<P> a, TrainingState<P> b) where P : ITree
    {
        Assert.Equal(a.Paths(), b.Paths());
        foreach (var (x, y) in a.Leaves().Zip(b.Leaves())) Assert.Equal(x.ToRaw(), y.ToRaw());
    }
}
