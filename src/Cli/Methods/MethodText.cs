// How methods speak of themselves.
using System.Globalization;

namespace Engine.Cli;

internal static class MethodText
{
    /// <summary>"1 inner step".</summary>
    public static string Inner(int steps) => steps == 1 ? "1 inner step" : $"{steps} inner steps";

    /// <summary>"MAML, 1 inner step at rate 0.4 (test: 3)".</summary>
    public static string Steps(string name, int steps, double rate, int testSteps) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{name}, {Inner(steps)} at rate {rate} (test: {testSteps})");

    /// <summary>
    /// What a method says when a network lacks a part that it needs; with the networks that have
    /// it, if the Network record of one's own cannot say that it does.
    /// </summary>
    public static CliException Lacks(string method, string part, string? networks = null) =>
        CliException.Use(
            $"--method: {method} needs {part} of the network, which this one does not show; "
            + (networks is null
                ? "choose another network, or give its Network record that part."
                : $"choose --network {networks}."));
}
