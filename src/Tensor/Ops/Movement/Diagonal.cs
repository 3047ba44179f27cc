// Diagonals and triangles of matrices, composed: in row-major order the diagonal of an (m, n)
// matrix is every (n + 1)-th element, so taking it is a strided slice and putting it back a pad.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// The elements (i, i + offset) over two axes, which are replaced by a new last one.
    /// </summary>
    public Tensor Diagonal(int offset = 0, int axis1 = -2, int axis2 = -1)
    {
        axis1 = Errors.Axis("Diagonal", axis1, Shape);
        axis2 = Errors.Axis("Diagonal", axis2, Shape);
        if (axis1 == axis2)
            throw Errors.Fail("Diagonal", $"axis {axis1} of shape {Shape} is named twice. Name two "
                + "different axes.");
        int[] order = [.. Enumerable.Range(0, Rank).Where(i => i != axis1 && i != axis2)];
        int rows = Shape[axis1], columns = Shape[axis2];
        long length = offset >= 0
            ? Math.Min(rows, (long)columns - offset)
            : Math.Min((long)rows + offset, columns);
        Tensor flat = Transpose([.. order, axis1, axis2]).Flatten(Rank - 2);
        if (length <= 0) return flat.SliceAxis(-1, 0, 0);
        int start = offset >= 0 ? offset : -offset * columns;
        int stop = start + (int)(length - 1) * (columns + 1) + 1;
        return flat.SliceAxis(-1, start, stop, columns + 1);
    }

    /// <summary>
    /// Square matrices with this as their diagonal (i, i + offset) and zeros elsewhere: (..., n) to
    /// (..., n + |offset|, n + |offset|), PyTorch's diag_embed.
    /// </summary>
    public Tensor Diag(int offset = 0)
    {
        if (Rank == 0)
            throw Errors.Fail("Diag", "a scalar has no axis to lay along a diagonal. Reshape it "
                + "to (1).");
        int n = Shape[^1], size = Errors.Size("Diag", n + Math.Abs((long)offset));
        int all = Errors.Size("Diag", (long)size * size);
        int start = offset >= 0 ? offset : -offset * size;
        int end = all - start - Engine.Pad.Length(n, size + 1);
        var none = new int[Rank - 1];
        var ones = new int[Rank - 1];
        Array.Fill(ones, 1);
        return Apply(new Pad([.. none, start], [.. none, end], [.. ones, size + 1]), this)
            .Reshape([.. Shape.Sizes[..^1], size, size]);
    }

    /// <summary>
    /// The matrices of the last two axes with zeros below the diagonal (i, i + offset).
    /// </summary>
    public Tensor Triu(int offset = 0) => Triangle("Triu", offset, upper: true);

    /// <summary>
    /// The matrices of the last two axes with zeros above the diagonal (i, i + offset).
    /// </summary>
    public Tensor Tril(int offset = 0) => Triangle("Tril", offset, upper: false);

    private Tensor Triangle(string op, int offset, bool upper)
    {
        if (Rank < 2)
            throw Errors.Fail(op, $"needs matrices (..., m, n), but got shape {Shape}. Reshape "
                + "it.");
        Tensor diagonal = Arange(Shape[^2]).ExpandDims(1) + offset, column = Arange(Shape[^1]);
        return Where(upper ? column >= diagonal : column <= diagonal, this, 0);
    }
}
