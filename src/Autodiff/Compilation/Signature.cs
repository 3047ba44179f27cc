// What decides whether a traced plan serves a call.
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>
/// What a call's arguments must have in common with the traced ones to replay their plan: their
/// parts, in order. Every compiled call makes one, so nothing is written out before someone asks.
/// </summary>
internal sealed class Signature
{
    private readonly List<Part> parts;
    private readonly int arguments;

    private Signature(List<Part> parts, int arguments, Device? device)
    {
        this.parts = parts;
        this.arguments = arguments;
        Device = device;
    }

    private enum Kind : byte
    {
        Tree,
        Tensor,
        Zero,
        Static,
    }

    /// <summary>Where the tensors are; null if there are none.</summary>
    public Device? Device { get; }

    /// <summary>
    /// Structure, static parts, shapes, dtypes and device of a function's only argument, or of the
    /// tuple of its 2 or more <paramref name="arguments"/>.
    /// </summary>
    public static Signature Of<A>(A values, int arguments, int leaves, Device? device)
    {
        var collect = new Collect(new List<Part>(leaves + 2));
        Structure.Map(values, collect);
        return new Signature(collect.Parts, arguments, device);
    }

    /// <summary>Whether the other's plan serves this.</summary>
    public bool Matches(Signature other)
    {
        if (parts.Count != other.parts.Count || Device != other.Device) return false;
        ReadOnlySpan<Part> a = CollectionsMarshal.AsSpan(parts);
        ReadOnlySpan<Part> b = CollectionsMarshal.AsSpan(other.parts);
        for (int i = 0; i < a.Length; i++)
            if (!a[i].Matches(b[i]))
                return false;
        return true;
    }

    /// <summary>
    /// An error for a static part that may change. Signatures that were traced have none, so only
    /// new ones need the check.
    /// </summary>
    public void Check()
    {
        foreach (Part part in parts)
            if (part.Kind == Kind.Static)
                StaticValue.Check(part.Value);
    }

    /// <summary>The first part in which a later signature differs, for people.</summary>
    public string ChangeTo(Signature later)
    {
        int count = Math.Min(parts.Count, later.parts.Count), i = 0;
        while (i < count && parts[i].Matches(later.parts[i])) i++;
        if (i < count) return Change(i, later);
        if (i < later.parts.Count) return $"{later.Describe(i)} was added";
        if (i < parts.Count) return $"{Describe(i)} was left out";
        string before = $"{Device}", after = $"{later.Device}";
        return $"the device {before} became {Other(before, after)}";
    }

    /// <summary>Tensors and static values, with their paths.</summary>
    public override string ToString() => string.Join("; ", Enumerable.Range(0, parts.Count)
        .Where(i => parts[i].Kind != Kind.Tree).Select(Describe));

    private string Change(int i, Signature later)
    {
        Part a = parts[i], b = later.parts[i];
        if (Where(i) != later.Where(i)) return $"{Describe(i)} became {later.Describe(i)}";
        string after = a.Kind == Kind.Tensor && b.Kind == Kind.Tensor && a.DType == b.DType
            ? b.Shape.ToString() : Other(a.Text, b.Text);
        return $"{Describe(i)} became {after}";
    }

    /// <summary>The new text; "another" one if it reads like the old.</summary>
    private static string Other(string before, string after) =>
        before == after ? "another " + after : after;

    private string Describe(int i)
    {
        string link = parts[i].Kind switch
        {
            Kind.Static => "= ",
            Kind.Tree => "of type ",
            _ => "",
        };
        return $"{Where(i)} {link}{parts[i].Text}";
    }

    /// <summary>Such as: argument 1 'Hidden.Weight'.</summary>
    private string Where(int i)
    {
        string path = Path(i);
        if (arguments == 1) return $"argument 0{Errors.Leaf(path)}";
        // The arguments are parts Item1, ... of a tuple.
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        string item = dot < 0 ? path : path[..dot];
        return $"argument {item[^1] - '1'}{Errors.Leaf(dot < 0 ? "" : path[(dot + 1)..])}";
    }

    /// <summary>The names of the trees around a part, and its own.</summary>
    private string Path(int i)
    {
        string path = parts[i].Name;
        for (int depth = parts[i].Depth; depth > 0; depth--)
        {
            while (parts[i].Depth >= depth) i--;
            path = CollectPaths.Join(parts[i].Name, path);
        }
        return path;
    }

    /// <param name="Name">Within the tree that holds it.</param>
    /// <param name="Depth">
    /// How many trees hold it. As parts are in order, names and depths make the path.
    /// </param>
    /// <param name="Kind">Tree, tensor, symbolic zero or static value.</param>
    /// <param name="Value">Of a tree its type, of a static part its value.</param>
    /// <param name="DType">Of a tensor.</param>
    /// <param name="Shape">Of a tensor.</param>
    private readonly record struct Part(
        string Name, int Depth, Kind Kind, object? Value, DType DType, Shape Shape)
    {
        public string Text => Kind switch
        {
            Kind.Tensor => $"{DType.Name()} {Shape}",
            Kind.Zero => $"zero {DType.Name()} {Shape}",
            Kind.Tree => StaticValue.Name((Type)Value!),
            _ => StaticValue.Text(Value),
        };

        public bool Matches(in Part other) => Kind == other.Kind && Depth == other.Depth
            && DType == other.DType && Shape == other.Shape && Name == other.Name
            && StaticValue.Same(Value, other.Value);
    }

    private sealed class Collect(List<Part> parts) : TreeMap
    {
        private int depth;

        public List<Part> Parts => parts;

        public override Tensor Leaf(string name, Tensor value)
        {
            Kind kind = value.IsSymbolicZero ? Kind.Zero : Kind.Tensor;
            parts.Add(new Part(name, depth, kind, null, value.DType, value.Shape));
            return value;
        }

        public override T Child<T>(string name, T value)
        {
            if (value is Tensor) return base.Child(name, value);
            parts.Add(new Part(name, depth, Kind.Tree, value.GetType(), default, default));
            depth++;
            T result = base.Child(name, value);
            depth--;
            return result;
        }

        public override void Static<T>(string name, T value) =>
            parts.Add(new Part(name, depth, Kind.Static, value, default, default));
    }
}
