// Reads series from CSV in the three layouts in which they are published: a row for each value, a
// column for each series, a row for each series.
using System.Collections.Immutable;
using System.Globalization;

namespace Engine.Data;

/// <summary>
/// Which columns of a file hold what. The defaults suit a file of id, time, value.
/// </summary>
public sealed record SeriesColumns
{
    /// <summary>The column that says which series a row belongs to.</summary>
    public string Id { get; init; } = "id";

    /// <summary>The column of times.</summary>
    public string Time { get; init; } = "time";

    /// <summary>The column of values.</summary>
    public string Value { get; init; } = "value";

    /// <summary>The column of families; without it the file is one family.</summary>
    public string? Family { get; init; }

    /// <summary>The column of units; without it units are <see cref="CommonUnit"/>.</summary>
    public string? Unit { get; init; }

    /// <summary>The unit of all values, where no column says it.</summary>
    public string CommonUnit { get; init; } = "";

    /// <summary>Columns of a wide file that hold no values.</summary>
    public IReadOnlyCollection<string> Ignore { get; init; } = [];

    /// <summary>What stands where a value is missing.</summary>
    public IReadOnlyCollection<string> Missing { get; init; } =
        ["", ".", "NA", "N/A", "NaN", "nan", "null"];

    /// <summary>What stands between fields.</summary>
    public char Separator { get; init; } = ',';
}

/// <summary>
/// Reads series from CSV files, plain or gzip. Values keep their units; missing ones are NaN. Rows
/// may come in any order: numbers and dates (2006-01-31, 2006-01, 2006/01/31, Jan 31 2006) are
/// sorted; other times keep the order of the file.
/// </summary>
public static class SeriesFiles
{
    /// <summary>A row for each value: id, time, value.</summary>
    /// <exception cref="DataException">
    /// Not such a file; the line and the column are named.
    /// </exception>
    public static SeriesSet Long(string path, SeriesColumns? columns = null) =>
        TextFiles.Read(path, text => Long(text, path, columns ?? new()));

    /// <summary>A column for each series and a row for each time.</summary>
    /// <inheritdoc cref="Long(string, SeriesColumns)"/>
    public static SeriesSet SeriesInColumns(string path, SeriesColumns? columns = null) =>
        TextFiles.Read(path, text => SeriesInColumns(text, path, columns ?? new()));

    /// <summary>
    /// A row for each series and a column for each time, in the order of time, as the M
    /// competitions have it. Rows may be filled up with empty fields at their end.
    /// </summary>
    /// <inheritdoc cref="Long(string, SeriesColumns)"/>
    public static SeriesSet SeriesInRows(string path, SeriesColumns? columns = null) =>
        TextFiles.Read(path, text => SeriesInRows(text, path, columns ?? new()));

    internal static SeriesSet Long(TextReader text, string path, SeriesColumns columns)
    {
        var csv = new CsvReader(path, text, columns.Separator);
        int id = csv.Column(columns.Id), time = csv.Column(columns.Time);
        int value = csv.Column(columns.Value);
        int? family = columns.Family is { } f ? csv.Column(f) : null;
        int? unit = columns.Unit is { } u ? csv.Column(u) : null;
        var all = new Dictionary<string, SeriesBuilder>();
        var order = new List<SeriesBuilder>();
        while (csv.Read())
        {
            if (csv[id].Length == 0) throw csv.Error(id, "the name of a series is missing.");
            string itsFamily = family is { } c ? csv[c] : NameOf(path);
            string itsUnit = unit is { } d ? csv[d] : columns.CommonUnit;
            if (!all.TryGetValue(csv[id], out SeriesBuilder? series))
            {
                order.Add(all[csv[id]] = series = new(csv[id], itsFamily, itsUnit));
            }

            if (series.Family != itsFamily)
            {
                throw csv.Error(family ?? id, $"series '{series.Id}' is of the family "
                    + $"'{series.Family}' above and of '{itsFamily}' here.");
            }

            if (series.Unit != itsUnit)
            {
                throw csv.Error(unit ?? id, $"series '{series.Id}' is in '{series.Unit}' above and "
                    + $"in '{itsUnit}' here; convert the values.");
            }

            series.Add(csv, time, Number(csv, value, columns));
        }

        return Set(path, order);
    }

    internal static SeriesSet SeriesInColumns(TextReader text, string path, SeriesColumns columns)
    {
        var csv = new CsvReader(path, text, columns.Separator);
        int time = csv.Column(columns.Time);
        HashSet<int> ignored = [time, .. columns.Ignore.Select(csv.Column)];
        int[] values = [.. Enumerable.Range(0, csv.Header.Count).Where(c => !ignored.Contains(c))];
        var names = new HashSet<string>();
        foreach (int c in values) CheckName(csv, c, csv.Header[c], names);
        var all = Array.ConvertAll(values, c =>
            new SeriesBuilder(csv.Header[c], NameOf(path), columns.CommonUnit));
        while (csv.Read())
            for (int s = 0; s < values.Length; s++)
                all[s].Add(csv, time, Number(csv, values[s], columns));
        return Set(path, all);
    }

    internal static SeriesSet SeriesInRows(TextReader text, string path, SeriesColumns columns)
    {
        var csv = new CsvReader(path, text, columns.Separator);
        int id = csv.Column(columns.Id);
        int? family = columns.Family is { } f ? csv.Column(f) : null;
        int? unit = columns.Unit is { } u ? csv.Column(u) : null;
        HashSet<int> others = [id, .. columns.Ignore.Select(csv.Column)];
        if (family is { } c1) others.Add(c1);
        if (unit is { } c2) others.Add(c2);
        int[] times = [.. Enumerable.Range(0, csv.Header.Count).Where(c => !others.Contains(c))];
        var all = new List<Series>();
        var ids = new HashSet<string>();
        while (csv.Read())
        {
            CheckName(csv, id, csv[id], ids);
            var values = times.Select(c => Number(csv, c, columns)).ToList();
            while (values.Count > 0 && double.IsNaN(values[^1])) values.RemoveAt(values.Count - 1);
            all.Add(new(
                csv[id], family is { } c ? csv[c] : NameOf(path),
                unit is { } d ? csv[d] : columns.CommonUnit,
                [.. times.Take(values.Count).Select(c => csv.Header[c])], [.. values]));
        }

        return Set(path, all);
    }

    /// <summary>A name that is there, and was not there before.</summary>
    private static void CheckName(CsvReader csv, int column, string name, HashSet<string> seen)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw csv.Error(column, "the name of a series is missing.");
        if (!seen.Add(name)) throw csv.Error(column, $"a second series '{name}'.");
    }

    /// <summary>The name of a file without folder and endings.</summary>
    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path);

    private static double Number(CsvReader csv, int column, SeriesColumns columns)
    {
        string text = csv[column].Trim();
        if (columns.Missing.Contains(text)) return double.NaN;
        bool number = double.TryParse(
            text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        if (number && double.IsFinite(value)) return value;
        throw csv.Error(column, $"'{text}' is not a number; a missing value is one of "
            + $"{string.Join(", ", columns.Missing.Select(m => $"'{m}'"))}.");
    }

    private static SeriesSet Set(string path, IEnumerable<SeriesBuilder> builders) =>
        Set(path, [.. builders.Select(b => b.ToSeries())]);

    private static SeriesSet Set(string path, List<Series> series)
    {
        if (series.Any(s => s.Values.Length > 0)) return new(NameOf(path), [.. series]);
        throw new DataException($"{path}: holds no values; check the columns.");
    }
}
