// Says which order of differentiation was measured, and refuses a run whose gradient is wrong.
using System.Globalization;
using Engine.Meta;

namespace Engine.Cli;

internal static class OrderFigures
{
    /// <summary>Says what was measured, and fails if it is not what was asked for.</summary>
    public static void Add(OrderCheck check, VerbContext context)
    {
        if (check.Claim == Claim.OwnDirection)
        {
            context.Figure("order", "order of differentiation", "none");
            context.Summary.Add("order_error", null);
            context.Figure(
                "order_check", "  because", "the method steps in a direction of its own");
            return;
        }

        var (order, error) = check.Claim switch
        {
            Claim.FirstOrder => ("first", "off the exact derivative"),
            Claim.Implicit => ("implicit", "off the differences"),
            _ => ("exact", "against differences"),
        };
        context.Figure("order", "order of differentiation", order);
        context.Figure("order_error", "  " + error, check.Error, "0.0e+00");
        context.Figure(
            "order_check", "  measured on",
            OrderCheck.Procedure + (check.Beside ? ", beside the start, which is at a kink" : ""));
        if (check.Vanishes)
        {
            throw CliException.Fail(
                "the meta-gradient at the start is zero: no weight changes the loss, so nothing "
                + "can be learned, and the order of differentiation cannot be checked. Choose "
                + "another --seed.");
        }

        if (check.Claim != Claim.Exact || check.Confirmed) return;
        string difference = check.Error.ToString("0.0e+00", CultureInfo.InvariantCulture);
        throw CliException.Fail(
            $"the meta-gradient differs from finite differences by {difference}, so it is not "
            + "known to be exact. " + (check.Kink
                ? "The loss has kinks at the start and beside it, where differences say nothing: "
                    + "try another --seed."
                : "No kink of the loss explains it, so this is an error of the engine: please "
                    + "report it. --method maml --order first needs no such check."));
    }
}
