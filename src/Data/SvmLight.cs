// Vectors with labels in the text format of SVMlight (Joachims, 1999) and LIBSVM: a line for each
// example, "label index:value index:value ...", zeros left out; "#" begins a comment.
using System.Collections.Immutable;
using System.Globalization;

namespace Engine.Data;

/// <summary>Reads files of SVMlight's format, plain or gzip.</summary>
public static class SvmLight
{
    /// <summary>
    /// Reads a set of vectors (<paramref name="features"/>). Zeros are not kept, so that a set of
    /// words takes little memory.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="features">Length of a vector.</param>
    /// <param name="firstIndex">
    /// The index that the file gives the first feature: 1, as the format has it, or 0.
    /// </param>
    /// <param name="classes">
    /// The labels that may occur, in the order in which they are to be numbered, such as ["-1",
    /// "1"]; without it those of the file, sorted by value. Give it for files that belong together.
    /// </param>
    /// <exception cref="DataException">Not such a file; the line is named.</exception>
    public static LabelledSet Read(
        string path, int features, int firstIndex = 1, IReadOnlyList<string>? classes = null)
    {
        EpisodeSampler.CheckPositive(nameof(features), features);
        var (rows, labels) = TextFiles.Read(
            path, text => Read(text, path, features, firstIndex, classes));
        string[] names = [.. classes ?? [.. labels.Distinct().OrderBy(Value)]];
        var set = LabelledSet.Create(
            Path.GetFileName(path), features, new SparseValues([.. rows], features),
            [.. labels.Select(label => Array.IndexOf(names, label))], names);
        LabelledFiles.CheckClasses(set, path);
        return set;
    }

    private static (List<SparseVector> Rows, List<string> Labels) Read(
        TextReader text, string path, int features, int firstIndex, IReadOnlyList<string>? classes)
    {
        var rows = new List<SparseVector>();
        var labels = new List<string>();
        for (int number = 1; text.ReadLine() is { } line; number++)
        {
            string[] parts = line.Split('#')[0]
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0) continue;
            DataException Wrong(string what) => new($"{path}, line {number}: {what}");

            string label = parts[0].TrimStart('+');
            if (!double.IsFinite(Value(label)))
                throw Wrong($"'{parts[0]}' is no label; a line begins with a number.");
            if (classes is not null && !classes.Contains(label))
            {
                throw Wrong(
                    $"label {label} is none of the classes {string.Join(", ", classes)}.");
            }

            var places = ImmutableArray.CreateBuilder<int>(parts.Length - 1);
            var values = ImmutableArray.CreateBuilder<float>(parts.Length - 1);
            foreach (string part in parts.AsSpan(1))
            {
                string[] pair = part.Split(':');
                if (pair.Length != 2 || !int.TryParse(
                    pair[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out int index))
                    throw Wrong($"'{part}' is no feature; write index:value.");
                float value = (float)Value(pair[1]);
                if (!float.IsFinite(value))
                    throw Wrong($"'{pair[1]}' of feature {index} is no finite number.");
                long at = (long)index - firstIndex;
                if (at < 0 || at >= features)
                {
                    throw Wrong(
                        $"feature {index} is out of range; with {features} features from "
                        + $"{firstIndex} on, they are {firstIndex} to "
                        + $"{firstIndex + features - 1}.");
                }

                int place = (int)at;
                if (places.Count > 0 && place <= places[^1])
                {
                    throw Wrong(
                        $"feature {index} comes after {places[^1] + firstIndex}; indices must "
                        + "ascend.");
                }

                places.Add(place);
                values.Add(value);
            }

            rows.Add(new(places.MoveToImmutable(), values.MoveToImmutable()));
            labels.Add(label);
        }

        if (rows.Count == 0) throw new DataException($"{path}: holds no examples.");
        return (rows, labels);
    }

    /// <summary>A number, or NaN if the text is none.</summary>
    private static double Value(string text) => double.TryParse(
        text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
        ? value : double.NaN;
}
