// Makes this library's errors: a text begins with the method that it is about.
namespace Engine.Transfer;

internal static class Errors
{
    public static EngineException Fail(string op, string message) => new($"{op}: {message}");
}
