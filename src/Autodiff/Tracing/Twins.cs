// Products that a function computes more than once. An inner loop that adapts the head alone, say,
// computes the features again at each step. A plan computes equal operations once, but it cannot
// see that the cotangents of equal products may be added before they are pulled back rather than
// after: that is for the tape to do, or each step would have a backward pass of its own through the
// same features.
namespace Engine;

/// <summary>Finds equal products and convolutions among the operations of a trace.</summary>
internal static class Twins
{
    private static readonly Dictionary<Tensor, Tensor> None = [];

    /// <summary>
    /// For the result of each product that equals an earlier one, the earlier one's result.
    /// Operations are in topological order; each argument is itself alone. Other operations are
    /// left as they are: computing their derivatives once more costs little, and how cotangents are
    /// added decides the last bits of gradients.
    /// </summary>
    public static Dictionary<Tensor, Tensor> Of(
        IReadOnlyList<Tensor> arguments, List<TapeEntry> operations)
    {
        if (!MayRepeat(operations)) return None;
        var twins = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        // Of each tensor that equals an earlier one, the first.
        var firsts = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        foreach (Tensor argument in arguments) firsts.Add(argument, argument);
        var known = new HashSet<TapeEntry>(SameOperation.Instance);
        foreach (TapeEntry entry in operations)
        {
            if (entry.Site is not null || firsts.ContainsKey(entry.Output)) continue;
            if (entry.Inputs.Length == 0 && entry.Primitive is not Constant) continue;
            Tensor[] inputs = Array.ConvertAll(
                entry.Inputs, input => firsts.GetValueOrDefault(input, input));
            if (entry.Primitive is Alias) firsts.Add(entry.Output, inputs[0]);
            TapeEntry on = entry with { Inputs = inputs };
            if (known.Add(on) || !known.TryGetValue(on, out TapeEntry same)) continue;
            firsts.TryAdd(entry.Output, same.Output);
            if (entry.Primitive.IsProduct) twins.Add(entry.Output, same.Output);
        }
        return twins;
    }

    /// <summary>Whether two products are of one kind and shape.</summary>
    private static bool MayRepeat(List<TapeEntry> operations)
    {
        HashSet<(Primitive, Shape)>? kinds = null;
        foreach (TapeEntry entry in operations)
            if (entry.Primitive.IsProduct
                && !(kinds ??= []).Add((entry.Primitive, entry.Output.Shape)))
                return true;
        return false;
    }

    /// <summary>Equal primitives on the same inputs.</summary>
    private sealed class SameOperation : IEqualityComparer<TapeEntry>
    {
        public static readonly SameOperation Instance = new();

        public bool Equals(TapeEntry a, TapeEntry b)
        {
            if (a.Inputs.Length != b.Inputs.Length || a.Output.Shape != b.Output.Shape
                || !a.Primitive.Equals(b.Primitive))
                return false;
            for (int i = 0; i < a.Inputs.Length; i++)
                if (a.Inputs[i] != b.Inputs[i])
                    return false;
            return true;
        }

        public int GetHashCode(TapeEntry entry)
        {
            var hash = new HashCode();
            hash.Add(entry.Primitive);
            foreach (Tensor input in entry.Inputs) hash.Add(input.Id);
            return hash.ToHashCode();
        }
    }
}
