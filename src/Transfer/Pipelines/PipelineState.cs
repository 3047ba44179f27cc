// Where a pipeline stands, as a value and in a file.
using System.Globalization;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// Where a pipeline stands: its stage, the network with which that stage began, and what the stage
/// has made of it.
/// </summary>
/// <param name="Stage">The stage.</param>
/// <param name="Start">Network and running statistics at the stage's beginning.</param>
/// <param name="Tuning">Of pre-training and of fine-tuning; else null.</param>
/// <param name="Meta">Of meta-learning; else null.</param>
public sealed partial record PipelineState<N>(
    PipelineStage Stage, Adapted<N> Start, TuneState? Tuning, TrainingState<N>? Meta) : ITree
    where N : IFeatureNetwork
{
    private const string Op = "Pipeline";
    private const string StageName = "stage", StepName = "step", SkippedName = "skipped";

    /// <summary>Steps taken in this stage.</summary>
    public long Steps => Meta?.Step ?? Tuning!.Steps.Item<long>();

    /// <summary>
    /// The network as it stands. After meta-learning its statistics are those of before: methods
    /// that adapt by gradients normalise by the task's own.
    /// </summary>
    public Adapted<N> Read() => Meta is { } meta
        ? Start with { Network = meta.Model }
        : new(
            Tuning!.Groups.Aggregate(Start.Network, (net, group) => group.Part.In(net)),
            Tuning.Statistics);

    /// <summary>Writes the state to a safetensors file, whole or not at all.</summary>
    public void Save(string path)
    {
        static string Text(long n) => n.ToString(CultureInfo.InvariantCulture);
        SafeTensors.Save(path, this, new Dictionary<string, string>
        {
            [StageName] = Stage.ToString(),
            [StepName] = Text(Meta?.Step ?? 0),
            [SkippedName] = Text(Meta?.Skipped ?? 0),
        });
    }

    /// <summary>The state in a file, given the beginning of each stage.</summary>
    internal static PipelineState<N> Load(
        string path, Func<PipelineStage, PipelineState<N>> beginning)
    {
        PipelineState<N> like;
        using (SafeTensorsFile file = SafeTensorsFile.Open(path))
        {
            if (!file.Metadata.TryGetValue(StageName, out string? name)
                || !Enum.TryParse(name, out PipelineStage stage) || !Enum.IsDefined(stage))
                throw Errors.Fail(Op, $"{path} does not say at which stage it was written. Give a "
                    + "file that PipelineState.Save wrote.");
            like = beginning(stage);
            if (like.Meta is { } meta)
                like = like with
                {
                    Meta = meta with { Step = Count(StepName), Skipped = Count(SkippedName) },
                };

            long Count(string key) =>
                file.Metadata.TryGetValue(key, out string? text)
                && long.TryParse(text, CultureInfo.InvariantCulture, out long count) && count >= 0
                    ? count
                    : throw Errors.Fail(Op, $"{path} does not say at which step it was written. "
                        + "It is damaged; go on from another file.");
        }
        return SafeTensors.Load(path, like);
    }
}
