// The three interpreters of a tape: backwards for cotangents, forwards for tangents, forwards for
// batches. Each is one loop; what an operation means in it stands with the operation.
namespace Engine;

/// <summary>Interpreters of tapes.</summary>
internal static class Interpreters
{
    /// <summary>
    /// Cotangents of the arguments given the results' (null is zero): the vector-Jacobian product.
    /// </summary>
    public static Tensor?[] Reverse(
        Tape tape, IReadOnlyList<Tensor> arguments,
        IReadOnlyList<Tensor> results, IReadOnlyList<Tensor?> cotangents)
    {
        using var walk = Tensor.Walk();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < results.Count; i++)
            if (cotangents[i] is { } g && results[i].DType.IsFloat() && tape.DependsOn(results[i]))
                Accumulate(at, results[i], g);

        for (int i = tape.Entries.Count - 1; i >= 0; i--)
        {
            TapeEntry entry = tape.Entries[i];
            Tensor?[] g = Taken(at, entry);
            if (Array.TrueForAll(g, part => part is null)) continue;
            bool[] need = Array.ConvertAll(entry.Inputs, tape.DependsOn);
            Tensor?[] parts = entry.Site is { } site
                ? site.Function.Vjp(site, g, need)
                : entry.Primitive.Vjp(entry.Inputs, entry.Output, g[0]!, need);
            for (int k = 0; k < parts.Length; k++)
                if (need[k] && parts[k] is { } part)
                    Accumulate(at, entry.Inputs[k], part);
        }

        var result = new Tensor?[arguments.Count];
        for (int i = 0; i < result.Length; i++) result[i] = at.GetValueOrDefault(arguments[i]);
        return result;
    }

    /// <summary>
    /// Tangents of the results given the arguments' (null is zero): the Jacobian-vector product.
    /// </summary>
    public static Tensor?[] Forward(
        Tape tape, IReadOnlyList<Tensor> arguments, IReadOnlyList<Tensor?> tangents,
        IReadOnlyList<Tensor> results)
    {
        using var walk = Tensor.Walk();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++)
            if (tangents[i] is { } t)
                at[arguments[i]] = t;

        foreach (TapeEntry entry in tape.Entries)
        {
            Tensor?[] dx = Array.ConvertAll(entry.Inputs, at.GetValueOrDefault);
            if (Array.TrueForAll(dx, t => t is null)) continue;
            if (entry.Site is { } site) Put(at, site.Outputs, site.Function.Jvp(site, dx));
            else Put(at, entry.Output, entry.Primitive.Jvp(entry.Inputs, entry.Output, dx));
        }

        var result = new Tensor?[results.Count];
        for (int i = 0; i < result.Length; i++) result[i] = at.GetValueOrDefault(results[i]);
        return result;
    }

    /// <summary>
    /// The results for all elements of a batch, which is the first axis of the arguments' values
    /// given; null for a result that does not depend on them.
    /// </summary>
    public static Tensor?[] Batch(
        Tape tape, IReadOnlyList<Tensor> arguments, IReadOnlyList<Tensor> values, int size,
        IReadOnlyList<Tensor> results)
    {
        using var walk = Tensor.Walk();
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++) at[arguments[i]] = values[i];

        foreach (TapeEntry entry in tape.Entries)
        {
            bool[] batched = Array.ConvertAll(entry.Inputs, at.ContainsKey);
            Tensor[] x = Array.ConvertAll(
                entry.Inputs, input => at.GetValueOrDefault(input, input));
            if (entry.Site is { } site)
                Put(at, site.Outputs, site.Function.Vmap(x, batched, size));
            else
                Put(at, entry.Output, entry.Primitive.Vmap(x, batched, size));
        }

        var result = new Tensor?[results.Count];
        for (int i = 0; i < result.Length; i++) result[i] = at.GetValueOrDefault(results[i]);
        return result;
    }

    /// <summary>The cotangents of an entry's results, which nothing reads again.</summary>
    private static Tensor?[] Taken(Dictionary<Tensor, Tensor> at, in TapeEntry entry)
    {
        Tensor[] outputs = entry.Site?.Outputs ?? [entry.Output];
        return Array.ConvertAll(outputs, y => at.Remove(y, out Tensor? g) ? g : null);
    }

    private static void Put(Dictionary<Tensor, Tensor> at, Tensor[] outputs, Tensor?[] parts)
    {
        for (int i = 0; i < outputs.Length; i++) Put(at, outputs[i], parts[i]);
    }

    private static void Put(Dictionary<Tensor, Tensor> at, Tensor output, Tensor? part)
    {
        if (part is not null) at[output] = part;
    }

    private static void Accumulate(Dictionary<Tensor, Tensor> at, Tensor tensor, Tensor part) =>
        at[tensor] = at.TryGetValue(tensor, out Tensor? sum) ? sum + part : part;
}
