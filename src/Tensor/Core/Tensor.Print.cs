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

    /// <summary>
    /// Computes the value and formats it NumPy-style, with that many digits after the point.
    /// </summary>
    public string Format(int digits = 4)
    {
        // Only what is shown is looked at: a debugger prints a tensor of any size at once.
        bool cut = Count > Threshold;
        var places = new List<long>();
        AddShown(places, 0, 0, Count, cut);
        string[] texts = Texts(places, digits);
        int width = 0;
        foreach (string text in texts) width = Math.Max(width, text.Length);
        var builder = new StringBuilder();
        int next = 0;
        Append(builder, texts, ref next, 0, width, cut);
        return builder.ToString();
    }

    /// <summary>The elements shown, by their place in row-major order.</summary>
    private void AddShown(List<long> places, int axis, long start, long count, bool cut)
    {
        if (axis == Rank)
        {
            places.Add(start);
            return;
        }
        int size = Shape[axis];
        for (int i = 0; i < size; i++)
        {
            if (cut && size > 2 * EdgeItems && i == EdgeItems) i = size - EdgeItems;
            AddShown(places, axis + 1, start + i * (count / size), count / size, cut);
        }
    }

    private string[] Texts(List<long> places, int digits)
    {
        switch (DType)
        {
            case DType.Bool:
                bool[] masks = ToArray<bool>();
                return Array.ConvertAll(places.ToArray(), i => masks[i] ? "True" : "False");
            case DType.Int32:
            case DType.Int64:
                long[] integers = Cast(DType.Int64).ToArray<long>();
                return Array.ConvertAll(
                    places.ToArray(), i => integers[i].ToString(CultureInfo.InvariantCulture));
        }
        double[] all = ToDoubles(), values = Array.ConvertAll(places.ToArray(), i => all[i]);
        bool scientific = NeedsExponent(values);
        return Array.ConvertAll(values, value => Text(value, digits, scientific));
    }

    private static string Text(double value, int digits, bool scientific)
    {
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
        StringBuilder builder, string[] texts, ref int next, int axis, int width, bool cut)
    {
        if (axis == Rank)
        {
            builder.Append(axis == 0 ? texts[next++] : texts[next++].PadLeft(width));
            return;
        }
        builder.Append('[');
        int size = Shape[axis];
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
            Append(builder, texts, ref next, axis + 1, width, cut);
        }
        builder.Append(']');
    }
}
