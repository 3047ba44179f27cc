// An update rule of a user's own, whose state is a tree of its own.
using Engine;
using Engine.Nn;

namespace Seams;

/// <summary>
/// Averages of a gradient's squares: over each row and each column of a matrix, of each element of
/// any other leaf.
/// </summary>
public sealed partial record Squares(Tensor Rows, Tensor? Columns) : ITree;

/// <summary>
/// Adafactor (Shazeer and Stern, 2018, algorithm 4, without clipping and relative steps): Adam's
/// second moment of a matrix in the memory of a row and a column.
/// </summary>
public sealed record Adafactor(double Power = 0.8, double Epsilon = 1e-3) : IUpdateRule<Squares>
{
    public Squares Init(Tensor leaf)
    {
        Tensor zeros = Optim.ZerosLike(leaf);
        return leaf.Rank == 2 ? new(zeros.Sum(1), zeros.Sum(0)) : new(zeros, null);
    }

    public (Tensor Leaf, Squares State) Update(
        Tensor leaf, Tensor gradient, Tensor rate, Tensor n, Squares state)
    {
        // 0 at the first step, so that the zeros of the start never count.
        Tensor decay = (1 - n.Cast(DType.Float64).Pow(-Power)).Cast(leaf.DType);
        Tensor Average(Tensor old, Tensor now) => decay * old + (1 - decay) * now;

        Tensor square = gradient.Square() + Epsilon;
        if (state.Columns is null)
        {
            Tensor each = Average(state.Rows, square);
            return (leaf - rate * gradient / each.Sqrt(), new(each, null));
        }
        Tensor rows = Average(state.Rows, square.Mean(1));
        Tensor columns = Average(state.Columns, square.Mean(0));
        Tensor whole = rows.ExpandDims(1) * columns / rows.Mean();
        return (leaf - rate * gradient / whole.Sqrt(), new(rows, columns));
    }
}
