// Whether any element of a mask holds along axes, or all do.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>Whether any element of a mask holds over the axes (all by default).</summary>
    public Tensor Any(Axes axes = default, bool keepDims = false)
    {
        Errors.Bool("Any", this);
        return Cast(DType.Int64).Sum(axes, keepDims) > 0;
    }

    /// <summary>
    /// Whether all elements of a mask hold over the axes (all by default); true if there are none.
    /// </summary>
    public Tensor All(Axes axes = default, bool keepDims = false)
    {
        Errors.Bool("All", this);
        return (!this).Cast(DType.Int64).Sum(axes, keepDims).EqualTo(0);
    }
}
