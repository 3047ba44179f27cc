// The split of CIFAR-FS (Bertinetto et al., "Meta-learning with differentiable closed-form
// solvers", 2019), for copies of CIFAR-100 that come without its lists.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>CIFAR-100 as few-shot papers split it: 64, 16 and 20 classes.</summary>
public static class CifarFs
{
    /// <summary>The classes to validate on.</summary>
    public static ImmutableArray<string> ValidationClasses { get; } =
    [
        "beaver", "beetle", "butterfly", "camel", "cattle", "crab", "crocodile", "flatfish", "lamp",
        "maple_tree", "motorcycle", "otter", "sea", "shark", "television", "tractor",
    ];

    /// <summary>The classes to test on.</summary>
    public static ImmutableArray<string> TestClasses { get; } =
    [
        "baby", "bed", "bicycle", "chimpanzee", "fox", "leopard", "man", "pickup_truck", "plain",
        "poppy", "rocket", "rose", "snail", "sweet_pepper", "table", "telephone", "wardrobe",
        "whale", "woman", "worm",
    ];

    /// <summary>The published split of a set that has CIFAR-100's classes by their names.</summary>
    /// <exception cref="ArgumentException">
    /// One of the listed classes is not there, as in copies without the test classes.
    /// </exception>
    public static ClassSplit Split(ImageClasses source) =>
        ClassSplit.ByName(source, ValidationClasses, TestClasses);
}
