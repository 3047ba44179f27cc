// The naive array that reference values are computed with: double values, row-major, loops only.
namespace Engine.OpTests;

/// <summary>An array of doubles with the simplest possible operations.</summary>
internal sealed record NArray(double[] Values, int[] Sizes)
{
    public static NArray Scalar(double value) => new([value], []);

    public static NArray From(Tensor x) => new(x.ToDoubles(), x.Shape.Sizes.ToArray());

    public static NArray Fill(int[] sizes, Func<int[], double> f)
    {
        var values = new List<double>();
        foreach (int[] at in Places(sizes)) values.Add(f(at));
        return new([.. values], sizes);
    }

    public double this[params int[] at]
    {
        get
        {
            int offset = 0;
            for (int i = 0; i < Sizes.Length; i++) offset = offset * Sizes[i] + at[i];
            return Values[offset];
        }
    }

    public static IEnumerable<int[]> Places(int[] sizes)
    {
        long count = sizes.Aggregate(1L, (a, b) => a * b);
        var at = new int[sizes.Length];
        for (long i = 0; i < count; i++)
        {
            yield return [.. at];
            for (int axis = sizes.Length - 1; axis >= 0 && ++at[axis] == sizes[axis]; axis--)
                at[axis] = 0;
        }
    }

    public NArray Map(Func<double, double> f) => new([.. Values.Select(f)], Sizes);

    public static NArray Zip(NArray a, NArray b, Func<double, double, double> f)
    {
        int rank = Math.Max(a.Sizes.Length, b.Sizes.Length);
        var sizes = new int[rank];
        for (int i = 1; i <= rank; i++)
        {
            int m = i <= a.Sizes.Length ? a.Sizes[^i] : 1;
            int n = i <= b.Sizes.Length ? b.Sizes[^i] : 1;
            sizes[^i] = m == 1 ? n : m;
        }
        return Fill(sizes, at => f(a.Repeated(at), b.Repeated(at)));
    }

    /// <summary>The element at a place of a shape this broadcasts to.</summary>
    public double Repeated(int[] at)
    {
        int[] own = at[^Sizes.Length..];
        for (int i = 0; i < own.Length; i++)
            if (Sizes[i] == 1)
                own[i] = 0;
        return this[own];
    }

    /// <summary>f of the list of elements along the axes, for each place of the others.</summary>
    public NArray Reduce(int[] axes, Func<List<double>, double> f, bool keepDims = false)
    {
        axes = [.. axes.Select(a => a < 0 ? a + Sizes.Length : a)];
        int[] kept = [.. Sizes.Select((n, i) => axes.Contains(i) ? 1 : n)];
        var lists = Places(kept).Select(_ => new List<double>()).ToArray();
        foreach (int[] at in Places(Sizes))
        {
            int offset = 0;
            for (int i = 0; i < kept.Length; i++)
                offset = offset * kept[i] + (axes.Contains(i) ? 0 : at[i]);
            lists[offset].Add(this[at]);
        }
        int[] sizes = keepDims ? kept : [.. Sizes.Where((_, i) => !axes.Contains(i))];
        return new([.. lists.Select(f)], sizes);
    }

    public NArray Reshape(params int[] sizes) => new(Values, sizes);

    public NArray Permute(params int[] order)
    {
        int[] sizes = [.. order.Select(i => Sizes[i])];
        return Fill(sizes, at =>
        {
            var source = new int[at.Length];
            for (int i = 0; i < at.Length; i++) source[order[i]] = at[i];
            return this[source];
        });
    }

    /// <summary>NumPy's matmul for operands of two or more axes.</summary>
    public static NArray MatMul(NArray a, NArray b)
    {
        int m = a.Sizes[^2], k = a.Sizes[^1], n = b.Sizes[^1];
        int[] batch = Zip(
            Fill(a.Sizes[..^2], _ => 0), Fill(b.Sizes[..^2], _ => 0), (_, _) => 0).Sizes;
        return Fill([.. batch, m, n], at =>
        {
            double sum = 0;
            for (int i = 0; i < k; i++)
                sum += a.Cell(at[..^2], at[^2], i) * b.Cell(at[..^2], i, at[^1]);
            return sum;
        });
    }

    /// <summary>
    /// Cross-correlation of images (N, C, H, W) with filters (K, C / groups, R, S).
    /// </summary>
    public static NArray Conv2d(
        NArray x, NArray w, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        int Out(int size, int kernel) =>
            (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
        int perGroup = w.Sizes[0] / groups;
        int[] sizes = [x.Sizes[0], w.Sizes[0],
            Out(x.Sizes[2], w.Sizes[2]), Out(x.Sizes[3], w.Sizes[3])];
        return Fill(sizes, at =>
        {
            double sum = 0;
            foreach (int[] tap in Places(w.Sizes[1..]))
            {
                int h = at[2] * stride - padding + tap[1] * dilation;
                int v = at[3] * stride - padding + tap[2] * dilation;
                if (h < 0 || v < 0 || h >= x.Sizes[2] || v >= x.Sizes[3]) continue;
                int channel = at[1] / perGroup * w.Sizes[1] + tap[0];
                sum += x[at[0], channel, h, v] * w[at[1], tap[0], tap[1], tap[2]];
            }
            return sum;
        });
    }

    /// <summary>f of the elements of each window of images (N, C, H, W).</summary>
    public NArray Pool(int window, int stride, int padding, Func<List<double>, double> f)
    {
        int[] sizes = [Sizes[0], Sizes[1], (Sizes[2] + 2 * padding - window) / stride + 1,
            (Sizes[3] + 2 * padding - window) / stride + 1];
        return Fill(sizes, at =>
        {
            var seen = new List<double>();
            for (int i = 0; i < window * window; i++)
            {
                int h = at[2] * stride - padding + i / window;
                int w = at[3] * stride - padding + i % window;
                if (h >= 0 && w >= 0 && h < Sizes[2] && w < Sizes[3])
                    seen.Add(this[at[0], at[1], h, w]);
            }
            return f(seen);
        });
    }

    private double Cell(int[] batch, int row, int column)
    {
        int[] at = [.. batch[^(Sizes.Length - 2)..], row, column];
        for (int i = 0; i < at.Length - 2; i++)
            if (Sizes[i] == 1)
                at[i] = 0;
        return this[at];
    }
}
