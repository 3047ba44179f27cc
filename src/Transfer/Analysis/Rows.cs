// Halves of samples, one to fit on and one to look at.
namespace Engine.Transfer;

internal static class Rows
{
    /// <summary>
    /// Every other row: samples are often in the order of their classes, and each half needs all.
    /// </summary>
    public static (Tensor Even, Tensor Odd) Halves(Tensor rows)
    {
        int count = rows.Shape[0];
        return (rows.Take(2 * Tensor.Arange((count + 1) / 2), 0),
            rows.Take(2 * Tensor.Arange(count / 2) + 1, 0));
    }
}
