// The three interpreters of a tape: backwards for cotangents, forwards for tangents, forwards for
// batches. Each is one loop; what an operation means in it stands with the operation.
namespace Engine;

/// <summary>Interpreters of tapes.</summary>
internal static class Modes
{
    /// <summary>
    /// Cotangents of the arguments given the results' (null is zero): the vector-Jacobian product.
    /// </summary>
    public static Tensor?[] Reverse(
        Tape tape, IReadOnlyList<Tensor> arguments,
        IReadOnlyList<Tensor> results, IReadOnlyList<Tensor?> cotangents)
    {
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < results.Count; i++)
            if (cotangents[i] is { } g && results[i].DType.IsFloat() && tape.DependsOn(results[i]))
                Accumulate(at, results[i], g);

        for (int i = tape.Entries.Count - 1; i >= 0; i--)
        {
            var (output, primitive, inputs) = tape.Entries[i];
            if (!at.Remove(output, out Tensor? g)) continue;
            bool[] need = Array.ConvertAll(inputs, tape.DependsOn);
            Tensor?[] parts = primitive.Vjp(inputs, output, g, need);
            for (int k = 0; k < inputs.Length; k++)
                if (need[k] && parts[k] is { } part)
                    Accumulate(at, inputs[k], part);
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
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++)
            if (tangents[i] is { } t)
                at[arguments[i]] = t;

        foreach (var (output, primitive, inputs) in tape.Entries)
        {
            Tensor?[] dx = Array.ConvertAll(inputs, at.GetValueOrDefault);
            if (Array.TrueForAll(dx, t => t is null)) continue;
            if (primitive.Jvp(inputs, output, dx) is { } t) at[output] = t;
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
        var at = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < arguments.Count; i++) at[arguments[i]] = values[i];

        foreach (var (output, primitive, inputs) in tape.Entries)
        {
            bool[] batched = Array.ConvertAll(inputs, at.ContainsKey);
            Tensor[] x = Array.ConvertAll(inputs, input => at.GetValueOrDefault(input, input));
            at[output] = primitive.Vmap(x, batched, size);
        }

        var result = new Tensor?[results.Count];
        for (int i = 0; i < result.Length; i++) result[i] = at.GetValueOrDefault(results[i]);
        return result;
    }

    private static void Accumulate(Dictionary<Tensor, Tensor> at, Tensor tensor, Tensor part) =>
        at[tensor] = at.TryGetValue(tensor, out Tensor? sum) ? sum + part : part;
}
