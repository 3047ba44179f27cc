// Printing as NumPy does: aligned columns, the middle of long axes left out. ToString and debuggers
// never compute anything: a tensor without a value prints its type only.
using System.Globalization;
using System.Text;

namespace Engine;

public sealed partial class Tensor
{
    private const int EdgeItems = 3, Threshold = 1000;

    /// <summary>
    /// The values, NumPy-style, if they are computed; otherwise dtype, shape and the operation
    /// pending. Never computes.
    /// </summary>
    public override string ToString()
    {
        NodeState now = state;
        return now.Value is null
            ? $"{DType.Name()}{Shape} = {now.Primitive?.Name} (not computed)"
            : Format();
    }

    /// <summary>Computes the value and formats it NumPy-style, with that many digits after the point.</summary>
    public string Format(int digits = 4)
    {
        var texts = new string[Count];
        double[] values = ToDoubles();
        bool scientific = DType.IsFloat() && NeedsExponent(values);
        int width = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Text(values[i], digits, scientific);
            width = Math.Max(width, texts[i].Length);
        }
        var builder = new StringBuilder();
        Append(builder, texts, 0, 0, texts.Length, width, Count > Threshold);
        return builder.ToString();
    }

    private string Text(double value, int digits, bool scientific)
    {
        if (DType == DType.Bool) return value != 0 ? "True" : "False";
        if (!DType.IsFloat()) return ((long)value).ToString(CultureInfo.InvariantCulture);
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        string format = scientific ? $"0.{new string('0', digits)}e+00" : $"F{digits}";
        return value.ToString(format, CultureInfo.InvariantCulture);
    }

    private static bool NeedsExponent(double[] values)
    {
        double smallest = double.MaxValue, largest = 0;
        foreach (double value in values)
        {
            double size = Math.Abs(value);
            if (size == 0 || !double.IsFinite(size)) continue;
            smallest = Math.Min(smallest, size);
            largest = Math.Max(largest, size);
        }
        return largest >= 1e8 || (largest > 0 && (largest < 1e-3 || largest / smallest > 1e6));
    }

    private void Append(
        StringBuilder builder, string[] texts, int axis, int start, int count, int width, bool cut)
    {
        if (axis == Rank)
        {
            builder.Append(axis == 0 ? texts[start] : texts[start].PadLeft(width));
            return;
        }
        builder.Append('[');
        int size = Shape[axis], inner = size == 0 ? 0 : count / size;
        bool last = axis == Rank - 1;
        string separator = last
            ? ", "
            : "," + new string('\n', Rank - 1 - axis) + new string(' ', axis + 1);
        for (int i = 0; i < size; i++)
        {
            if (i > 0) builder.Append(separator);
            if (cut && size > 2 * EdgeItems && i == EdgeItems)
            {
                builder.Append("...").Append(separator);
                i = size - EdgeItems;
            }
            Append(builder, texts, axis + 1, start + i * inner, inner, width, cut);
        }
        builder.Append(']');
    }
}
