// A run of fine-tuning in a file. What is frozen is not in it, but the file knows which network the
// run started from and by which plan, so that it cannot go on as another run.
using System.Globalization;
using System.Security.Cryptography;
using Engine.Nn;

namespace Engine.Transfer;

public sealed partial class FineTuning<N>
{
    private const string Start = "start";
    private const string Plan = "plan";

    /// <summary>
    /// Writes a state to a safetensors file, whole or not at all: the leaves that move, optimiser
    /// states, running statistics and the step; the plan, with each group's paths, is metadata.
    /// </summary>
    public void Save(string path, TuneState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        SafeTensors.Save(path, state, new Dictionary<string, string>
        {
            [Start] = Fingerprint(),
            [Plan] = PlanText(),
        });
    }

    /// <summary>
    /// The state in a file, from which the run goes on, bit for bit, as if it had not stopped.
    /// </summary>
    /// <exception cref="EngineException">
    /// The file is damaged, or of a run that started from another network or went by another plan.
    /// </exception>
    public TuneState Load(string path)
    {
        using (SafeTensorsFile file = SafeTensorsFile.Open(path))
        {
            string Said(string key) => file.Metadata.TryGetValue(key, out string? text) ? text
                : throw Errors.Fail(Op, $"{path} is no run of fine-tuning: it does not say "
                    + "what it started from. Give a file that FineTuning.Save wrote.");
            if (Said(Plan) != PlanText())
                throw Errors.Fail(Op, $"{path} is of a run by the plan [{Said(Plan)}], but this "
                    + $"one is [{PlanText()}]. Go on by the plan that it began with.");
            if (Said(Start) != Fingerprint())
                throw Errors.Fail(Op, $"{path} is of a run that started from other values of "
                    + $"{typeof(N).Name} or its statistics. Start from the same ones.");
        }
        return SafeTensors.Load(path, Begin());
    }

    private string PlanText()
    {
        IEnumerable<string> groups = plan.Groups.Zip(parts, (group, part) => string.Create(
            CultureInfo.InvariantCulture,
            $"{group.Rate:R} from step {group.From}: {string.Join(", ", part.Paths)}"));
        return string.Join("; ", [.. groups, $"statistics {plan.Norm}"]);
    }

    /// <summary>A hash of all values of the start, in order.</summary>
    private string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Tensor leaf in start.Leaves().Concat(statistics.Leaves()))
            hash.AppendData(leaf.ToRaw());
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
