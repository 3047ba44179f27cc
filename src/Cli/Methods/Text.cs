// How methods speak of themselves.
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

internal static class Text
{
    /// <summary>"1 inner step".</summary>
    public static string Inner(int steps) => steps == 1 ? "1 inner step" : $"{steps} inner steps";

    /// <summary>"MAML, 1 inner step at rate 0.4 (test: 3)".</summary>
    public static string Steps(string name, int steps, double rate, int testSteps) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{name}, {Inner(steps)} at rate {rate} (test: {testSteps})");

    /// <summary>Which statistics normalise predictions; none of networks without norms.</summary>
    public static BatchNormMode BatchNorm<T>(Objective<T> objective, Statistics asked)
        where T : ITree =>
        objective.BatchNorm == BatchNormMode.None ? BatchNormMode.None
        : asked == Statistics.Inductive ? BatchNormMode.Inductive : BatchNormMode.Transductive;

    /// <summary>What a method says when a network lacks a part that it needs.</summary>
    public static CliException Lacks(string method, string part) => CliException.Use(
        $"--method: {method} needs {part} of the network, which this one does not show; choose "
        + "another network, or give its Network record that part.");
}
