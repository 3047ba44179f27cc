// What a run says of its order of differentiation, and when it refuses to begin.
using System.Globalization;
using Engine.Data;
using Engine.Meta;

namespace Engine.Cli;

internal static class OrderFigures
{
    /// <summary>Measures the order at a start, says it, and fails if it is another.</summary>
    public static OrderCheck Measure<P>(
        Method<P> method, P start, Episode task, VerbContext context) where P : ITree
    {
        OrderCheck check = OrderCheck.Measure(method, start, task);
        bool first = method.Order == DerivativeOrder.First;
        context.Figure("order", "order of differentiation", first ? "first" : "exact");
        context.Figure("order_error",
            first ? "  off the exact derivative" : "  against differences", check.Error, "0.0e+00");
        context.Figure("order_check", "  measured on", OrderCheck.Procedure);
        if (check.Vanishes)
        {
            throw CliException.Fail(
                "the meta-gradient at the start is zero: the network is dead, so nothing can be "
                + "learned and no order of differentiation be verified. Choose another --seed.");
        }

        if (first || check.Confirmed) return check;
        string error = check.Error.ToString("0.0e+00", CultureInfo.InvariantCulture);
        throw CliException.Fail(
            $"the meta-gradient is not exact: it differs from finite differences by {error}. "
            + "This is an error of the engine, please report it; --order first goes without.");
    }
}
