// Errors that several layers, losses or optimisers share. A text names the layer or loss, prints
// the shapes, and says what would be right.
namespace Engine.Nn;

/// <summary>Writes the error messages of layers, losses and optimisers.</summary>
internal static class Errors
{
    public static EngineException Fail(string op, string message) => new($"{op}: {message}");

    public static EngineException Fail(string op, string message, Exception inner) =>
        new($"{op}: {message}", inner);

    /// <summary>What an exception says, without line breaks.</summary>
    public static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ");

    /// <summary>Inputs (N, <paramref name="channels"/>, ...) with at least one more axis.</summary>
    public static void Channels(string op, Tensor x, int channels, int minRank = 3)
    {
        if (x.Rank < minRank || x.Shape[1] != channels)
            throw Fail(op, $"needs (N, {channels}, ...) with at least {minRank} axes, but got "
                + $"{x.Shape}. The second axis is the channel.");
    }

    /// <summary>Channels that divide into groups.</summary>
    public static void Divide(string op, int channels, int groups)
    {
        if (groups < 1 || channels % groups != 0)
            throw Fail(op, $"{channels} channels do not divide into {groups} groups. Choose a "
                + "divisor.");
    }

    /// <summary>Two operands of one shape: a silent broadcast would change a loss.</summary>
    public static void SameShape(string op, Tensor a, Tensor b)
    {
        if (a.Shape != b.Shape)
            throw Fail(op, $"shapes {a.Shape} and {b.Shape} differ; a silent broadcast would "
                + "change the loss. Reshape one.");
    }

    /// <summary>Rows (N, columns) with one integer each, (N).</summary>
    public static void Labelled(string op, Tensor rows, string columns, Tensor labels)
    {
        if (rows.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != rows.Shape[0])
            throw Fail(op, $"needs {columns} and labels (N), but got {rows.Shape} and "
                + $"{labels.Shape}. Flatten other axes first.");
    }

    /// <summary>A part of an optimiser's state that is kept with some options only.</summary>
    public static void KeptIf(string rule, bool kept, Tensor? part, string name)
    {
        if (kept != part is not null)
            throw Fail(rule, $"the state {(kept ? "lacks" : "has")} a {name}: it was made with "
                + "other options. Make the state with Init(model).");
    }
}
