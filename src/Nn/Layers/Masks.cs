// The number that layers and losses put in place of masked scores.
namespace Engine.Nn;

/// <summary>Masking before a softmax.</summary>
internal static class Masks
{
    /// <summary>
    /// The lowest number of a float type: finite, so that a row that is masked throughout still has
    /// a softmax and a derivative.
    /// </summary>
    public static double Lowest(DType type) =>
        type == DType.Float64 ? double.MinValue : float.MinValue;
}
