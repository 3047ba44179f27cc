// Omniglot and CIFAR-FS as IDX files, where they are at hand.
using Engine.Data;
using Engine.Tests;

namespace Engine.ImagesTests;

public class SharedDataTests
{
    private static ImageClasses Load(string name)
    {
        string images = DataFactAttribute.Find(name + "-images.idx.gz")!;
        return ImageFiles.Load(images[..^"-images.idx.gz".Length]);
    }

    [DataFact("omniglot_background-images.idx.gz")]
    public void OmniglotsAlphabetsAreGroups()
    {
        ImageClasses set = Load("omniglot_background");
        Assert.Equal((964, 1, 28, 28), (
            set.Classes.Length, set.Channels, set.Height, set.Width));
        Assert.Equal(30, set.Classes.Select(c => c.Group).Distinct().Count());
        Assert.Equal(55, set.Classes.Count(c => c is { Group: "Tifinagh" }));
        Assert.All(set.Classes, c => Assert.Equal(20, c.Images.Length));

        ClassSplit split = ClassSplit.AtRandom(set, seed: 1);
        ImageClasses[] parts = [split.Train, split.Validation, split.Test];
        Assert.Equal(30, parts.Sum(p => p.Classes.Select(c => c.Group).Distinct().Count()));
        Assert.Equal(194, ClassSplit.Shuffled(set, train: 770, seed: 1).Test.Classes.Length);
        var sampler = new EpisodeSampler(set, ways: 20, shots: 1, queries: 5, rotations: true);
        Assert.Equal(20, Episode.From(sampler.Sample(0, 0, 2)).Ways);
    }

    /// <summary>
    /// This copy has the classes of training and validation alone, each marked as such.
    /// </summary>
    [DataFact("cifarfs-images.idx.gz")]
    public void CifarFsIsMarkedAsPublished()
    {
        ImageClasses set = Load("cifarfs");
        Assert.Equal((3, 32, 32), (set.Channels, set.Height, set.Width));
        Assert.Equal(64, set.Classes.Count(c => c.Part == SplitPart.Train));
        Assert.Equal(
            CifarFs.ValidationClasses.Order(),
            set.Classes.Where(c => c.Part == SplitPart.Validation).Select(c => c.Name).Order());
        Assert.Contains("train", set.Classes.Select(c => c.Name));
        var missing = Assert.Throws<ArgumentException>(() => CifarFs.Split(set));
        Assert.Equal(
            "'baby' must be a class of cifarfs, for either validation or test.", missing.Message);
    }
}
