// What the episode sampler needs to know of a set of classes, whatever its samples are: images,
// vectors of features, texts as bags of n-grams.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>Samples of one shape, in numbered rows, sorted into classes.</summary>
public interface IEpisodeSource
{
    /// <summary>What error messages and reports call the set.</summary>
    string Name { get; }

    /// <summary>Number of classes.</summary>
    int ClassCount { get; }

    /// <summary>
    /// Shape of a sample: (channels, height, width) of images, (length) of vectors.
    /// </summary>
    ImmutableArray<int> SampleShape { get; }

    /// <summary>What people call a class.</summary>
    string ClassName(int number);

    /// <summary>The rows of a class's samples.</summary>
    ImmutableArray<int> ClassRows(int number);

    /// <summary>Writes the sample of a row, turned to the left if it is an image.</summary>
    void CopySample(int row, Span<float> target, int quarterTurns);
}
