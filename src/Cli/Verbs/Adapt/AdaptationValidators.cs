// The validators that engine adapt knows.
using Engine.Transfer;

namespace Engine.Cli;

internal static class AdaptationValidators
{
    /// <summary>The validator of a name, such as deep-embedded.</summary>
    /// <exception cref="CliException">There is none.</exception>
    public static Validator Find(string name) =>
        Validators.All.FirstOrDefault(v => Typed(v) == name)
        ?? throw CliException.Use($"--validator: '{name}' is wrong; give one of "
            + $"{string.Join(", ", Validators.All.Select(Typed))}.");

    private static string Typed(Validator validator) => validator.Name.Replace(' ', '-');
}
