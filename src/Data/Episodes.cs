// The plain arrays that samplers return; Episode.From makes tensors of them.
using System.Collections.Immutable;

namespace Engine.Data;

/// <summary>
/// A batch of few-shot tasks. Within a task images are ordered by class, then by shot (or query):
/// support image s of class w is number w * Shots + s, query image q is w * Queries + q, and its
/// label is w. Every array has the tasks as its first axis.
/// </summary>
public sealed class EpisodeArrays
{
    /// <summary>Number of tasks.</summary>
    public required int Tasks { get; init; }

    /// <summary>Classes in a task.</summary>
    public required int Ways { get; init; }

    /// <summary>Support images of a class.</summary>
    public required int Shots { get; init; }

    /// <summary>Query images of a class.</summary>
    public required int Queries { get; init; }

    /// <summary>Shape of a sample: (channels, height, width) of images.</summary>
    public required ImmutableArray<int> SampleShape { get; init; }

    /// <summary>(tasks, ways * shots, sample shape).</summary>
    public required float[] SupportX { get; init; }

    /// <summary>(tasks, ways * shots), labels 0 .. ways - 1.</summary>
    public required long[] SupportY { get; init; }

    /// <summary>(tasks, ways * queries, sample shape).</summary>
    public required float[] QueryX { get; init; }

    /// <summary>(tasks, ways * queries), labels 0 .. ways - 1.</summary>
    public required long[] QueryY { get; init; }

    /// <summary>(tasks, ways): numbers of classes in the source.</summary>
    public required int[] ClassIds { get; init; }

    /// <summary>(tasks, ways): quarter turns to the left, 0 without rotations.</summary>
    public required int[] QuarterTurns { get; init; }

    /// <summary>(tasks, ways * shots): rows of the support images in the source.</summary>
    public required int[] SupportImages { get; init; }

    /// <summary>(tasks, ways * queries): rows of the query images in the source.</summary>
    public required int[] QueryImages { get; init; }
}

/// <summary>A batch of one-dimensional regression tasks, tasks first.</summary>
public sealed class RegressionArrays
{
    /// <summary>Number of tasks.</summary>
    public required int Tasks { get; init; }

    /// <summary>Support points of a task.</summary>
    public required int Shots { get; init; }

    /// <summary>Query points of a task.</summary>
    public required int Queries { get; init; }

    /// <summary>(tasks, shots, 1).</summary>
    public required float[] SupportX { get; init; }

    /// <summary>(tasks, shots, 1).</summary>
    public required float[] SupportY { get; init; }

    /// <summary>(tasks, queries, 1).</summary>
    public required float[] QueryX { get; init; }

    /// <summary>(tasks, queries, 1).</summary>
    public required float[] QueryY { get; init; }

    /// <summary>(tasks).</summary>
    public required double[] Amplitudes { get; init; }

    /// <summary>(tasks), in radians.</summary>
    public required double[] Phases { get; init; }
}
