// How the losses of a batch become one.
namespace Engine.Nn;

/// <summary>What a loss does with the values of single samples or elements.</summary>
public enum Reduction
{
    /// <summary>Their mean, a scalar.</summary>
    Mean,

    /// <summary>Their sum, a scalar.</summary>
    Sum,

    /// <summary>Nothing: they stay apart.</summary>
    None,
}

/// <summary>Applies reductions.</summary>
internal static class Reductions
{
    public static Tensor Reduce(this Tensor losses, Reduction reduction) => reduction switch
    {
        Reduction.Mean => losses.Mean(),
        Reduction.Sum => losses.Sum(),
        _ => losses,
    };
}
