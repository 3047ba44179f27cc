// The Neumann series: an inverse times a vector from products alone, without conditions on their
// order or exactness, and cheap where few terms are enough.
namespace Engine;

/// <summary>Linear systems by the Neumann series, on trees.</summary>
public static class Neumann
{
    /// <summary>
    /// Nearly solves A x = <paramref name="right"/>: the first terms of
    /// A⁻¹ b = rate Σ (I - rate A)^j b, which converges if all eigenvalues of A are between 0 and
    /// 2 / rate. Its terms are what backpropagation through as many last steps of gradient descent
    /// with that rate would give at a minimum (Lorraine, Vicol and Duvenaud, 2020, theorem 1). One
    /// term takes A⁻¹ for the rate and needs no product.
    /// </summary>
    /// <param name="product">v -> A v.</param>
    /// <param name="right">The right side b. Symbolic zeros stay out of the system.</param>
    /// <param name="terms">How many terms, at least 1.</param>
    /// <param name="rate">The factor; smaller than 2 over the largest eigenvalue of A.</param>
    public static T Solve<T>(Func<T, T> product, T right, int terms, double rate)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(right);
        if (terms < 1 || !(rate >= 0 && double.IsFinite(rate)))
            throw Errors.Fail("Neumann", $"{terms} terms with rate {rate}; give at least 1, and a "
                + "rate that is not negative.");
        var system = new LinearSystem<T>("Neumann", product, right, damping: 0);
        Tensor[] term = Array.ConvertAll(system.Right, b => rate * b), sum = term;
        for (int j = 1; j < terms; j++)
        {
            term = [.. term.Zip(system.Times(term), (t, at) => t - rate * at)];
            sum = [.. sum.Zip(term, (s, t) => s + t)];
            Evaluator.EvaluateResults([.. term, .. sum]);
        }
        return system.Whole(sum);
    }
}
