// What decides whether a traced plan serves a call.
using System.Text;

namespace Engine;

/// <summary>
/// What a call's arguments must have in common with the traced ones to replay their plan.
/// </summary>
/// <param name="Text">Structure, names and types.</param>
/// <param name="Statics">Plain values, in order, compared by their own equality.</param>
/// <param name="Device">Where the tensors are.</param>
internal sealed record Signature(string Text, IReadOnlyList<object?> Statics, Device? Device)
{
    public bool Equals(Signature? other) => other is not null && Text == other.Text
        && Device == other.Device && Statics.SequenceEqual(other.Statics);

    public override int GetHashCode() => HashCode.Combine(Text, Device);

    public override string ToString() => $"{Text} {string.Join(", ", Statics)}";

    /// <summary>Structure, static parts, shapes, dtypes and device of all arguments.</summary>
    public static Signature Of<A>(A arguments, List<Tensor> leaves, Device? device)
    {
        var statics = new CollectStatics();
        Structure.Map(arguments, statics);
        var text = statics.Text;
        foreach (Tensor leaf in leaves)
            text.Append($"{leaf.DType.Name()}{leaf.Shape}{(leaf.IsSymbolicZero ? "0 " : " ")}");
        return new Signature(text.ToString(), statics.Values, device);
    }

    private sealed class CollectStatics : TreeMap
    {
        public StringBuilder Text { get; } = new();

        public List<object?> Values { get; } = [];

        public override Tensor Leaf(string name, Tensor value) => value;

        public override T Child<T>(string name, T value)
        {
            Text.Append(name).Append(':').Append(value.GetType()).Append('(');
            T result = base.Child(name, value);
            Text.Append(')');
            return result;
        }

        public override void Static<T>(string name, T value)
        {
            if (value is Array)
                throw Errors.Fail("Compile", $"an argument is a {value.GetType().Name}, whose "
                    + "content may change unseen. Pass a Tensor or an ImmutableArray.");
            Text.Append(name).Append('=').Append(value?.GetType()).Append(';');
            Values.Add(value);
        }
    }
}
