// The walk from results to what they are made of. It keeps its own stack, so chains of any length
// are fine; where it goes on from a node is up to the caller:
//
//     var walk = new GraphWalk<Tensor>(results);
//     while (walk.Next(out Tensor? tensor)) walk.Add(tensor.State.Inputs);
using System.Diagnostics.CodeAnalysis;

namespace Engine;

/// <summary>Visits nodes of a graph, each once, in no particular order.</summary>
internal readonly struct GraphWalk<T> where T : class
{
    private readonly Stack<T> ahead;

    /// <summary>Begins at some nodes.</summary>
    public GraphWalk(IEnumerable<T> start)
    {
        ahead = new(start);
        Visited = new(ReferenceEqualityComparer.Instance);
    }

    /// <summary>Nodes that were visited, or are taken for it and will not be.</summary>
    public HashSet<T> Visited { get; }

    /// <summary>The next node; false when all have been visited.</summary>
    public bool Next([NotNullWhen(true)] out T? node)
    {
        while (ahead.TryPop(out node))
            if (Visited.Add(node))
                return true;
        return false;
    }

    /// <summary>Nodes to visit too, unless they have been.</summary>
    public void Add(params ReadOnlySpan<T> nodes)
    {
        foreach (T node in nodes) ahead.Push(node);
    }
}
