// The methods the command knows by name; the first is the default. Deleting an entry removes a
// method.
namespace Engine.Cli;

internal static class BuiltInMethods
{
    public static IReadOnlyList<MethodEntry> All { get; } =
    [
        MethodEntry.Of<MamlOptions>("maml", "Finn et al., 2017"),
    ];
}
