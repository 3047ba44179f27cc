// The text of an Einstein summation, read and checked against its operands.
namespace Engine;

/// <summary>
/// Labels of the axes of operands and result: letters as their character, the axes of "..." as
/// negative numbers from the right, -1 the last. Sizes are those of the labels.
/// </summary>
internal sealed record EinsumEquation(
    int[][] Inputs, int[] Output, IReadOnlyDictionary<int, int> Sizes)
{
    public static EinsumEquation Parse(string text, ReadOnlySpan<Tensor> operands)
    {
        string[] sides = text.Replace(" ", "").Split("->");
        string[] terms = sides[0].Split(',');
        string shapes = Shapes(operands);
        if (sides.Length > 2)
            throw Wrong(text, shapes, "has more than one \"->\". Write operands->result.");
        if (operands.Length != terms.Length)
            throw Wrong(text, shapes, $"names {terms.Length} operands, but {operands.Length} are "
                + "given. Separate their letters by commas.");
        var inputs = new int[terms.Length][];
        for (int i = 0; i < terms.Length; i++)
        {
            Errors.Float("Einsum", operands[i]);
            Errors.SameDType("Einsum", operands[0], operands[i]);
            inputs[i] = Labels(text, shapes, terms[i], operands[i].Rank);
        }
        Dictionary<int, int> sizes = SizesOf(text, shapes, inputs, operands);
        int[] output = sides.Length == 2
            ? Labels(text, shapes, sides[1], rank: null, EllipsisRank(inputs))
            : Implicit(inputs);
        foreach (int label in output)
            if (output.Count(other => other == label) > 1
                || !inputs.Any(input => input.Contains(label)))
                throw Wrong(text, shapes, $"has the result letter '{(char)label}' twice or in no "
                    + "operand. Name each letter of the result once.");
        return new EinsumEquation(inputs, output, sizes);
    }

    private static int[] Labels(
        string text, string shapes, string term, int? rank, int ellipsis = 0)
    {
        int dots = term.IndexOf("...", StringComparison.Ordinal);
        string letters = dots < 0 ? term : term.Remove(dots, 3);
        foreach (char letter in letters)
            if (!char.IsAsciiLetter(letter))
                throw Wrong(text, shapes, $"has '{letter}', which is not a letter. Use letters, "
                    + "commas, \"...\" and \"->\".");
        if (rank is { } axes)
        {
            ellipsis = axes - letters.Length;
            if (ellipsis < 0 || (dots < 0 && ellipsis > 0))
                throw Wrong(text, shapes, $"names {letters.Length} axes in \"{term}\" for an "
                    + $"operand of {axes}. Give one letter an axis, or \"...\" for the others.");
        }
        if (dots < 0) return [.. letters.Select(letter => (int)letter)];
        return [.. letters[..dots].Select(letter => (int)letter),
            .. Enumerable.Range(-ellipsis, ellipsis),
            .. letters[dots..].Select(letter => (int)letter)];
    }

    private static int EllipsisRank(int[][] inputs) =>
        inputs.Max(input => input.Count(label => label < 0));

    /// <summary>The axes of "...", then the letters that occur once, in order.</summary>
    private static int[] Implicit(int[][] inputs)
    {
        int ellipsis = EllipsisRank(inputs);
        return [.. Enumerable.Range(-ellipsis, ellipsis),
            .. inputs.SelectMany(input => input).Where(label => label >= 0)
                .GroupBy(label => label).Where(group => group.Count() == 1)
                .Select(group => group.Key).Order()];
    }

    private static Dictionary<int, int> SizesOf(
        string text, string shapes, int[][] inputs, ReadOnlySpan<Tensor> operands)
    {
        var sizes = new Dictionary<int, int>();
        for (int i = 0; i < inputs.Length; i++)
            for (int axis = 0; axis < inputs[i].Length; axis++)
            {
                int label = inputs[i][axis], size = operands[i].Shape[axis];
                int known = sizes.GetValueOrDefault(label, size);
                bool broadcasts = label < 0 && (known == 1 || size == 1);
                if (known != size && !broadcasts)
                    throw Wrong(text, shapes, $"gives {Name(label)} the sizes {known} and {size}. "
                        + "Axes of one letter must be equally long.");
                sizes[label] = known == 1 ? size : known;
            }
        return sizes;
    }

    private static string Name(int label) => label < 0 ? "an axis of \"...\"" : $"'{(char)label}'";

    private static string Shapes(ReadOnlySpan<Tensor> operands) =>
        string.Join(", ", operands.ToArray().Select(x => x.Shape));

    private static EngineException Wrong(string text, string shapes, string message) =>
        Errors.Fail("Einsum", $"\"{text}\" for shapes {shapes} {message}");
}
