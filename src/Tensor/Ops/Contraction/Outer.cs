// The outer product of two vectors.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>All products a[i] b[j] of two vectors (m) and (n), shape (m, n).</summary>
    public Tensor Outer(Tensor other)
    {
        if (Rank != 1 || other.Rank != 1)
            throw Errors.Fail("Outer", $"needs two vectors, but got shapes {Shape} and "
                + $"{other.Shape}. Flatten them, or use Einsum.");
        return ExpandDims(1) * other;
    }
}
