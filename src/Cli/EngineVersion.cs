// Which version of the command this is: engine info says it, and config.json records it.
using System.Reflection;

namespace Engine.Cli;

internal static class EngineVersion
{
    public static string Text { get; } = typeof(EngineVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
