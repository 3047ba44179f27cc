// Body only update in inner loop (Oh et al., 2021): MAML whose inner steps move everything but the
// head, so that the features must change for the task.
namespace Engine.Meta;

/// <summary>Makes BOIL, the counterpart of <see cref="Anil"/>.</summary>
public static class Boil
{
    /// <summary>
    /// MAML of all but the part at <paramref name="head"/>: the head has inner rate 0 (equation 2
    /// of the paper) and is learned by the outer steps alone.
    /// </summary>
    /// <param name="model">A model of this structure, by which the path is checked.</param>
    /// <param name="objective">Model and loss.</param>
    /// <param name="head">
    /// The path of the part that stays, such as "Head", which image networks have, or "Layers.2".
    /// </param>
    /// <param name="innerSteps">Gradient steps in adaptation.</param>
    /// <param name="innerRate">Their rate, for a loss that is a mean.</param>
    public static Maml<T> Of<T>(
        T model, Objective<T> objective, string head, int innerSteps, double innerRate)
        where T : ITree =>
        new(objective, innerSteps, innerRate, Where: Parts.AllBut(model, head));
}
