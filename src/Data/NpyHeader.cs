// The header of an npy file: a literal of a Python dictionary with three known keys.
using System.Globalization;
using System.Text.RegularExpressions;

namespace Engine.Data;

/// <summary>
/// What an npy header says. Code is the dtype without byte order: f4, i8, b1, ...
/// </summary>
internal sealed partial record NpyHeader(
    string Code, bool BigEndian, bool FortranOrder, IReadOnlyList<int> Sizes)
{
    public int ElementSize => Code[1] - '0';

    public static NpyHeader Parse(string text, string name)
    {
        Match dtype = Descr().Match(text), order = Order().Match(text), shape = Shape().Match(text);
        if (!order.Success || !shape.Success)
            throw new DataException($"{name}: the npy header is corrupt: fortran_order "
                + "must be True or False, and shape a tuple of whole numbers.");
        if (!dtype.Success || !NpyElements.IsKnown(dtype.Groups[2].Value))
            throw new DataException($"{name}: the array's dtype is not bool, int8 to int64, uint8 "
                + "to uint32, float16, float32 or float64. Convert it with astype.");
        return new(
            dtype.Groups[2].Value, dtype.Groups[1].Value == ">", order.Groups[1].Value == "True",
            ParseSizes(shape.Groups[1].Value, name));
    }

    private static List<int> ParseSizes(string text, string name)
    {
        const StringSplitOptions clean =
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        var sizes = new List<int>();
        foreach (string part in text.Split(',', clean))
        {
            if (!int.TryParse(part.TrimEnd('L'), CultureInfo.InvariantCulture, out int size))
                throw new DataException(
                    $"{name}: the npy header is corrupt: {part} is not the size of an axis.");
            sizes.Add(size);
        }
        return sizes;
    }

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([<>|=])([a-z][0-9]+)['"]""")]
    private static partial Regex Descr();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""")]
    private static partial Regex Order();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([0-9L,\s]*)\)""")]
    private static partial Regex Shape();
}
