// The exception that users see, and the errors that several ops share. A text names the op, prints
// every shape and dtype involved, and says what would be right and what to do.
namespace Engine;

/// <summary>
/// Wrong use of the engine: a one-line message that says what is wrong and what to do.
/// </summary>
public sealed class EngineException : Exception
{
    /// <summary>An error with that message.</summary>
    public EngineException(string message) : base(message)
    {
    }

    /// <summary>An error with that message and the failure behind it.</summary>
    public EngineException(string message, Exception inner) : base(message, inner)
    {
    }
}

/// <summary>Checks that many operations share, and their error messages.</summary>
internal static class Errors
{
    /// <summary>An error of an operation or a transform, which its message begins with.</summary>
    public static EngineException Fail(string op, string message) => new($"{op}: {message}");

    /// <summary>The name of a leaf behind what holds it; nothing for a lone tensor.</summary>
    public static string Leaf(string path) => path.Length == 0 ? "" : $" '{path}'";

    /// <summary>An axis as a non-negative number, or an error that prints the shape.</summary>
    public static int Axis(string op, int axis, Shape shape)
    {
        int rank = shape.Rank;
        if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
        string range = rank == 0 ? "a scalar has no axes" : $"it must lie in {-rank}..{rank - 1}";
        throw Fail(op, $"axis {axis} is out of range for shape {shape}; {range}.");
    }

    /// <summary>A computed axis size as an int, or an error.</summary>
    public static int Size(string op, long size) => size is >= 0 and <= int.MaxValue
        ? (int)size
        : throw Fail(op, $"an axis of {size} elements is longer than {int.MaxValue}.");

    public static EngineException Broadcast(string op, Shape a, Shape b) => Fail(op,
        $"shapes {a} and {b} do not broadcast: aligned at the right, sizes must be equal or 1. "
        + "Reshape or transpose one operand.");

    /// <summary>Operands of different dtypes are an error: nothing is promoted silently.</summary>
    public static void SameDType(string op, Tensor a, Tensor b)
    {
        if (a.DType != b.DType)
            throw Fail(op, $"dtypes {a.DType.Name()} {a.Shape} and {b.DType.Name()} {b.Shape} "
                + $"differ. Cast one operand, for example with .Cast(DType.{a.DType}).");
    }

    /// <summary>
    /// Every operation checks its inputs' devices; where they are broadcast before, this shows the
    /// shapes that were given.
    /// </summary>
    public static void SameDevice(string op, Tensor a, Tensor b)
    {
        if (a.Home is not null && b.Home is not null && a.Home != b.Home)
            throw Devices(op, [a, b]);
    }

    /// <summary>Data of two devices does not meet in one operation.</summary>
    public static EngineException Devices(string op, ReadOnlySpan<Tensor> x)
    {
        Tensor? first = null;
        foreach (Tensor other in x)
        {
            if (other.Home is null) continue;
            first ??= other;
            if (other.Home != first.Home)
                return Fail(op, $"{first.DType.Name()} {first.Shape} is on {first.Home} and "
                    + $"{other.DType.Name()} {other.Shape} on {other.Home}. "
                    + "Move one with .To(device).");
        }
        throw new ArgumentException("all are on one device", nameof(x));
    }

    public static void Float(string op, Tensor x)
    {
        if (!x.DType.IsFloat())
            throw Fail(op, $"needs float32 or float64, but got {x.DType.Name()} {x.Shape}. "
                + "Use .Cast(DType.Float32).");
    }

    public static void Number(string op, Tensor x)
    {
        if (x.DType == DType.Bool)
            throw Fail(op, $"needs a number type, but got bool {x.Shape}. "
                + "Use .Cast(DType.Float32), or Where to choose by a mask.");
    }

    public static void Bool(string op, Tensor x)
    {
        if (x.DType != DType.Bool)
            throw Fail(op, $"needs a bool mask, but got {x.DType.Name()} {x.Shape}. "
                + "Compare first, for example x > 0.");
    }

    public static void Integer(string op, Tensor x)
    {
        if (!x.DType.IsInteger())
            throw Fail(op, $"needs integer indices, but got {x.DType.Name()} {x.Shape}. "
                + "Use .Cast(DType.Int64).");
    }

    public static void Rank(string op, Tensor x, int rank, string axes)
    {
        if (x.Shape.Rank != rank)
            throw Fail(op, $"needs {rank} axes {axes}, but got shape {x.Shape}. Reshape it.");
    }
}
