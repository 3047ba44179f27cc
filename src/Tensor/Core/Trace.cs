// A running transform. Nodes made from its placeholders refer to it; while it lives, evaluating
// keeps how they were made, so that the transform can still walk them.
namespace Engine;

/// <summary>One run of a transform's user function.</summary>
internal sealed class Trace(string transform)
{
    private static long last;
    private volatile bool live = true;

    /// <summary>Name of the transform, for errors: Grad, Vmap, ...</summary>
    public string Transform { get; } = transform;

    /// <summary>Order of creation: outer traces have smaller ids.</summary>
    public long Id { get; } = Interlocked.Increment(ref last);

    public bool Live => live;

    /// <summary>Called in a finally when the user function has returned.</summary>
    public void End() => live = false;

    /// <summary>The outermost of two that still lives.</summary>
    public static Trace? Outermost(Trace? a, Trace? b)
    {
        if (a is { live: false }) a = null;
        if (b is { live: false }) b = null;
        return a is null ? b : b is null || a.Id < b.Id ? a : b;
    }
}
