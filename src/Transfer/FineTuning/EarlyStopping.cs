// Early stopping on validation as a value: it keeps the best state and counts checks without a
// better one.
namespace Engine.Transfer;

/// <summary>Makes <see cref="EarlyStopping{S}"/>.</summary>
public static class EarlyStopping
{
    /// <summary>
    /// Early stopping that begins at a state and its score, such as those before the first step: a
    /// run that never gets better gives that state back.
    /// </summary>
    /// <param name="state">The state to beat.</param>
    /// <param name="score">Its score; NaN if it has none and any is better.</param>
    /// <param name="patience">Checks without a better score until it stops; at least 1.</param>
    public static EarlyStopping<S> From<S>(S state, double score, int patience) =>
        patience >= 1 ? new(state, score, patience) : throw Errors.Fail("EarlyStopping",
            $"a patience of {patience} would stop before the first check. Give at least 1.");
}

/// <summary>
/// Early stopping on a validation score, higher being better: after each check go on by what
/// <see cref="Check"/> returns, while <see cref="Stop"/> is false, and end with <see cref="Best"/>.
/// </summary>
/// <param name="Best">The state with the best score so far.</param>
/// <param name="Score">Its score.</param>
/// <param name="Patience">Checks without a better score after which to stop.</param>
/// <param name="Since">Checks since the best.</param>
public sealed record EarlyStopping<S>(S Best, double Score, int Patience, int Since = 0)
{
    /// <summary>Whether as many checks as there is patience found nothing better.</summary>
    public bool Stop => Since >= Patience;

    /// <summary>This, after a check of a state; a score of NaN is never better.</summary>
    public EarlyStopping<S> Check(S state, double score) =>
        score > Score || (double.IsNaN(Score) && !double.IsNaN(score))
            ? this with { Best = state, Score = score, Since = 0 }
            : this with { Since = Since + 1 };
}
