// A training state in a file: what a run needs to go on as if it had never stopped.
using System.Globalization;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// Saves and loads <see cref="TrainingState{T}"/> as safetensors; its counts are metadata.
/// </summary>
public static class Checkpoint
{
    private const string Step = "step";
    private const string Skipped = "skipped";

    /// <summary>Writes a state to a file, whole or not at all.</summary>
    public static void Save<T>(string path, TrainingState<T> state) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(state);
        static string Text(long n) => n.ToString(CultureInfo.InvariantCulture);
        SafeTensors.Save(path, state, new Dictionary<string, string>
        {
            [Step] = Text(state.Step),
            [Skipped] = Text(state.Skipped),
        });
    }

    /// <summary>The state in a file, which must be of the same model and optimiser.</summary>
    /// <param name="path">A file that <see cref="Save"/> wrote.</param>
    /// <param name="like">
    /// A state of the same structure, such as that before the first step.
    /// </param>
    /// <exception cref="EngineException">The file is damaged or of another model.</exception>
    public static TrainingState<T> Load<T>(string path, TrainingState<T> like) where T : ITree
    {
        ArgumentNullException.ThrowIfNull(like);
        var (tensors, metadata) = SafeTensors.Read(path);
        if (tensors.ContainsKey("Optimizer.Steps") && !tensors.ContainsKey("Optimizer.LeafSteps"))
            throw new EngineException($"Checkpoint: {path} was written by an earlier version, "
                + "whose optimisers did not count the steps of each leaf. Train anew, or go on "
                + "with its model alone.");
        long? step = Count(metadata, Step);
        TrainingState<T> state = SafeTensors.Load(path, like with
        {
            Step = step ?? like.Step,
            Skipped = Count(metadata, Skipped) ?? 0,
        });
        return step is not null ? state : throw new EngineException($"Checkpoint: {path} does not "
            + "say at which step it was written. Was it saved by something else?");
    }

    private static long? Count(IReadOnlyDictionary<string, string> metadata, string name) =>
        metadata.TryGetValue(name, out string? text)
        && long.TryParse(text, CultureInfo.InvariantCulture, out long count) && count >= 0
            ? count : null;
}
