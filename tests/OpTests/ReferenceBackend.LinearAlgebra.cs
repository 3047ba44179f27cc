// Running sums and factorisations of the backend of plain loops: textbook formulas in double.
using Engine.Kernels;

namespace Engine.OpTests;

internal sealed unsafe partial class ReferenceBackend
{
    public void CumSum(in Operand x, in Operand y, bool reverse)
    {
        Calls++;
        foreach (long[] at in Places(y.Layout))
        {
            double sum = 0;
            long whole = 0;
            long first = reverse ? at[1] : 0, last = reverse ? x.Layout.Sizes[1] - 1 : at[1];
            for (long i = first; i <= last; i++)
            {
                sum += Get(x, [at[0], i, at[2]]);
                if (!x.Type.IsFloat()) whole += Whole(x, [at[0], i, at[2]]);
            }
            if (x.Type.IsFloat()) Set(y, at, sum);
            else SetWhole(y, at, whole);
        }
    }

    public void Cholesky(in Operand x, in Operand y)
    {
        Calls++;
        for (long b = 0; b < x.Layout.Sizes[0]; b++)
        {
            double[,] a = Matrix(x, b);
            int n = a.GetLength(0);
            var l = new double[n, n];
            for (int j = 0; j < n; j++)
                for (int i = j; i < n; i++)
                {
                    double sum = a[i, j];
                    for (int k = 0; k < j; k++) sum -= l[i, k] * l[j, k];
                    l[i, j] = i == j ? Math.Sqrt(sum) : sum / l[j, j];
                }
            bool definite = Enumerable.Range(0, n).All(
                i => l[i, i] > 0 && double.IsFinite(l[i, i]));
            Put(y, b, definite ? l : Nothing(n, n));
        }
    }

    public void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle)
    {
        Calls++;
        for (long batch = 0; batch < b.Layout.Sizes[0]; batch++)
        {
            double[,] m = Matrix(a, batch), y = Matrix(b, batch);
            int n = m.GetLength(0);
            double At(int i, int j) => triangle.Unit && i == j ? 1
                : triangle.Transposed ? m[j, i] : m[i, j];
            bool forward = triangle.Lower != triangle.Transposed;
            foreach (int i in forward ? Enumerable.Range(0, n) : Enumerable.Range(0, n).Reverse())
                for (int c = 0; c < y.GetLength(1); c++)
                {
                    for (int j = forward ? 0 : i + 1; j < (forward ? i : n); j++)
                        y[i, c] -= At(i, j) * y[j, c];
                    y[i, c] /= At(i, i);
                }
            Put(x, batch, y);
        }
    }

    /// <summary>Doolittle's: each element from the formulas, rows exchanged as it goes.</summary>
    public void Lu(in Operand x, in Operand y)
    {
        Calls++;
        for (long b = 0; b < x.Layout.Sizes[0]; b++)
        {
            double[,] a = Matrix(x, b);
            int n = a.GetLength(0);
            var result = new double[n + 1, n];
            int[] order = [.. Enumerable.Range(0, n)];
            for (int k = 0; k < n; k++)
            {
                int best = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(a[order[i], k]));
                (order[k], order[best]) = (order[best], order[k]);
                if (a[order[k], k] == 0) continue;
                for (int i = k + 1; i < n; i++)
                {
                    double factor = a[order[i], k] /= a[order[k], k];
                    for (int j = k + 1; j < n; j++) a[order[i], j] -= factor * a[order[k], j];
                }
            }
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    result[i, j] = a[order[i], j];
            for (int j = 0; j < n; j++) result[n, j] = order[j];
            Put(y, b, result);
        }
    }

    /// <summary>
    /// Jacobi's original: always the largest element off the diagonal, in full matrices.
    /// </summary>
    public void Eigh(in Operand x, in Operand y)
    {
        Calls++;
        for (long b = 0; b < x.Layout.Sizes[0]; b++)
        {
            double[,] a = Matrix(x, b);
            int n = a.GetLength(0);
            Put(y, b, a.Cast<double>().All(double.IsFinite) ? Eigen(a, n) : Nothing(n + 1, n));
        }
    }

    private static double[,] Eigen(double[,] a, int n)
    {
        var v = new double[n, n];
        for (int i = 0; i < n; i++) v[i, i] = 1;
        double norm = Math.Sqrt(a.Cast<double>().Sum(u => u * u));
        while (n > 1)
        {
            (int p, int q) = Pairs(n).MaxBy(at => Math.Abs(a[at.P, at.Q]));
            if (Math.Abs(a[p, q]) <= 1e-18 * norm) break;
            double angle = 0.5 * Math.Atan2(2 * a[p, q], a[q, q] - a[p, p]);
            (double s, double c) = Math.SinCos(angle);
            for (int i = 0; i < n; i++)
                (a[i, p], a[i, q]) = (c * a[i, p] - s * a[i, q], s * a[i, p] + c * a[i, q]);
            for (int i = 0; i < n; i++)
                (a[p, i], a[q, i]) = (c * a[p, i] - s * a[q, i], s * a[p, i] + c * a[q, i]);
            for (int i = 0; i < n; i++)
                (v[i, p], v[i, q]) = (c * v[i, p] - s * v[i, q], s * v[i, p] + c * v[i, q]);
            a[p, q] = a[q, p] = 0;
        }
        var result = new double[n + 1, n];
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => a[i, i])];
        for (int k = 0; k < n; k++)
        {
            int column = order[k];
            double largest = Enumerable.Range(0, n).Select(i => v[i, column]).MaxBy(Math.Abs);
            result[0, k] = a[column, column];
            for (int i = 0; i < n; i++) result[i + 1, k] = Math.Sign(largest) * v[i, column];
        }
        return result;
    }

    private static IEnumerable<(int P, int Q)> Pairs(int n)
    {
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                yield return (p, q);
    }

    private static double[,] Matrix(in Operand x, long batch)
    {
        var result = new double[x.Layout.Sizes[1], x.Layout.Sizes[2]];
        for (int i = 0; i < result.GetLength(0); i++)
            for (int j = 0; j < result.GetLength(1); j++)
                result[i, j] = Get(x, [batch, i, j]);
        return result;
    }

    private static void Put(in Operand y, long batch, double[,] values)
    {
        for (int i = 0; i < values.GetLength(0); i++)
            for (int j = 0; j < values.GetLength(1); j++)
                Set(y, [batch, i, j], values[i, j]);
    }

    private static double[,] Nothing(int rows, int columns)
    {
        var result = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                result[i, j] = double.NaN;
        return result;
    }
}
