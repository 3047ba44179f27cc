// Conjugate gradients over trees (Hestenes and Stiefel, 1952).
namespace Engine.Meta;

/// <summary>Solves A x = b for a positive A of which only products are known.</summary>
internal static class Conjugate
{
    private const double Small = 1e-10;

    /// <summary>x after that many steps from 0, or fewer if the residual becomes small.</summary>
    public static P Solve<P>(Func<P, P> times, P b, int steps) where P : ITree
    {
        P x = b.Map((Tensor w) => 0 * w), residual = b, direction = b;
        double square = Dot(residual, residual);
        for (int i = 0; i < steps && square > Small; i++)
        {
            P image = times(direction);
            double length = square / Dot(direction, image);
            x = x.Zip(direction, (u, v) => u + length * v);
            residual = residual.Zip(image, (u, v) => u - length * v);
            double next = Dot(residual, residual), share = next / square;
            direction = residual.Zip(direction, (u, v) => u + share * v);
            square = next;
        }
        return x;
    }

    /// <summary>The sum of products of all elements.</summary>
    public static double Dot<P>(P a, P b) where P : ITree
    {
        double sum = 0;
        foreach (var (u, v) in a.Leaves().Zip(b.Leaves())) sum += (u * v).Sum().Item();
        return sum;
    }
}
