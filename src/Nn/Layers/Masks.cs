// What layers and losses put in the place of scores that do not count.
namespace Engine.Nn;

/// <summary>Masking before a softmax.</summary>
internal static class Masks
{
    /// <summary>
    /// The lowest number of a float type: finite, so that a row of nothing else has a softmax and a
    /// derivative.
    /// </summary>
    public static double Lowest(DType type) =>
        type == DType.Float64 ? double.MinValue : float.MinValue;
}
