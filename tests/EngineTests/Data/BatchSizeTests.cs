// Batches that no array can hold are refused by a message, whoever draws them.
using Engine.Data;

namespace Engine.Tests.Data;

public class BatchSizeTests
{
    private static readonly ImageClasses Source = ImageClasses.FromFloats(
        "dots", 1, 2, 2, new float[16],
        [new ImageClass("a", "", [0, 1]), new ImageClass("b", "", [2, 3])]);

    public static TheoryData<string, Action<int>> Samplers => new()
    {
        { "tasks: 2000000000 tasks of 2 + 2 images",
            n => new EpisodeSampler(Source, 2, 1, 1).Sample(0, 0, n) },
        { "tasks: 2000000000 tasks of 2 + 3 images",
            n => new ClassStreams(Source, 1, 2, 3).Sample(0, 0, n) },
        { "tasks: 2000000000 tasks of 2 + 2147483647 images",
            n => new ClassStreams(Source, 1, 2, int.MaxValue).Sample(0, 0, n) },
        { "count: 2000000000 batches of 3 images",
            n => new ImageBatches(Source, 3).Sample(0, 0, n) },
        { "tasks: 2000000000 tasks of 2 + 5 points",
            n => new SinusoidTasks(2, 5).Sample(0, 0, n) },
    };

    [Theory, MemberData(nameof(Samplers))]
    public void BatchesThatFitIntoNoArrayAreRefused(string what, Action<int> sample) =>
        Assert.Equal(
            $"{what} do not fit into one array; draw fewer at a time.",
            Assert.Throws<ArgumentException>(() => sample(2_000_000_000)).Message);
}
