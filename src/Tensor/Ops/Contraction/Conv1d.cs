// Convolutions made of the two-dimensional ones: over sequences, and transposed.
namespace Engine;

public sealed partial class Tensor
{
    /// <summary>
    /// Cross-correlation of sequences (N, C, L) with filters (K, C / groups, S), zero-padded; the
    /// result is (N, K, OL).
    /// </summary>
    public Tensor Conv1d(
        Tensor filters, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        Errors.Rank("Conv1d", this, 3, "(N, C, L)");
        Errors.Rank("Conv1d", filters, 3, "(K, C / groups, S)");
        return Convolved(
            "Conv1d", filters, (1, stride), (0, padding), (1, dilation), groups);
    }
}
