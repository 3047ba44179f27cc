// The one exception of this library: a file or a set of data is not what it should be.
namespace Engine.Data;

/// <summary>
/// Data that cannot be read or used. The message is one line: what is wrong and what to do.
/// </summary>
public sealed class DataException : Exception
{
    /// <summary>An error with a one-line message.</summary>
    public DataException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a one-line message and what caused it.</summary>
    public DataException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
