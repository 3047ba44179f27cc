// A square root that may meet zero in a program that is differentiated.
namespace Engine.Nn;

internal static class SafeRoot
{
    /// <summary>
    /// The root, with derivative 0 at 0. Its true derivative there is infinite, and one gradient
    /// that is zero (a dead rectifier's) would spoil every derivative through an optimiser's step.
    /// </summary>
    public static Tensor SafeSqrt(this Tensor square)
    {
        Tensor positive = square > 0;
        return Tensor.Where(positive, Tensor.Where(positive, square, 1).Sqrt(), square);
    }
}
