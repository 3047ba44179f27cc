// Rows of linear algebra. Values are checked by what defines them: L Lᵀ and a x are compared with
// plain products, eigenvalues and determinants with textbook formulas.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static readonly Case[] SquareCases =
        [new([3, 3]), new([1, 1]), new([2, 4, 4]), new([0, 2, 2]), new([5, 5]), new([0, 0])];

    private static readonly Case[] SystemCases =
    [
        new([3, 3], [3, 2]), new([4, 4], [4]), new([2, 3, 3], [3, 1]), new([1, 1], [2, 1, 3]),
        new([2, 2], [2, 0]), new([0, 0], [0, 2]),
    ];

    private static IEnumerable<OpRow> LinearAlgebra()
    {
        yield return Matrix(
            "Cholesky", x => Positive(x).Cholesky(), x => Each(Positive(x), CholeskyOf)) with
        {
            Tolerance32 = 1e-5,
            Errors = [(() => Of(2, 3).Cholesky(),
                "Cholesky: needs square matrices (..., n, n), but got shape (2, 3).")],
        };
        foreach (var (name, lower, transpose, unit) in ((string, bool, bool, bool)[])
            [("", true, false, false), ("Upper", false, false, false),
                ("Transposed", true, true, false), ("UpperTransposedUnit", false, true, true)])
            yield return Systems(
                "TriangularSolve" + name,
                (a, b) => Dominant(a).TriangularSolve(b, lower, transpose, unit),
                (a, b) => SolveOf(Stored(Dominant(a), lower, transpose, unit), b)) with
            {
                Errors = [(() => Of(3, 3).TriangularSolve(Of(2)),
                    "TriangularSolve: right-hand sides (2) do not fit matrices (3, 3). They must "
                    + "be one vector (3) or matrices (..., 3, m).")],
            };
        yield return Systems(
            "Solve", (a, b) => Dominant(a).Solve(b), (a, b) => SolveOf(Dominant(a), b)) with
        {
            Errors =
            [
                (() => Of(3, 3).Solve(Of(4, 3, 2, 2)),
                    "Solve: right-hand sides (4, 3, 2, 2) do not fit matrices (3, 3). They must be "
                    + "one vector (3) or matrices (..., 3, m)."),
                (() => Ints(3, 3).Solve(Ints(3)),
                    "Solve: needs float32 or float64, but got int64 (3, 3). Use "
                    + ".Cast(DType.Float32)."),
            ],
        };
        yield return Matrix(
            "Inverse", x => Dominant(x).Inverse(),
            x => SolveOf(Dominant(x), NArray.Fill(x.Sizes, at => at[^1] == at[^2] ? 1 : 0))) with
        {
            Tolerance32 = 1e-5,
            Errors = [(() => Of(3).Inverse(),
                "Inverse: needs square matrices (..., n, n), but got shape (3).")],
        };
        yield return Matrix("Det", x => x.Det(), x => Scalars(x, DetOf)) with
        {
            Tolerance32 = 2e-5,
            Tolerance64 = 1e-12,
            GradientTolerance = 1e-6,
            Cases = [new([3, 3]), new([2, 4, 4]), new([2, 2]), new([0, 2, 2]), new([0, 0])],
            Errors = [(() => Of(1, 2).Det(),
                "Det: needs square matrices (..., n, n), but got shape (1, 2).")],
        };
        yield return Matrix(
            "LogDet", x => Positive(x).LogDet(),
            x => Scalars(Positive(x), m => Math.Log(DetOf(m)))) with
        {
            Tolerance32 = 1e-5,
        };
        yield return Matrix("SlogDet", x => x.SlogDet().LogAbsDet,
            x => Scalars(x, m => Math.Log(Math.Abs(DetOf(m))))) with
        {
            Tolerance32 = 2e-5,
            Tolerance64 = 1e-12,
            GradientTolerance = 1e-6,
        };
        yield return Matrix(
            "SlogDetSign", x => x.SlogDet().Sign, x => Scalars(x, m => Math.Sign(DetOf(m)))) with
        {
            Differentiable = false,
        };
        yield return Matrix(
            "EighValues", x => Apart(x).EighValues(), x => Vectors(Apart(x), EigenvaluesOf)) with
        {
            Tolerance32 = 1e-5,
            Errors = [(() => Of(2, 3).EighValues(),
                "EighValues: needs square matrices (..., n, n), but got shape (2, 3).")],
        };
        // The vectors by the projections on them, v vᵀ, which have no sign; a triangle of their
        // sum, since the whole of it always has the same norm.
        yield return Matrix(
            "EighVectors",
            x => Projections(Apart(x).Eigh().Vectors),
            x => Each(Apart(x), ProjectionsOf)) with
        {
            Tolerance32 = 2e-5,
            Tolerance64 = 1e-12,
            GradientTolerance = 1e-6,
        };
    }

    private static OpRow Matrix(
        string name, Func<Tensor, Tensor> f, Func<NArray, NArray> reference) =>
        new(name, x => f(x[0]), x => reference(x[0]), [Draw.Normal], SquareCases)
        {
            Tolerance64 = 1e-13,
        };

    private static OpRow Systems(
        string name, Func<Tensor, Tensor, Tensor> f, Func<NArray, NArray, NArray> reference) =>
        new(name, x => f(x[0], x[1]), x => reference(x[0], x[1]), [Draw.Normal, Draw.Normal],
            SystemCases)
        {
            Tolerance32 = 1e-5,
        };

    private static Tensor Projections(Tensor v) =>
        (v * Tensor.Arange(v.Shape[^1], v.DType)).MatMul(v.SwapAxes(-1, -2)).Tril();

    private static Tensor Positive(Tensor x) =>
        x.MatMul(x.SwapAxes(-1, -2)) + Tensor.Eye(x.Shape[^1], x.DType);

    private static NArray Positive(NArray x) => NArray.Zip(
        NArray.MatMul(x, Swap(x)), NArray.Fill(x.Sizes[^2..], at => at[0] == at[1] ? 1 : 0),
        (a, b) => a + b);

    private static Tensor Dominant(Tensor x) => x + 4 * Tensor.Eye(x.Shape[^1], x.DType);

    private static NArray Dominant(NArray x) =>
        NArray.Fill(x.Sizes, at => x[at] + (at[^1] == at[^2] ? 4 : 0));

    /// <summary>Eigenvalues kept apart by a growing diagonal.</summary>
    private static Tensor Apart(Tensor x) =>
        0.3 * x + (2 * Tensor.Arange(x.Shape[^1], x.DType)).Diag();

    private static NArray Apart(NArray x) => NArray.Fill(
        x.Sizes, at => 0.15 * (x[at] + x[[.. at[..^2], at[^1], at[^2]]])
            + (at[^1] == at[^2] ? 2 * at[^1] : 0));

    private static NArray Swap(NArray x) => NArray.Fill(
        [.. x.Sizes[..^2], x.Sizes[^1], x.Sizes[^2]], at => x[[.. at[..^2], at[^1], at[^2]]]);

    private static NArray Stored(NArray a, bool lower, bool transpose, bool unit)
    {
        NArray kept = NArray.Fill(a.Sizes, at => at[^1] == at[^2] ? unit ? 1 : a[at]
            : at[^1] < at[^2] == lower ? a[at] : 0);
        return transpose ? Swap(kept) : kept;
    }

    private static NArray Each(NArray x, Func<double[,], double[,]> f)
    {
        int[] batch = x.Sizes[..^2];
        var results = NArray.Places(batch).ToDictionary(
            at => string.Join(",", at), at => f(MatrixAt(x, at)));
        return NArray.Fill(x.Sizes, at => results[string.Join(",", at[..^2])][at[^2], at[^1]]);
    }

    private static NArray Scalars(NArray x, Func<double[,], double> f) =>
        NArray.Fill(x.Sizes[..^2], at => f(MatrixAt(x, at)));

    private static NArray Vectors(NArray x, Func<double[,], double[]> f) =>
        NArray.Fill(x.Sizes[..^1], at => f(MatrixAt(x, at[..^1]))[at[^1]]);

    private static double[,] MatrixAt(NArray x, int[] batch)
    {
        var m = new double[x.Sizes[^2], x.Sizes[^1]];
        for (int i = 0; i < x.Sizes[^2]; i++)
            for (int j = 0; j < x.Sizes[^1]; j++)
                m[i, j] = x[[.. batch, i, j]];
        return m;
    }

    private static double[,] CholeskyOf(double[,] a)
    {
        int n = a.GetLength(0);
        var l = new double[n, n];
        for (int j = 0; j < n; j++)
            for (int i = j; i < n; i++)
            {
                double sum = Enumerable.Range(0, j).Sum(k => l[i, k] * l[j, k]);
                l[i, j] = i == j ? Math.Sqrt(a[i, i] - sum) : (a[i, j] - sum) / l[j, j];
            }
        return l;
    }

    /// <summary>By expansion along the first row.</summary>
    private static double DetOf(double[,] a)
    {
        int n = a.GetLength(0);
        if (n == 0) return 1;
        double sum = 0;
        for (int c = 0; c < n; c++)
        {
            var minor = new double[n - 1, n - 1];
            for (int i = 1; i < n; i++)
                for (int j = 0; j < n - 1; j++)
                    minor[i - 1, j] = a[i, j < c ? j : j + 1];
            sum += (c % 2 == 0 ? 1 : -1) * a[0, c] * DetOf(minor);
        }
        return sum;
    }

    /// <summary>Gauss and Jordan's elimination, for matrices with a heavy diagonal.</summary>
    private static NArray SolveOf(NArray a, NArray b)
    {
        bool vector = b.Sizes.Length == 1;
        NArray sides = vector ? b.Reshape(b.Sizes[0], 1) : b;
        int n = a.Sizes[^1], m = sides.Sizes[^1];
        int[] batch = NArray.Zip(
            NArray.Fill(a.Sizes[..^2], _ => 0), NArray.Fill(sides.Sizes[..^2], _ => 0),
            (_, _) => 0).Sizes;
        var solved = NArray.Places(batch).ToDictionary(at => string.Join(",", at), at =>
        {
            double[,] u = MatrixAt(a, at[^(a.Sizes.Length - 2)..]);
            double[,] x = MatrixAt(sides, at[^(sides.Sizes.Length - 2)..]);
            for (int k = 0; k < n; k++)
                for (int i = 0; i < n; i++)
                {
                    if (i == k) continue;
                    double factor = u[i, k] / u[k, k];
                    for (int j = 0; j < n; j++) u[i, j] -= factor * u[k, j];
                    for (int j = 0; j < m; j++) x[i, j] -= factor * x[k, j];
                }
            for (int i = 0; i < n; i++)
                for (int j = 0; j < m; j++)
                    x[i, j] /= u[i, i];
            return x;
        });
        NArray result = NArray.Fill(
            [.. batch, n, m], at => solved[string.Join(",", at[..^2])][at[^2], at[^1]]);
        return vector ? result.Reshape(result.Sizes[..^1]) : result;
    }

    /// <summary>
    /// By bisection: as many eigenvalues lie below w as a - w has negative pivots (Sylvester's law
    /// of inertia).
    /// </summary>
    private static double[] EigenvaluesOf(double[,] a)
    {
        var values = new double[a.GetLength(0)];
        double bound = 1 + a.Cast<double>().Sum(Math.Abs);
        for (int k = 0; k < values.Length; k++)
        {
            double low = -bound, high = bound;
            for (int i = 0; i < 100; i++)
            {
                double middle = (low + high) / 2;
                if (NegativePivots(a, middle) <= k) low = middle;
                else high = middle;
            }
            values[k] = (low + high) / 2;
        }
        return values;
    }

    private static int NegativePivots(double[,] a, double w)
    {
        int n = a.GetLength(0), count = 0;
        var u = (double[,])a.Clone();
        for (int i = 0; i < n; i++) u[i, i] -= w;
        for (int k = 0; k < n; k++)
        {
            if (u[k, k] < 0) count++;
            for (int i = k + 1; i < n; i++)
                for (int j = n - 1; j >= k; j--)
                    u[i, j] -= u[i, k] / u[k, k] * u[k, j];
        }
        return count;
    }

    /// <summary>
    /// Lower triangle of the sum of k times the projection on eigenvector k, by Sylvester's
    /// formula: the projection is the product of (a - w_j) / (w_k - w_j).
    /// </summary>
    private static double[,] ProjectionsOf(double[,] a)
    {
        int n = a.GetLength(0);
        double[] w = EigenvaluesOf(a);
        var sum = new double[n, n];
        for (int k = 0; k < n; k++)
        {
            NArray p = NArray.Fill([n, n], at => at[0] == at[1] ? 1 : 0);
            for (int j = 0; j < n; j++)
                if (j != k)
                    p = NArray.MatMul(p, NArray.Fill([n, n],
                        at => (a[at[0], at[1]] - (at[0] == at[1] ? w[j] : 0)) / (w[k] - w[j])));
            foreach (int[] at in NArray.Places([n, n]))
                if (at[0] >= at[1])
                    sum[at[0], at[1]] += k * p[at];
        }
        return sum;
    }
}
