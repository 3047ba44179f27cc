// Conjugate gradients: solves A x = b where A is known only as a function that multiplies by it,
// such as a Hessian, whose matrix would be far too large to make.
namespace Engine;

/// <summary>
/// The method of conjugate gradients (Hestenes and Stiefel, 1952) on trees: tensors, trees or
/// tuples of these, taken as one long vector.
/// </summary>
public static class ConjugateGradient
{
    /// <summary>
    /// Solves (A + damping I) x = <paramref name="right"/>, where <paramref name="product"/> is
    /// v -> A v for a symmetric positive definite A, and v, A v and x are shaped like the right
    /// side. Leaves that are integers or symbolic zeros there stay out of the system, as they are.
    /// <para>
    /// It is a tensor program of a fixed number of steps, so it can be compiled, batched (each
    /// element is a system of its own) and differentiated; derivatives go through its steps, unless
    /// a <see cref="CustomRule"/> states the implicit ones. Once the residual is small enough,
    /// further steps change nothing; neither do they after a direction along which A is not
    /// positive, and then the residual says that the system is not solved.
    /// </para>
    /// </summary>
    /// <param name="product">
    /// v -> A v, for example of <see cref="Hessian.Linearized{T}"/>.
    /// </param>
    /// <param name="right">The right side b.</param>
    /// <param name="iterations">
    /// Steps at most; as many as there are unknowns are enough but for rounding.
    /// </param>
    /// <param name="tolerance">The length of b - A x, relative to b's, that is good enough.</param>
    /// <param name="damping">Added to A's diagonal; 0 or more.</param>
    /// <returns>
    /// x, and the length of b - (A + damping I) x relative to b's: a scalar without derivative,
    /// 0 where b is zero.
    /// </returns>
    /// <exception cref="EngineException">
    /// A number is out of range, or the product is not shaped like the right side.
    /// </exception>
    public static (T Solution, Tensor Residual) Solve<T>(
        Func<T, T> product, T right, int iterations = 10, double tolerance = 1e-6,
        double damping = 0)
    {
        ArgumentNullException.ThrowIfNull(product);
        ArgumentNullException.ThrowIfNull(right);
        if (iterations < 1 || !(tolerance >= 0) || !(damping >= 0 && double.IsFinite(damping)))
            throw Errors.Fail(Op, $"{iterations} iterations, tolerance {tolerance}, damping "
                + $"{damping}; give at least 1, and numbers that are not negative.");
        var system = new LinearSystem<T>(product, right, damping);
        Tensor[] b = system.Right, x = Array.ConvertAll(b, leaf => leaf.Like(Op, 0)), r = b, p = b;
        Tensor squared = Dot(r, r), limit = squared * (tolerance * tolerance);
        Tensor goesOn = !(squared <= limit);
        for (int i = 0; i < iterations; i++)
        {
            Tensor[] ap = system.Times(p);
            Tensor curvature = Dot(p, ap);
            // NaN counts as going on, so that it is not hidden in a solution that stopped early.
            goesOn &= !(curvature <= 0);
            Tensor step = Quotient(squared, curvature, goesOn);
            x = Sum(x, step, p);
            r = Sum(r, -step, ap);
            Tensor next = Dot(r, r);
            p = Sum(r, Quotient(next, squared, goesOn), p);
            (squared, goesOn) = (next, goesOn & !(next <= limit));
            // Outside of transforms this step is computed before the next is written down.
            Evaluator.EvaluateResults([.. x, .. r, .. p, squared, goesOn]);
        }
        // The residual that the steps carry along drifts from the true one as they round.
        Tensor[] rest = Sum(b, Tensor.Scalar(-1.0), system.Times(x));
        Tensor all = Dot(b, b);
        Tensor residual = Quotient(Dot(rest, rest), all, all.NotEqualTo(0)).StopGradient().Sqrt();
        Evaluator.EvaluateResults([residual]);
        return (system.Whole(x), residual);
    }

    internal const string Op = "ConjugateGradient";

    /// <summary>a / b where it is asked for, else 0; then b may be 0 in derivatives too.</summary>
    private static Tensor Quotient(Tensor a, Tensor b, Tensor isWanted) =>
        Tensor.Where(isWanted, a / Tensor.Where(isWanted, b, 1), 0);

    /// <summary>a + factor * b, leaf by leaf.</summary>
    private static Tensor[] Sum(Tensor[] a, Tensor factor, Tensor[] b) =>
        [.. a.Zip(b, (x, y) => x + factor.Cast(x.DType) * y)];

    /// <summary>The sum of all products of elements, in the widest type among them.</summary>
    private static Tensor Dot(Tensor[] a, Tensor[] b)
    {
        DType type = Array.Exists(a, x => x.DType == DType.Float64)
            ? DType.Float64 : DType.Float32;
        return a.Zip(b, (x, y) => (x * y).Sum().Cast(type)).Aggregate((sum, part) => sum + part);
    }
}

/// <summary>
/// A system over the float leaves of the right side; the others stay as they are.
/// </summary>
internal sealed class LinearSystem<T>
{
    private readonly Func<T, T> product;
    private readonly T right;
    private readonly double damping;
    private readonly List<Tensor> leaves;
    private readonly bool[] chosen;

    public LinearSystem(Func<T, T> product, T right, double damping)
    {
        (this.product, this.right, this.damping) = (product, right, damping);
        leaves = Structure.Leaves(right);
        chosen = [.. leaves.Select(leaf => leaf.DType.IsFloat() && !leaf.IsSymbolicZero)];
        Right = Chosen(leaves);
        if (Right.Length == 0)
            throw Errors.Fail(ConjugateGradient.Op, "the right side holds no float tensor but "
                + "symbolic zeros. Give one that is to be solved for.");
    }

    /// <summary>The right side's leaves that take part.</summary>
    public Tensor[] Right { get; }

    /// <summary>The matrix, damped, times a vector.</summary>
    public Tensor[] Times(Tensor[] v)
    {
        List<Tensor> made = Structure.Leaves(product(Whole(v)));
        if (made.Count != leaves.Count)
            throw Errors.Fail(ConjugateGradient.Op, $"the product has {made.Count} tensors, but "
                + $"the right side {leaves.Count}. Both must have the same structure.");
        Tensor[] parts = Chosen(made);
        for (int i = 0; i < parts.Length; i++)
        {
            Vjp.Match(ConjugateGradient.Op, Right[i], parts[i]);
            if (damping > 0) parts[i] += damping * v[i];
        }
        return parts;
    }

    /// <summary>A vector in the right side's structure.</summary>
    public T Whole(Tensor[] v)
    {
        int next = 0;
        return Structure.WithLeaves(
            right, [.. leaves.Select((leaf, i) => chosen[i] ? v[next++] : leaf)]);
    }

    private Tensor[] Chosen(List<Tensor> all) => [.. all.Where((_, i) => chosen[i])];
}
